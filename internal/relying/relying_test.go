package relying_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"clave/internal/assurance"
	"clave/internal/relying"
)

var party = relying.Party{
	ID: "S0000000A_E00000000", Names: map[string]string{"es": "Sede", "en": "Office"},
	SAML: &relying.SAML{ReturnTo: []string{"https://sede.example/ReturnPage", "https://sede.example/session/*", "http://127.0.0.1:8200/ReturnPage"}},
}

// TestPast16 keeps answers at home: no wildcard that was not registered, no userinfo, no encoded way around
// (CVE-2026-7504, CVE-2024-8883).
func TestPast16Returns(t *testing.T) {
	for address, want := range map[string]error{
		"https://sede.example/ReturnPage":                        nil,
		"https://sede.example/session/abc123":                    nil,
		"https://sede.example/session/a/b?x=1":                   nil,
		"https://sede.example/returnpage":                        relying.ErrReturn,
		"https://sede.example/ReturnPage/":                       relying.ErrReturn,
		"https://sede.example/ReturnPage?x=1":                    relying.ErrReturn,
		"https://sede.example/ReturnPage#x":                      relying.ErrReturn,
		"http://sede.example/ReturnPage":                         relying.ErrReturn,
		"https://sede.example.attacker.example/ReturnPage":       relying.ErrReturn,
		"https://sede.example@attacker.example/ReturnPage":       relying.ErrReturn,
		"https://user@sede.example/ReturnPage":                   relying.ErrReturn,
		"https://sede.example/session/../ReturnElsewhere":        relying.ErrReturn,
		"https://sede.example/session/%2e%2e/ReturnElsewhere":    relying.ErrReturn,
		"https://sede.example/session/..%2fReturnElsewhere":      relying.ErrReturn,
		"https://sede.example/session//attacker.example":         relying.ErrReturn,
		"https://sede.example/session":                           relying.ErrReturn,
		"https://sede.example/sessionX":                          relying.ErrReturn,
		"https://sede.example\\@attacker.example/session/":       relying.ErrReturn,
		"https://sede.example/session/a\r\nLocation: x":          relying.ErrReturn,
		"javascript:alert(1)":                                    relying.ErrReturn,
		"data:text/html,x":                                       relying.ErrReturn,
		"//sede.example/ReturnPage":                              relying.ErrReturn,
		"/ReturnPage":                                            relying.ErrReturn,
		"":                                                       relying.ErrReturn,
		"http://127.0.0.1:8200/ReturnPage":                       relying.ErrReturn, // plain http is for test parties
		"https://sede.example/session/" + strings.Repeat("a", 9): nil,
	} {
		if err := party.Returns(address); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", address, err, want)
		}
	}
}

func TestTestPartiesMayUsePlainHTTPOnLoopback(t *testing.T) {
	p := party
	p.Test = true
	p.SAML = &relying.SAML{ReturnTo: append(p.SAML.ReturnTo, "http://sede.example/ReturnPage")}
	if err := p.Returns("http://127.0.0.1:8200/ReturnPage"); err != nil {
		t.Error(err)
	}
	if err := p.Returns("http://sede.example/ReturnPage"); !errors.Is(err, relying.ErrReturn) {
		t.Errorf("beyond loopback: %v", err)
	}
}

// FuzzReturns looks for an accepted address that a browser would take elsewhere.
func FuzzReturns(f *testing.F) {
	f.Add("https://sede.example/ReturnPage")
	f.Add("https://sede.example/session/%2e%2e/x")
	f.Add("https://sede.example@attacker.example/")
	f.Fuzz(func(t *testing.T, address string) {
		if party.Returns(address) != nil {
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.Host != "sede.example" || u.User != nil || strings.Contains(u.Path, "..") {
			t.Errorf("%q is accepted", address)
		}
	})
}

func TestNamesAndMethods(t *testing.T) {
	if party.Name("en") != "Office" || party.Name("eu") != "Sede" {
		t.Error("a name in a language that is not there must be the Spanish one")
	}
	if !party.Allows(assurance.PIN) {
		t.Error("a party that names no method accepts all")
	}
	p := party
	p.Methods = []assurance.Method{"other"}
	if p.Allows(assurance.PIN) {
		t.Error("a party accepts a method that it did not name")
	}
}

func TestList(t *testing.T) {
	list := relying.List{party}
	if p, err := list.Party(t.Context(), party.ID); err != nil || p.ID != party.ID {
		t.Errorf("%v, %v", p.ID, err)
	}
	if _, err := list.Party(t.Context(), "S0000000A"); !errors.Is(err, relying.ErrUnknown) {
		t.Errorf("%v", err)
	}
}
