package saml_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"clave/internal/federation/saml"
)

// The judges of judges_test.go, on both ways of a logout.

func TestXmlsec1VerifiesOurLogout(t *testing.T) {
	g := newGateway(noon)
	for root, f := range map[string]saml.Form{
		"protocol:LogoutResponse": must(g.LogoutResponse(wantedLogout(), saml.Partly)),
		"protocol:LogoutRequest":  must(g.LogoutRequest(partyOf(partyID), "00000000T", "01JD", "")),
	} {
		good := string(must(base64.StdEncoding.DecodeString(f.Fields[0].Value)))
		if out, err := xmlsec1(t, root, good); err != nil {
			t.Errorf("%s: %s", root, out)
		}
		if _, err := xmlsec1(t, root, strings.Replace(good, "2026-01-01", "2026-01-02", 1)); err == nil {
			t.Errorf("%s: the judge accepts a changed message: it judges nothing", root)
		}
	}
}

func TestGosaml2Logout(t *testing.T) {
	sp, g := goService(), newGateway(noon)
	sp.IdentityProviderSLOURL, sp.ServiceProviderSLOURL, sp.ServiceProviderIssuer = destination, goodbye, goodbye
	asked := field(text(must(sp.BuildLogoutRequestDocument("00000000T", "")).Root()))
	l, err := g.ParseLogout(t.Context(), map[string]string{"SAMLRequest": asked})
	if err != nil || l.Party != partyID || l.Subject != "00000000T" || l.ReturnTo != goodbye {
		t.Fatalf("%+v, %v", l, err)
	}
	if _, err := sp.ValidateEncodedLogoutResponsePOST(must(g.LogoutResponse(l, saml.Partly)).Fields[0].Value); err != nil {
		t.Errorf("our answer: %v", err)
	}
	if _, err := sp.ValidateEncodedLogoutResponsePOST(must(g.LogoutResponse(l, saml.Kept)).Fields[0].Value); err == nil {
		t.Error("takes a refusal for success")
	}

	sp.ServiceProviderSLOURL = slo
	told, err := sp.ValidateEncodedLogoutRequestPOST(must(g.LogoutRequest(partyOf(partyID), "00000000T", "01JD", "")).Fields[0].Value)
	if err != nil || told.NameID.Value != "00000000T" {
		t.Fatalf("our request: %+v, %v", told, err)
	}
	answer := field(text(must(sp.BuildLogoutResponseDocument(statusName+"Success", told.ID)).Root()))
	if party, id, ok, err := g.ParseLogoutAnswer(t.Context(), map[string]string{"SAMLResponse": answer}); party != partyID || id != "01JD" || !ok || err != nil {
		t.Errorf("its answer: %q %q %v %v", party, id, ok, err)
	}
}

func TestNodeSAMLLogout(t *testing.T) {
	s, g, options := startNodeService(t), newGateway(time.Now()), nodeOptions(partyID)
	options["issuer"], options["logoutUrl"], options["validateInResponseTo"] = goodbye, destination, "never"
	s.say(t, options)
	asked := s.say(t, map[string]any{"leave": map[string]string{"nameID": "00000000T", "nameIDFormat": persistent}})["leave"].(string)
	l, err := g.ParseLogout(t.Context(), map[string]string{"SAMLRequest": field(asked), "RelayState": "_x8"})
	if err != nil || l.Party != partyID || l.Subject != "00000000T" || l.ReturnTo != goodbye {
		t.Fatalf("%+v, %v", l, err)
	}
	if got := s.judge(t, must(g.LogoutResponse(l, saml.Ended))); got["loggedOut"] != true {
		t.Errorf("our answer: %v", got)
	}
	f := must(g.LogoutRequest(partyOf(partyID), "00000000T", "01JD", ""))
	got := s.say(t, map[string]string{"SAMLRequest": f.Fields[0].Value})
	if profile, ok := got["profile"].(map[string]any); !ok || profile["nameID"] != "00000000T" || got["loggedOut"] != true {
		t.Errorf("our request: %v", got)
	}
	bad := strings.Replace(string(must(base64.StdEncoding.DecodeString(f.Fields[0].Value))), "00000000T", "00000001R", 1)
	if got := s.say(t, map[string]string{"SAMLRequest": field(bad)}); got["refused"] == nil {
		t.Errorf("a changed request: %v", got)
	}
}
