package saml_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"clave/internal/federation/saml"
	"clave/internal/login"
	"clave/internal/relying"

	"github.com/google/go-cmp/cmp"
)

var (
	kitsAnswer = []string{"logoutResponse", "samlResponseLogout"}
	ownAnswer  = []string{"SAMLResponse"}
)

// wantedLogout is what newBye asks.
func wantedLogout() saml.Logout {
	return saml.Logout{
		Party: partyID, ID: "_b1", ReturnTo: goodbye, RelayState: "_x9", Answer: kitsAnswer, NotOnOrAfter: time.Date(2026, 1, 1, 12, 5, 0, 0, time.UTC),
	}
}

// Every form in which services are known to ask for a logout, and the fields that they use.
var farewells = []struct {
	name   string
	bend   func(*bye)
	fields []string
	want   func(*saml.Logout)
}{
	{"the Java kit's", func(*bye) {}, []string{"logoutRequest"}, func(*saml.Logout) {}},
	{"RedIRIS, older", func(*bye) {}, []string{"samlRequestLogout"}, func(*saml.Logout) {}},
	{"RedIRIS, which sends both", func(*bye) {}, []string{"logoutRequest", "samlRequestLogout"}, func(*saml.Logout) {}},
	{"in SAML's own field", func(*bye) {}, []string{"SAMLRequest"}, func(l *saml.Logout) { l.Answer = ownAnswer }},
	{"in all of them", func(*bye) {}, []string{"logoutRequest", "samlRequestLogout", "SAMLRequest"}, func(l *saml.Logout) {
		l.Answer = []string{"logoutResponse", "samlResponseLogout", "SAMLResponse"}
	}},
	{"the Node client's", func(b *bye) { *b = b.ofNode() }, []string{"SAMLRequest"}, func(l *saml.Logout) { l.Answer, l.Subject = ownAnswer, "00000000T" }},
	{"the Node client's, from a folder", func(b *bye) { *b = b.ofNode(); b.issuer = "https://sp.test/session/42" }, []string{"logoutRequest"},
		func(l *saml.Logout) { l.Subject, l.ReturnTo = "00000000T", "https://sp.test/session/42" }},
	{"no application", func(b *bye) { b.name = partyID }, []string{"logoutRequest"}, func(*saml.Logout) {}},
	{"no qualifier", func(b *bye) { b.qualifier = "" }, []string{"logoutRequest"}, func(*saml.Logout) {}},
	{"no end", func(b *bye) { *b = b.drop("NotOnOrAfter") }, []string{"logoutRequest"}, func(l *saml.Logout) {
		l.NotOnOrAfter = time.Date(2026, 1, 1, 12, 5, 0, 1, time.UTC)
	}},
	{"an end far off", func(b *bye) { *b = b.set("NotOnOrAfter", "2027-01-01T00:00:00Z") }, []string{"logoutRequest"}, func(l *saml.Logout) {
		l.NotOnOrAfter = time.Date(2026, 1, 1, 12, 5, 0, 1, time.UTC)
	}},
	{"an end soon", func(b *bye) { *b = b.set("NotOnOrAfter", "2026-01-01T12:00:01") }, []string{"logoutRequest"}, func(l *saml.Logout) {
		l.NotOnOrAfter = time.Date(2026, 1, 1, 12, 0, 1, 0, time.UTC)
	}},
	{"no reason", func(b *bye) { *b = b.drop("Reason").drop("Consent") }, []string{"logoutRequest"}, func(*saml.Logout) {}},
	{"an index of nothing", func(b *bye) { b.rest = "<saml2p:SessionIndex></saml2p:SessionIndex>" }, []string{"logoutRequest"}, func(*saml.Logout) {}},
	{"on lines of its own", func(b *bye) { b.name = "\n " + b.name + "\n" }, []string{"logoutRequest"}, func(*saml.Logout) {}},
}

