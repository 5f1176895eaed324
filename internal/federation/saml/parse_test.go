package saml_test

import (
	"slices"
	"strings"
	"testing"

	"clave/internal/assurance"
	"clave/internal/federation/saml"
	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/xmlsig"

	"github.com/google/go-cmp/cmp"
)

const (
	persistent   = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	unspecified  = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	relayEcho    = "relay-state-attribute"
	relayAsField = "relay-state-attribute-is-relay-state"
)

// wanted is what newRequest asks, when its form field RelayState is "_x8" too.
func wanted() login.Request {
	return login.Request{
		Protocol: saml.Protocol, Party: partyID, ID: "_a1", ReturnTo: "https://sp.test/ReturnPage", RelayState: "_x8",
		Level: assurance.Low, ForceAuthn: true, Excluded: []assurance.Method{assurance.PIN}, Released: relying.Attributes,
		Echo: map[string]string{"application": "DEMO", "name-id-format": persistent, relayAsField: ""},
	}
}

// Every variant of request that clients of Cl@ve are known to send.
var variants = []struct {
	name string
	bend func(*request)
	want func(*login.Request)
}{
	{"the Java kit's", func(*request) {}, func(*login.Request) {}},
	{"issuer a random UUID", func(r *request) { r.issuer = issuer("_5e0bd3e2-5ea6-4dd9-8d3c-fca6c1b5a6d0") }, func(*login.Request) {}},
	{"issuer a metadata address, signature after it", func(r *request) { r.issuer, r.after = issuer("https://sp.test/metadata"), "Issuer" }, func(*login.Request) {}},
	{"issuer another party", func(r *request) { r.issuer = issuer("S2222222C_E22222222") }, func(*login.Request) {}},
	{"RSA-SHA256", func(r *request) { r.algorithm = xmlsig.RSASHA256 }, func(*login.Request) {}},
	{"RSA-SHA384", func(r *request) { r.algorithm = xmlsig.RSASHA384 }, func(*login.Request) {}},
	{"instant to the second", func(r *request) { *r = r.set("IssueInstant", "2026-01-01T11:59:59Z") }, func(*login.Request) {}},
	{"instant without zone", func(r *request) { *r = r.set("IssueInstant", "2026-01-01T12:04:59") }, func(*login.Request) {}},
	{"instant without zone, with fraction", func(r *request) { *r = r.set("IssueInstant", "2026-01-01T11:55:00.123") }, func(*login.Request) {}},
	{"instant of another zone", func(r *request) { *r = r.set("IssueInstant", "2026-01-01T13:00:00+01:00") }, func(*login.Request) {}},
	{"no force", func(r *request) { *r = r.set("ForceAuthn", "false") }, func(q *login.Request) { q.ForceAuthn = false }},
	{"force absent", func(r *request) { *r = r.drop("ForceAuthn") }, func(q *login.Request) { q.ForceAuthn = false }},
	{"passive", func(r *request) { *r = r.set("IsPassive", "true") }, func(q *login.Request) { q.Passive = true }},
	{"passive and force, which the broker sorts out", func(r *request) { *r = r.set("IsPassive", "1").set("ForceAuthn", "1") }, func(q *login.Request) { q.Passive = true }},
	{"passive and consent absent", func(r *request) { *r = r.drop("IsPassive").drop("Consent") }, func(*login.Request) {}},
	{"binding", func(r *request) { *r = r.set("ProtocolBinding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST") }, func(*login.Request) {}},
	{"no application", func(r *request) { *r = r.set("ProviderName", partyID) }, func(q *login.Request) { delete(q.Echo, "application") }},
	{"address of a session", func(r *request) { *r = r.set("AssertionConsumerServiceURL", "https://sp.test/session/42/back?x=1&y=2") },
		func(q *login.Request) { q.ReturnTo = "https://sp.test/session/42/back?x=1&y=2" }},
	{"no extensions", func(r *request) { r.extensions = "" }, func(q *login.Request) { q.Excluded = nil; delete(q.Echo, relayAsField) }},
	{"nothing requested", func(r *request) { r.extensions = extensions() }, func(q *login.Request) { q.Excluded = nil; delete(q.Echo, relayAsField) }},
	{"no SPType", func(r *request) {
		r.extensions = strings.Replace(r.extensions, "<eidas:SPType>public</eidas:SPType>", "", 1)
	}, func(*login.Request) {}},
	{"everything excluded", func(r *request) {
		r.extensions = extensions(asks("AFirmaIdP"), asks("GISSIdP"), asks("AEATIdP"), asks("EIDASIdP"), asks("CLVMOVILIdP"), asks("AEATIdP"))
	}, func(q *login.Request) { delete(q.Echo, relayAsField) }},
	{"methods that we have not", func(r *request) { r.extensions = extensions(asks("AFirmaIdP"), asks("CLVMOVILIdP"), asks("Tomorrow")) },
		func(q *login.Request) { q.Excluded = nil; delete(q.Echo, relayAsField) }},
	{"another state as attribute", func(r *request) { r.extensions = extensions(asksValue("RelayState", " a &amp; b ")) },
		func(q *login.Request) {
			q.Excluded, q.Echo = nil, map[string]string{"application": "DEMO", "name-id-format": persistent, relayEcho: " a & b "}
		}},
	{"empty state as attribute", func(r *request) { r.extensions = extensions(asks("RelayState")) },
		func(q *login.Request) {
			q.Excluded, q.Echo = nil, map[string]string{"application": "DEMO", "name-id-format": persistent, relayEcho: ""}
		}},
	{"transient", func(r *request) { r.policy = policy("urn:oasis:names:tc:SAML:2.0:nameid-format:transient") },
		func(q *login.Request) {
			q.Echo["name-id-format"] = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
		}},
	{"unspecified", func(r *request) { r.policy = policy(unspecified) }, func(q *login.Request) { q.Echo["name-id-format"] = unspecified }},
	{"no format", func(r *request) { r.policy = `<saml2p:NameIDPolicy AllowCreate="true"/>` }, func(q *login.Request) { q.Echo["name-id-format"] = unspecified }},
	{"no policy", func(r *request) { r.policy = "" }, func(q *login.Request) { q.Echo["name-id-format"] = unspecified }},
	{"substantial", func(r *request) { r.context = authnContext("minimum", "http://eidas.europa.eu/LoA/substantial") },
		func(q *login.Request) { q.Level = assurance.Substantial }},
	{"high, on lines of its own", func(r *request) { r.context = authnContext("minimum", "\n http://eidas.europa.eu/LoA/high\n ") },
		func(q *login.Request) { q.Level = assurance.High }},
	{"no level", func(r *request) { r.context = "" }, func(q *login.Request) { q.Level = 0 }},
}

