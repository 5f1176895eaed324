package saml_test

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"clave/internal/federation/saml"
	"clave/internal/relying"
	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

const statusName = "urn:oasis:names:tc:SAML:2.0:status:"

// An answering is what a service answers to our LogoutRequest, in pieces that can be bent.
type answering struct {
	attributes []string
	status     string
	rest       string
	by         identity
}

func newAnswer() answering {
	return answering{
		attributes: []string{
			"Destination", destination, "ID", "_c1", "InResponseTo", "_01JD." + partyID, "IssueInstant", "2026-01-01T12:00:00Z", "Version", "2.0",
		},
		status: `<saml2p:StatusCode Value="` + statusName + `Success"/>`, by: service(),
	}
}

func (a answering) set(name, value string) answering {
	a.attributes = request{attributes: a.attributes}.set(name, value).attributes
	return a
}

func (a answering) unsigned() string {
	var out strings.Builder
	out.WriteString(`<saml2p:LogoutResponse xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"`)
	for i := 0; i < len(a.attributes); i += 2 {
		out.WriteString(" " + a.attributes[i] + `="` + escaper.Replace(a.attributes[i+1]) + `"`)
	}
	return out.String() + "><saml2:Issuer>https://sp.test/metadata</saml2:Issuer><saml2p:Status>" + a.status + "</saml2p:Status>" + a.rest + "</saml2p:LogoutResponse>"
}

func (a answering) signed(t testing.TB) string {
	t.Helper()
	return text(signedTree(t, a.unsigned(), a.by))
}

func (a answering) form(t testing.TB) map[string]string {
	t.Helper()
	return map[string]string{"SAMLResponse": field(a.signed(t)), "RelayState": "_x9"}
}

func TestParseLogoutAnswer(t *testing.T) {
	partial := newAnswer()
	partial.status = `<saml2p:StatusCode Value="` + statusName + `Success"><saml2p:StatusCode Value="` + statusName + `PartialLogout"/></saml2p:StatusCode>`
	no := newAnswer()
	no.status = `<saml2p:StatusCode Value="` + statusName + `Responder"/><saml2p:StatusMessage>` + statusName + `Success</saml2p:StatusMessage>`
	for name, c := range map[string]struct {
		answer answering
		ok     bool
	}{"ended": {newAnswer(), true}, "ended in part": {partial, false}, "not ended": {no, false}} {
		for _, in := range []string{"SAMLResponse", "logoutResponse", "samlResponseLogout"} {
			t.Run(name+" in "+in, func(t *testing.T) {
				fields := map[string]string{in: field(c.answer.signed(t))}
				party, id, ok, err := newGateway(noon).ParseLogoutAnswer(t.Context(), fields)
				if party != partyID || id != "01JD" || ok != c.ok || err != nil {
					t.Errorf("%q %q %v %v", party, id, ok, err)
				}
			})
		}
	}
}

// Row 30 of the past: an answer is taken from the party that was asked, to what it was asked, fresh and once; the caller knows what it asked.
func TestPast30LogoutAnswerRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(*answering)
		want saml.Error
	}{
		{"unasked for", func(a *answering) { *a = a.set("InResponseTo", "") }, saml.ErrMessage},
		{"to somebody else's request", func(a *answering) { *a = a.set("InResponseTo", "_5e0bd3e2") }, saml.ErrMessage},
		{"to a name without a party", func(a *answering) { *a = a.set("InResponseTo", "_01JD.") }, saml.ErrMessage},
		{"to a name without an id", func(a *answering) { *a = a.set("InResponseTo", "_."+partyID) }, saml.ErrMessage},
		{"to a request to nobody", func(a *answering) { *a = a.set("InResponseTo", "_01JD.S9999999Z_E99999999") }, saml.ErrParty},
		{"to another's request", func(a *answering) { *a = a.set("InResponseTo", "_01JD."+strangersParty) }, saml.ErrSignature},
		{"to a long name", func(a *answering) { *a = a.set("InResponseTo", "_"+strings.Repeat("a", 500)+"."+partyID) }, saml.ErrSize},
		{"by a stranger", func(a *answering) { a.by = stranger() }, saml.ErrSignature},
		{"by ourselves", func(a *answering) { a.by = gatewayKey() }, saml.ErrSignature},
		{"for another gateway", func(a *answering) { *a = a.set("Destination", "https://other.test/") }, saml.ErrDestination},
		{"old", func(a *answering) { *a = a.set("IssueInstant", "2026-01-01T11:54:59Z") }, saml.ErrStale},
		{"from the future", func(a *answering) { *a = a.set("IssueInstant", "2026-01-01T12:05:01Z") }, saml.ErrStale},
		{"without a status", func(a *answering) { a.status = "" }, saml.ErrMessage},
		{"with two", func(a *answering) { a.status += a.status }, saml.ErrMessage},
		{"with two lists of them", func(a *answering) { a.rest = "<saml2p:Status/>" }, saml.ErrMessage},
		{"with an assertion", func(a *answering) { a.rest = "<saml2:Assertion/>" }, saml.ErrMessage},
		{"with an encrypted assertion", func(a *answering) { a.rest = "<saml2:EncryptedAssertion/>" }, saml.ErrMessage},
		{"version 1.1", func(a *answering) { *a = a.set("Version", "1.1") }, saml.ErrMessage},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAnswer()
			c.bend(&a)
			wantNoAnswer(t, a.form(t), c.want)
		})
	}
	wantNoAnswer(t, map[string]string{"SAMLResponse": field(newAnswer().unsigned())}, saml.ErrSignature)
	wantNoAnswer(t, map[string]string{"RelayState": "x"}, saml.ErrEncoding)
}

