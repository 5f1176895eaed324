package saml_test

import (
	"regexp"
	"testing"

	"clave/internal/federation/saml"
	"clave/internal/login"
	"clave/internal/xmlsig"
)

// A refusal says what is wrong in words that were written here, none of them from the message.
var refusalText = regexp.MustCompile(`^saml: request refused: [a-z-]+(: (xmlsig|relying): [A-Za-z0-9,' -]+)?$`)

// FuzzParse sends any text as it is, and again as its service would have signed it: past the signature is where it is read.
func FuzzParse(f *testing.F) {
	for _, v := range variants {
		r := newRequest()
		v.bend(&r)
		f.Add(r.unsigned(), "_x8")
	}
	for _, c := range refused {
		r := newRequest()
		c.bend(&r)
		f.Add(r.unsigned(), "")
	}
	m := captured(f)
	f.Add(text(m.root), "")
	for _, c := range wrappings {
		f.Add(c.wrap(captured(f)), "")
	}
	f.Fuzz(func(t *testing.T, message, relayState string) {
		parseAny(t, message, relayState)
		doc, err := xmlsig.Parse([]byte(message))
		if err != nil {
			return
		}
		if xmlsig.Sign(doc.Root(), "ID", xmlsig.SignOptions{Signer: service().key, PrefixList: []string{"xs"}}) == nil {
			parseAny(t, text(doc.Root()), relayState)
		}
	})
}

func parseAny(t *testing.T, message, relayState string) {
	g := newGateway(noon)
	req, err := g.Parse(t.Context(), field(message), relayState)
	if err != nil && !refusalText.MatchString(err.Error()) {
		t.Errorf("unexpected words: %v", err)
	}
	if err == nil {
		wantSound(t, g, req, relayState)
		return
	}
	if req.ID != "" || req.ReturnTo != "" {
		t.Errorf("refused with %v, but returned %+v", err, req)
	}
}

// wantSound holds for whatever Parse lets through: it can be answered, and the answer goes to an address of a registered service.
func wantSound(t *testing.T, g *saml.Gateway, req login.Request, relayState string) {
	party, err := g.Parties.Party(t.Context(), req.Party)
	if err != nil {
		t.Fatal(err)
	}
	if err := party.Returns(req.ReturnTo); err != nil {
		t.Errorf("answers to %q", req.ReturnTo)
	}
	if req.ID == "" || req.RelayState != relayState {
		t.Errorf("request %+v", req)
	}
	f, err := g.Fail(req, login.Failed)
	if err != nil || f.Action != req.ReturnTo {
		t.Errorf("cannot be answered: %v", err)
	}
}