func issuer(name string) string { return "<saml2:Issuer>" + name + "</saml2:Issuer>" }

func TestParse(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			r, want := newRequest(), wanted()
			v.bend(&r)
			v.want(&want)
			if diff := cmp.Diff(want, parsed(t, r, "_x8")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseWithoutRelayState(t *testing.T) {
	r := newRequest()
	r.extensions = extensions(asks("RelayState"))
	req := parsed(t, r, "")
	if _, same := req.Echo[relayAsField]; req.RelayState != "" || !same {
		t.Errorf("%+v", req)
	}
}

// Java's encoders break base64 into lines; an XML declaration is usual.
func TestParseLines(t *testing.T) {
	message := field(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + newRequest().signed(t))
	var lines strings.Builder
	for len(message) > 76 {
		lines.WriteString(message[:76] + "\r\n")
		message = message[76:]
	}
	if _, err := newGateway(noon).Parse(t.Context(), lines.String()+message, ""); err != nil {
		t.Error(err)
	}
}

// What a service is told follows what is registered for it, whatever its request says.
func TestReleased(t *testing.T) {
	r := newRequest().set("ProviderName", nifOnlyParty)
	if got := parsed(t, r, "").Released; !slices.Equal(got, []relying.Attribute{relying.NIF}) {
		t.Errorf("released %v", got)
	}
	wantRefused(t, field(newRequest().set("ProviderName", namesOnlyParty).signed(t)), "", saml.ErrReleased)
}

func TestCode(t *testing.T) {
	_, err := newGateway(noon).Parse(t.Context(), field("<a>secret</b>"), "")
	for _, c := range []struct {
		err  error
		want string
	}{{nil, ""}, {err, "xml"}, {saml.ErrStale, "stale"}, {saml.ErrResult, "internal"}} {
		if got := saml.Code(c.err); got != c.want {
			t.Errorf("%v: code %q, want %q", c.err, got, c.want)
		}
	}
}