func TestParseLogout(t *testing.T) {
	for _, c := range farewells {
		t.Run(c.name, func(t *testing.T) {
			b, want, fields := newBye(), wantedLogout(), map[string]string{"RelayState": "_x9", "country": "ES"}
			c.bend(&b)
			c.want(&want)
			message := field(b.signed(t))
			for _, name := range c.fields {
				fields[name] = message
			}
			if purpose, err := saml.PurposeOf(fields); purpose != saml.AsksLogout || err != nil {
				t.Errorf("purpose %v, error %v", purpose, err)
			}
			got, err := newGateway(noon).ParseLogout(t.Context(), fields)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Requests to log out that are signed by their service, and refused.
var unwelcome = []struct {
	name string
	bend func(*bye)
	want saml.Error
}{
	{"another gateway", func(b *bye) { *b = b.set("Destination", "https://other.test/Proxy2/ServiceProvider") }, saml.ErrDestination},
	{"no destination", func(b *bye) { *b = b.drop("Destination") }, saml.ErrDestination},
	{"six minutes old", func(b *bye) { *b = b.set("IssueInstant", "2026-01-01T11:54:00Z") }, saml.ErrStale},
	{"from the future", func(b *bye) { *b = b.set("IssueInstant", "2026-01-01T12:05:00.001Z") }, saml.ErrStale},
	{"over", func(b *bye) { *b = b.set("NotOnOrAfter", "2026-01-01T12:00:00Z") }, saml.ErrStale},
	{"an end that is none", func(b *bye) { *b = b.set("NotOnOrAfter", "soon") }, saml.ErrMessage},
	{"no instant", func(b *bye) { *b = b.drop("IssueInstant") }, saml.ErrMessage},
	{"version 1.1", func(b *bye) { *b = b.set("Version", "1.1") }, saml.ErrMessage},
	{"long ID", func(b *bye) { *b = b.set("ID", "_"+strings.Repeat("a", 128)) }, saml.ErrSize},
	{"no issuer", func(b *bye) { b.issuer = "" }, saml.ErrMessage},
	{"nobody", func(b *bye) { b.name = "" }, saml.ErrMessage},
	{"nobody, with an application", func(b *bye) { b.name = ";DEMO" }, saml.ErrMessage},
	{"a long name", func(b *bye) { b.name = strings.Repeat("a", 257) }, saml.ErrSize},
	{"a long address", func(b *bye) { *b = b.from("https://sp.test/session/" + strings.Repeat("a", 512)) }, saml.ErrSize},
	{"elements for a name", func(b *bye) { b.name = partyID + "<saml2:x/>" }, saml.ErrMessage},
	{"elements in the issuer", func(b *bye) {
		b.issuer, b.qualifier = "", ""
		b.rest = "<saml2:Issuer>" + goodbye + "<saml2:x/></saml2:Issuer>"
	}, saml.ErrMessage},
	{"two issuers", func(b *bye) { b.rest = "<saml2:Issuer>" + goodbye + "</saml2:Issuer>" }, saml.ErrMessage},
	{"two names", func(b *bye) { b.rest = "<saml2:NameID>" + partyID + "</saml2:NameID>" }, saml.ErrMessage},
	{"an encrypted name beside it", func(b *bye) { b.rest = "<saml2:EncryptedID/>" }, saml.ErrMessage},
	{"an assertion", func(b *bye) { b.rest = "<saml2:Assertion/>" }, saml.ErrMessage},
	{"an encrypted assertion", func(b *bye) { b.rest = "<saml2:EncryptedAssertion/>" }, saml.ErrMessage},
	{"unknown name and address", func(b *bye) { *b = b.names("S9999999Z_E99999999").from("https://nowhere.test/") }, saml.ErrParty},
	{"a party that speaks no SAML", func(b *bye) { b.name = muteParty }, saml.ErrParty},
	{"an address that two registered", func(b *bye) { *b = b.ofNode(); b.issuer = shared }, saml.ErrParty},
	{"another's address", func(b *bye) { *b = b.from("https://third.test/out") }, saml.ErrReturn},
	{"another's name", func(b *bye) { b.name = strangersParty }, saml.ErrSignature},
	{"another's address and nobody's name", func(b *bye) { *b = b.ofNode(); b.issuer = "https://third.test/out" }, saml.ErrSignature},
	{"a party without a key", func(b *bye) { b.name = unkeyedParty }, saml.ErrSignature},
	{"two addresses", func(b *bye) { b.qualifier = "https://sp.test/session/1" }, saml.ErrReturn},
	{"signed by a stranger", func(b *bye) { b.by = stranger() }, saml.ErrSignature},
	{"the Node client's by a stranger", func(b *bye) { *b = b.ofNode(); b.by = stranger() }, saml.ErrSignature},
}

func TestParseLogoutRefuses(t *testing.T) {
	for _, c := range unwelcome {
		t.Run(c.name, func(t *testing.T) {
			b := newBye()
			c.bend(&b)
			wantNoLogout(t, b.form(t), c.want)
		})
	}
}

func wantNoLogout(t *testing.T, fields map[string]string, want error) {
	t.Helper()
	l, err := newGateway(noon).ParseLogout(t.Context(), fields)
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	if l.Party != "" || l.ReturnTo != "" || l.Answer != nil {
		t.Errorf("refused, but returned %+v", l)
	}
}

// The address that a logout returns to is an attacker's wish unless it is registered for just that: an address of logins is not enough.
func TestPast16LogoutReturn(t *testing.T) {
	for _, address := range []string{
		back, "https://sp.test/", "https://sp.test/goodbye/", "https://sp.test/goodbye?x", "https://sp.test/goodbye#x", "http://sp.test/goodbye",
		"https://user@sp.test/goodbye", "https://sp.test@evil.test/goodbye", "https://sp.test/session/../goodbye", "https://sp.test/session/%2e%2e/x",
		"https://evil.test/goodbye", "javascript:alert(1)", "//sp.test/goodbye", "https://SP.test/goodbye", "https://sp.test/*",
	} {
		t.Run(address, func(t *testing.T) {
			wantNoLogout(t, newBye().from(address).form(t), saml.ErrReturn)
			unknown := newBye().ofNode()
			unknown.issuer = address
			wantNoLogout(t, unknown.form(t), saml.ErrParty)
		})
	}
}

// Without a way to find parties by their addresses, only those are known who name themselves.
func TestLogoutWithoutReturning(t *testing.T) {
	g := newGateway(noon)
	g.Returning = nil
	if _, err := g.ParseLogout(t.Context(), newBye().form(t)); err != nil {
		t.Error(err)
	}
	if _, err := g.ParseLogout(t.Context(), newBye().ofNode().form(t)); !errors.Is(err, saml.ErrParty) {
		t.Errorf("error %v", err)
	}
	g.Returning = func(context.Context, string) ([]relying.Party, error) { return nil, errBroken }
	if _, err := g.ParseLogout(t.Context(), newBye().ofNode().form(t)); !errors.Is(err, errBroken) || saml.Code(err) != "internal" {
		t.Errorf("error %v", err)
	}
	g.Returning = func(context.Context, string) ([]relying.Party, error) {
		return []relying.Party{partyOf(strangersParty)}, nil
	}
	if _, err := g.ParseLogout(t.Context(), newBye().ofNode().form(t)); !errors.Is(err, saml.ErrParty) {
		t.Errorf("a party that never registered it: error %v", err)
	}
}

// Row 30 of the past: the same request has the same name for as long as it would be taken, and is refused from then on. Remembered that long, it is used
// once.
func TestPast30LogoutReplay(t *testing.T) {
	for _, b := range []bye{newBye(), newBye().drop("NotOnOrAfter"), newBye().set("IssueInstant", "2026-01-01T12:04:00Z").drop("NotOnOrAfter")} {
		form := b.form(t)
		first, err := newGateway(noon).ParseLogout(t.Context(), form)
		if err != nil {
			t.Fatal(err)
		}
		last, err := newGateway(first.NotOnOrAfter.Add(-time.Nanosecond)).ParseLogout(t.Context(), form)
		if err != nil || last.Party != first.Party || last.ID != first.ID {
			t.Errorf("%+v, error %v", last, err)
		}
		if _, err := newGateway(first.NotOnOrAfter).ParseLogout(t.Context(), form); !errors.Is(err, saml.ErrStale) {
			t.Errorf("error %v", err)
		}
	}
}

// A logout fits the cookie that carries it, like a login.
func TestLogoutFitsTheCookie(t *testing.T) {
	b := newBye().set("ID", "_"+strings.Repeat("a", 127)).from("https://sp.test/session/" + strings.Repeat("a", 450))
	form := b.form(t)
	form["RelayState"] = strings.Repeat("b", login.MaxRelay)
	l, err := newGateway(noon).ParseLogout(t.Context(), form)
	if err != nil {
		t.Fatal(err)
	}
	if kept := must(json.Marshal(l)); len(kept) > 2000 {
		t.Errorf("%d bytes", len(kept))
	}
	for state, want := range map[string]saml.Error{
		strings.Repeat("b", login.MaxRelay+1): saml.ErrSize, "a\x00b": saml.ErrEncoding, "a\xffb": saml.ErrEncoding, strings.Repeat("<", login.MaxRelay): saml.ErrSize,
	} {
		form["RelayState"] = state
		wantNoLogout(t, form, want)
	}
}
