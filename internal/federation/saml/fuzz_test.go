package saml_test

import (
	"regexp"
	"strings"
	"testing"

	"clave/internal/federation/saml"
	"clave/internal/login"
	"clave/internal/relying"
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
		if again(doc) {
			parseAny(t, text(doc.Root()), relayState)
		}
	})
}

// again signs a message as its service would have, if it can be signed.
func again(doc *xmlsig.Document) bool {
	return xmlsig.Sign(doc.Root(), "ID", xmlsig.SignOptions{Signer: service().key, PrefixList: []string{"xs"}}) == nil
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

// FuzzParseLogout does the same with requests to log out: what gets through goes back to a registered address of the party whose key signed it.
func FuzzParseLogout(f *testing.F) {
	for _, c := range farewells {
		b := newBye()
		c.bend(&b)
		f.Add(b.unsigned(), "_x9")
	}
	for _, c := range unwelcome {
		b := newBye()
		c.bend(&b)
		f.Add(b.unsigned(), "")
	}
	for _, c := range byeWrappings {
		f.Add(text(c.wrap(capturedBye(f))), "")
	}
	f.Fuzz(func(t *testing.T, message, relayState string) {
		leaveAny(t, message, relayState)
		if doc, err := xmlsig.Parse([]byte(message)); err == nil && again(doc) {
			leaveAny(t, text(doc.Root()), relayState)
		}
	})
}

func leaveAny(t *testing.T, message, relayState string) {
	g, fields := newGateway(noon), map[string]string{"SAMLRequest": field(message), "RelayState": relayState}
	l, err := g.ParseLogout(t.Context(), fields)
	if err != nil {
		if !refusalText.MatchString(err.Error()) || l.Party != "" || l.ReturnTo != "" {
			t.Errorf("refused with %v, returned %+v", err, l)
		}
		return
	}
	if purpose, err := saml.PurposeOf(fields); purpose != saml.AsksLogout || err != nil {
		t.Errorf("takes for a logout what its purpose is not: %v, %v", purpose, err)
	}
	if err := partyOf(l.Party).LogoutReturns(l.ReturnTo); err != nil || l.ID == "" || !noon.Before(l.NotOnOrAfter) {
		t.Errorf("%+v: %v", l, err)
	}
	if form, err := g.LogoutResponse(l, saml.Ended); err != nil || form.Action != l.ReturnTo {
		t.Errorf("cannot be answered: %v", err)
	}
}

// FuzzParseLogoutAnswer holds that nothing counts as an answer that does not name a request of ours to the party whose key signed it.
func FuzzParseLogoutAnswer(f *testing.F) {
	f.Add(newAnswer().unsigned())
	f.Add(newAnswer().set("InResponseTo", "_.").unsigned())
	f.Add(newBye().unsigned())
	f.Fuzz(func(t *testing.T, message string) {
		answerAny(t, message)
		if doc, err := xmlsig.Parse([]byte(message)); err == nil && again(doc) {
			answerAny(t, text(doc.Root()))
		}
	})
}

func answerAny(t *testing.T, message string) {
	party, id, ok, err := newGateway(noon).ParseLogoutAnswer(t.Context(), map[string]string{"SAMLResponse": field(message)})
	switch {
	case err != nil && (!refusalText.MatchString(err.Error()) || party != "" || id != "" || ok):
		t.Errorf("refused with %v, returned %q %q %v", err, party, id, ok)
	case err == nil && (id == "" || !strings.Contains(message, "_"+id+"."+party)):
		t.Errorf("an answer of %q to %q", party, id)
	}
}

// FuzzReadMetadata holds that what is read could be registered: a key that may sign, addresses that are no more than they look.
func FuzzReadMetadata(f *testing.F) {
	f.Add(spMetadata())
	f.Add(spMetadata(back, "https://sp.test/*"))
	f.Add(spMetadata(`AuthnRequestsSigned="true"`, ""))
	f.Fuzz(func(t *testing.T, text string) {
		s, names, err := saml.ReadMetadata([]byte(text), noon)
		if err != nil {
			if s.Certificates != nil || s.ReturnTo != nil || names != nil {
				t.Errorf("refused with %v, returned %+v", err, s)
			}
			return
		}
		if len(s.Certificates) == 0 || len(s.ReturnTo) == 0 {
			t.Errorf("%+v", s)
		}
		party := relying.Party{ID: "p", Test: true, SAML: &s}
		for _, address := range s.ReturnTo {
			if strings.HasSuffix(address, "*") || party.Returns(address) != nil {
				t.Errorf("returns to %q", address)
			}
		}
	})
}