func wantNoAnswer(t *testing.T, fields map[string]string, want error) {
	t.Helper()
	party, id, ok, err := newGateway(noon).ParseLogoutAnswer(t.Context(), fields)
	if !errors.Is(err, want) || party != "" || id != "" || ok {
		t.Errorf("%q %q %v, error %v, want %v", party, id, ok, err, want)
	}
}

// ourMessage is what a form of ours carries, checked as every service checks it; in several fields it is the same.
func ourMessage(t testing.TB, f saml.Form) *etree.Element {
	t.Helper()
	for _, again := range f.Fields {
		if again.Name != "RelayState" && again.Value != f.Fields[0].Value {
			t.Fatalf("%s says something else", again.Name)
		}
	}
	doc, err := xmlsig.Parse(must(base64.StdEncoding.DecodeString(f.Fields[0].Value)))
	if err != nil {
		t.Fatal(err)
	}
	root, err := xmlsig.Verify(doc, []*x509.Certificate{gatewayKey().cert}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func names(f saml.Form) (names []string) {
	for _, field := range f.Fields {
		names = append(names, field.Name)
	}
	return names
}

func TestLogoutResponse(t *testing.T) {
	for outcome, want := range map[saml.Outcome]string{
		saml.Ended: "Success", saml.Partly: "Success PartialLogout", saml.Kept: "Responder RequestDenied",
	} {
		t.Run(string(outcome), func(t *testing.T) {
			f, err := newGateway(noon).LogoutResponse(wantedLogout(), outcome)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(names(f), " "); f.Action != goodbye || got != "logoutResponse samlResponseLogout RelayState" || f.Fields[2].Value != "_x9" {
				t.Errorf("posts %s to %s", got, f.Action)
			}
			root := ourMessage(t, f)
			var got []string
			for _, code := range root.FindElements("//StatusCode") {
				got = append(got, strings.TrimPrefix(code.SelectAttrValue("Value", ""), statusName))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("status %v, want %s", got, want)
			}
			if root.Tag != "LogoutResponse" || root.SelectAttrValue("InResponseTo", "") != "_b1" || root.SelectAttrValue("Destination", "") != goodbye {
				t.Error("not the answer to this request")
			}
			golden(t, "testdata/logout-"+string(outcome)+".golden.xml", steady(must(base64.StdEncoding.DecodeString(f.Fields[0].Value))))
		})
	}
	own := wantedLogout()
	own.Answer, own.RelayState = ownAnswer, ""
	if f := must(newGateway(noon).LogoutResponse(own, saml.Ended)); strings.Join(names(f), " ") != "SAMLResponse" {
		t.Errorf("fields %v", names(f))
	}
}

func TestLogoutResponseRefuses(t *testing.T) {
	for name, bend := range map[string]func(*saml.Logout){
		"nothing": func(l *saml.Logout) { *l = saml.Logout{} }, "no request": func(l *saml.Logout) { l.ID = "" },
		"no address": func(l *saml.Logout) { l.ReturnTo = "" }, "no field": func(l *saml.Logout) { l.Answer = nil },
	} {
		l := wantedLogout()
		bend(&l)
		if f, err := newGateway(noon).LogoutResponse(l, saml.Ended); !errors.Is(err, saml.ErrResult) || f.Fields != nil {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	if _, err := newGateway(noon).LogoutResponse(wantedLogout(), "perhaps"); !errors.Is(err, saml.ErrResult) {
		t.Error(err)
	}
}

func TestLogoutRequest(t *testing.T) {
	f, err := newGateway(noon).LogoutRequest(partyOf(partyID), "00000000T", "01JD", "flow")
	if err != nil {
		t.Fatal(err)
	}
	root := ourMessage(t, f)
	for path, want := range map[string]string{
		"@Destination": slo, "@ID": "_01JD." + partyID, "@NotOnOrAfter": noon.Add(5 * time.Minute).Format("2006-01-02T15:04:05.000Z"), "//NameID": "00000000T",
		"//Issuer": "https://clave.test",
	} {
		if got := look(root, path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if f.Action != slo || strings.Join(names(f), " ") != "SAMLRequest RelayState" {
		t.Errorf("posts %v to %s", names(f), f.Action)
	}
	answer := newAnswer().set("InResponseTo", root.SelectAttrValue("ID", ""))
	if party, id, ok, err := newGateway(noon).ParseLogoutAnswer(t.Context(), answer.form(t)); party != partyID || id != "01JD" || !ok || err != nil {
		t.Errorf("its answer: %q %q %v %v", party, id, ok, err)
	}
}

func TestLogoutRequestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		party       relying.Party
		subject, id string
	}{
		"a party without an address": {partyOf(sealedParty), "00000000T", "01JD"},
		"a party without SAML":       {partyOf(muteParty), "00000000T", "01JD"},
		"nobody":                     {partyOf(partyID), "", "01JD"},
		"no id":                      {partyOf(partyID), "00000000T", ""},
		"an id with a dot":           {partyOf(partyID), "00000000T", "01.JD"},
	} {
		if f, err := newGateway(noon).LogoutRequest(c.party, c.subject, c.id, ""); !errors.Is(err, saml.ErrResult) || f.Fields != nil {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	if _, err := newGateway(noon).LogoutRequest(partyOf(partyID), "00000000T", "01 JD", ""); !errors.Is(err, xmlsig.ErrReference) {
		t.Errorf("an id that is no XML name: %v", err)
	}
}
