package assurance_test

import (
	"errors"
	"testing"
	"time"

	"clave/internal/assurance"
)

func claim(change func(*assurance.Claim)) assurance.Claim {
	c := assurance.Claim{
		Citizen: "01C", Login: "01L", Browser: "nonce", Method: assurance.PIN, Proofing: assurance.Advanced, Binding: assurance.High,
		At: time.Date(2026, 4, 8, 9, 0, 0, 0, time.UTC),
	}
	change(&c)
	return c
}

// The level is the lowest of registration, binding and authentication; practice lifts the last only.
func TestLevelIsTheLowest(t *testing.T) {
	for _, c := range []struct {
		proofing assurance.Proofing
		binding  assurance.Level
		national bool
		want     assurance.Level
	}{
		{assurance.Basic, assurance.Low, true, assurance.Low},
		{assurance.Basic, assurance.High, true, assurance.Low},
		{assurance.Advanced, assurance.Low, true, assurance.Low},
		{assurance.Advanced, assurance.Substantial, true, assurance.Substantial},
		{assurance.Advanced, assurance.High, true, assurance.Substantial},
		{assurance.Advanced, assurance.High, false, assurance.Low},
	} {
		p := assurance.Mint(claim(func(x *assurance.Claim) { x.Proofing, x.Binding = c.proofing, c.binding }))
		if got := p.Level(assurance.Policy{NationalPractice: c.national}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestIncompleteClaimsAreNotMinted(t *testing.T) {
	for name, spoil := range map[string]func(*assurance.Claim){
		"citizen":          func(c *assurance.Claim) { c.Citizen = "" },
		"login":            func(c *assurance.Claim) { c.Login = "" },
		"browser":          func(c *assurance.Claim) { c.Browser = "" },
		"method":           func(c *assurance.Claim) { c.Method = "" },
		"unknown method":   func(c *assurance.Claim) { c.Method = "guess" },
		"proofing":         func(c *assurance.Claim) { c.Proofing = "" },
		"unknown proofing": func(c *assurance.Claim) { c.Proofing = "hearsay" },
		"binding":          func(c *assurance.Claim) { c.Binding = 0 },
		"time":             func(c *assurance.Claim) { c.At = time.Time{} },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("minted without %s", name)
				}
			}()
			assurance.Mint(claim(spoil))
		}()
	}
}

// A proof serves the login and browser it was made for, and the zero Proof serves nobody.
func TestProofBelongsToItsLogin(t *testing.T) {
	p := assurance.Mint(claim(func(*assurance.Claim) {}))
	for _, c := range []struct {
		proof          assurance.Proof
		login, browser string
		want           error
	}{
		{p, "01L", "nonce", nil},
		{p, "01M", "nonce", assurance.ErrOtherLogin},
		{p, "01L", "other", assurance.ErrOtherLogin},
		{assurance.Proof{}, "01L", "nonce", assurance.ErrOtherLogin},
		{assurance.Proof{}, "", "", assurance.ErrOtherLogin},
	} {
		if err := c.proof.Check(c.login, c.browser); !errors.Is(err, c.want) {
			t.Errorf("%s in %s: %v", c.login, c.browser, err)
		}
	}
}

func TestLevelsByName(t *testing.T) {
	for _, l := range []assurance.Level{assurance.Low, assurance.Substantial, assurance.High} {
		if got, err := assurance.ParseLevel(l.String()); got != l || err != nil {
			t.Errorf("%v: %v, %v", l, got, err)
		}
	}
	for _, name := range []string{"", "none", "Low", "medium"} {
		if _, err := assurance.ParseLevel(name); !errors.Is(err, assurance.ErrLevel) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
