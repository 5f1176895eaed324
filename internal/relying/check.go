package relying

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"clave/internal/assurance"
	"clave/internal/contact"
	"clave/internal/locale"
	"clave/internal/plain"
)

// Bounds of what is registered.
const (
	maxName     = 100 // characters
	maxList     = 50  // addresses, contacts or keys of a kind
	maxReplaced = 5   // certificates at a time
)

// Langs are the languages that a party may have a name in: those that Clave speaks.
var Langs = func() (codes []string) {
	for _, lang := range locale.All() {
		codes = append(codes, lang.Code())
	}
	return codes
}()

// validID is what a client_id, a ProviderName up to its semicolon and a part of an address can all be.
var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`)

// Check says everything that is wrong with a party, as joined Problems. What it accepts may be trusted with people's data;
// nothing else is ever kept.
func (p Party) Check(now time.Time) error {
	var bad problems
	p.checkNames(&bad)
	p.checkRules(&bad)
	if p.Logo != nil {
		checkLogo(p.Logo, &bad)
	}
	switch {
	case p.SAML == nil && p.OIDC == nil:
		bad.add("party", "want saml, oidc or both: it speaks no protocol")
	case p.SAML != nil:
		p.checkSAML(now, &bad)
	}
	if p.OIDC != nil {
		p.checkOIDC(&bad)
	}
	return bad.err()
}

func (p Party) checkNames(bad *problems) {
	switch {
	case p.ID == House:
		bad.add("id", "want another: this one is our own pages'")
	case !validID.MatchString(p.ID):
		bad.add("id", `want 1 to 100 letters without accents, digits, "_", "-" or ".", and a letter or digit first`)
	}
	if p.Names["es"] == "" {
		bad.add("names.es", "it is missing")
	}
	for lang, name := range sorted(p.Names) {
		if !slices.Contains(Langs, lang) {
			bad.add("names."+lang, "no such language; want "+strings.Join(Langs, ", "))
		}
		switch {
		case !printed(name):
			bad.add("names."+lang, fmt.Sprintf("want 1 to %d characters that are seen, on one line", maxName))
		case plain.Page(name):
			bad.add("names."+lang, `want no address of a page, nor what a phone takes for one; "EE. UU." has a space`)
		}
	}
	for i, address := range p.Contacts {
		if email, err := contact.ParseEmail(address); err != nil || email.Reveal() != address {
			bad.add(nth("contacts", i), "want an e-mail address")
		}
	}
	few("contacts", len(p.Contacts), bad)
}

// printed refuses what would not stand on a page as it was registered, and so shows another name or none.
func printed(name string) bool {
	return utf8.RuneCountInString(name) <= maxName && plain.Seen(name) && strings.TrimSpace(name) == name
}

func (p Party) checkRules(bad *problems) {
	if p.Level < 0 || p.Level > assurance.High {
		bad.add("level", "want low, substantial or high")
	}
	for i, m := range p.Methods {
		if len(m.Factors()) == 0 || slices.Contains(p.Methods[:i], m) {
			bad.add(nth("methods", i), "want a method that there is, once")
		}
	}
	for i, a := range p.Released {
		if !slices.Contains(Attributes, a) || slices.Contains(p.Released[:i], a) {
			bad.add(nth("released", i), "want one of "+strings.Join(texts(Attributes), ", ")+", once")
		}
	}
}

func (p Party) checkSAML(now time.Time, bad *problems) {
	s := p.SAML
	if len(s.Certificates) == 0 || len(s.Certificates) > maxReplaced {
		bad.add("saml.certificates", fmt.Sprintf("want 1 to %d: its requests are believed by them", maxReplaced))
	}
	for i, c := range s.Certificates {
		checkCertificate(nth("saml.certificates", i), c, now, bad)
	}
	if s.Encrypt != nil {
		checkCertificate("saml.encrypt", s.Encrypt, now, bad)
	}
	if len(s.ReturnTo) == 0 {
		bad.add("saml.return_to", "want the addresses that get answers")
	}
	a := addresses{p.Test, bad}
	a.below("saml.return_to", s.ReturnTo)
	a.below("saml.logout_return", s.LogoutReturn)
	a.maybe("saml.logout", s.Logout)
}

func nth(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

func few(list string, n int, bad *problems) {
	if n > maxList {
		bad.add(list, fmt.Sprintf("want at most %d", maxList))
	}
}
