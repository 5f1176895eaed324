package saml

import (
	"context"
	"strings"
	"time"

	"clave/internal/relying"

	"github.com/beevik/etree"
)

// asks is how long a service may take our request to log out for valid.
const asks = 5 * time.Minute

// LogoutRequest asks a service that registered an address for it to end its session of a person, whom it knows by the subject. The id comes back with the
// answer; it has no dots. Errors: ErrResult, and what stops us from signing.
func (g *Gateway) LogoutRequest(party relying.Party, subject, id, relayState string) (Form, error) {
	if party.SAML == nil || party.SAML.Logout == "" || subject == "" || id == "" || strings.Contains(id, ".") {
		return Form{}, ErrResult
	}
	root := g.logout("LogoutRequest", party.SAML.Logout, "_"+id+"."+party.ID)
	dress(root, "NotOnOrAfter", instant(g.Now().Add(asks)), "Reason", "urn:oasis:names:tc:SAML:2.0:logout:user")
	add(root, "saml2:NameID", "Format", unspecified, "NameQualifier", g.Issuer).SetText(subject)
	return g.form(root, party.SAML.Logout, relayState, samlRequest)
}

var logoutAnswer = kind{
	name: "LogoutResponse",
	parts: map[string]bool{
		assertionNS + " Issuer":    true,
		protocolNS + " Extensions": true,
		protocolNS + " Status":     true,
	},
	claim: func(root *etree.Element) (claim, error) {
		_, party, err := ours(root)
		return claim{party: party}, err
	},
}

// ours reads the name of our request that an answer repeats: the id that the caller gave it, and the party that it went to.
func ours(root *etree.Element) (id, party string, err error) {
	name, mine := strings.CutPrefix(attribute(root, "InResponseTo"), "_")
	if len(name) > maxID+maxProvider {
		return "", "", ErrSize
	}
	id, party, whole := strings.Cut(name, ".")
	if !mine || !whole || id == "" || party == "" {
		return "", "", ErrMessage
	}
	return id, party, nil
}

// ParseLogoutAnswer reads what a service says to our LogoutRequest: whose answer it is, to which id, and whether its session has ended. That we asked
// this party with this id, and have no answer yet, is for the caller to say. The error is an Error, or what the registry of parties said.
func (g *Gateway) ParseLogoutAnswer(ctx context.Context, fields map[string]string) (party, inResponseTo string, ok bool, err error) {
	message, err := carried(fields, logoutAnswerCarriers)
	if err != nil {
		return "", "", false, err
	}
	who, content, err := g.verify(ctx, message, logoutAnswer)
	if err != nil {
		return "", "", false, err
	}
	if err := g.addressed(content); err != nil {
		return "", "", false, err
	}
	if _, err := g.fresh(g.Now(), content); err != nil {
		return "", "", false, err
	}
	ok, err = succeeded(content)
	if err != nil {
		return "", "", false, err
	}
	id, _, err := ours(content.Element)
	return who.ID, id, ok, err
}

// succeeded tells whether a status is success and nothing less: with PartialLogout below it, sessions are left.
func succeeded(content signed) (bool, error) {
	state := child(content.Element, protocolNS, "Status")
	if state == nil {
		return false, ErrMessage
	}
	var codes []*etree.Element
	for _, e := range state.ChildElements() {
		if is(e, protocolNS, "StatusCode") {
			codes = append(codes, e)
		}
	}
	if len(codes) != 1 {
		return false, ErrMessage
	}
	return attribute(codes[0], "Value") == statusName+"Success" && len(codes[0].ChildElements()) == 0, nil
}
