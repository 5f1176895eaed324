package saml

import (
	"cmp"
	"strings"
	"time"

	"clave/internal/assurance"
	"clave/internal/login"
	"clave/internal/relying"
)

// A reader fills a login.Request from signed content, one question at a time.
type reader struct {
	*Gateway
	content signed
	party   relying.Party
	req     login.Request
}

func (g *Gateway) read(content signed, party relying.Party, relayState string) (login.Request, error) {
	r := reader{Gateway: g, content: content, party: party}
	_, application := provider(content.Element)
	r.req = login.Request{
		Protocol: Protocol, Party: party.ID, RelayState: relayState,
		ID: attribute(content.Element, "ID"), ReturnTo: attribute(content.Element, "AssertionConsumerServiceURL"),
		Echo: map[string]string{},
	}
	if application != "" {
		r.req.Echo[echoApp] = application
	}
	for _, step := range []func() error{r.message, r.addressed, r.fresh, r.returns, r.force, r.level, r.nameID, r.extensions} {
		if err := step(); err != nil {
			return login.Request{}, err
		}
	}
	return r.req, cmp.Or(fits(r.req), r.passive())
}

// message takes the parts that an AuthnRequest of this profile can have, each once. A Subject or Conditions would bind the answer in ways that we do not
// serve; an assertion, encrypted or not, has no place here at all.
func (r *reader) message() error {
	if !is(r.content.Element, protocolNS, "AuthnRequest") || attribute(r.content.Element, "Version") != "2.0" || r.req.ID == "" {
		return ErrMessage
	}
	seen := map[string]bool{}
	for _, part := range r.content.ChildElements() {
		name := part.NamespaceURI() + " " + part.Tag
		if !parts[name] || seen[name] {
			return ErrMessage
		}
		seen[name] = true
	}
	return nil
}

var parts = map[string]bool{
	assertionNS + " Issuer":               true,
	protocolNS + " Extensions":            true,
	protocolNS + " NameIDPolicy":          true,
	protocolNS + " RequestedAuthnContext": true,
	protocolNS + " Scoping":               true,
}

// addressed refuses what was signed for another gateway and is passed on to this one (SAML bindings §3.5.5.2).
func (r *reader) addressed() error {
	if attribute(r.content.Element, "Destination") != r.Destination {
		return ErrDestination
	}
	return nil
}

// fresh takes instants with a zone, with fractions of a second, and, because one of Cl@ve's own kits writes so, without a zone: that is UTC.
func (r *reader) fresh() error {
	instant := attribute(r.content.Element, "IssueInstant")
	at, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05", instant)
	}
	if err != nil {
		return ErrMessage
	}
	if r.Now().Sub(at).Abs() > r.Skew {
		return ErrStale
	}
	return nil
}

func (r *reader) returns() error {
	if err := r.party.Returns(r.req.ReturnTo); err != nil {
		return because(ErrReturn, err)
	}
	if binding := attribute(r.content.Element, "ProtocolBinding"); binding != "" && binding != postBinding {
		return ErrBinding
	}
	return nil
}

func (r *reader) force() (err error) {
	r.req.ForceAuthn, err = boolean(r.content.Element, "ForceAuthn")
	return err
}

func (r *reader) passive() error {
	passive, err := boolean(r.content.Element, "IsPassive")
	if passive {
		return ErrPassive
	}
	return err
}

// level reads the least level asked; none leaves it to what is registered for the party. Comparison must say "minimum": SAML's default is "exact", and a
// service that asks for exactly low would be answered with what it did not ask.
func (r *reader) level() error {
	context := child(r.content.Element, protocolNS, "RequestedAuthnContext")
	if context == nil {
		return nil
	}
	classes := context.ChildElements()
	if attribute(context, "Comparison") != "minimum" || len(classes) != 1 || !is(classes[0], assertionNS, "AuthnContextClassRef") {
		return ErrLevel
	}
	name, known := strings.CutPrefix(word(classes[0]), levelName)
	level, err := assurance.ParseLevel(name)
	if !known || err != nil {
		return ErrLevel
	}
	r.req.Level = level
	return nil
}

func (r *reader) nameID() error {
	format := unspecified
	if policy := child(r.content.Element, protocolNS, "NameIDPolicy"); policy != nil {
		format = cmp.Or(attribute(policy, "Format"), unspecified)
	}
	if !nameIDFormats[format] {
		return ErrNameID
	}
	r.req.Echo[echoNameID] = format
	return nil
}
