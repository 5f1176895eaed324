package main

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"clave/internal/relying"
)

// aligned prints rows of cells in columns.
func aligned(rows [][]string) string {
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	_ = table.Flush() // a strings.Builder takes everything
	return strings.TrimSuffix(out.String(), "\n")
}

// listed is one line for each service.
func listed(list []relying.Party, now time.Time) string {
	rows := [][]string{{"ID", "NAME", "SPEAKS", "LEVEL", "CERTIFICATE", "MARKS"}}
	for _, p := range list {
		rows = append(rows, []string{p.ID, p.Name("es"), speaks(p), level(p), soonest(p, now), orDash(marks(p))})
	}
	return aligned(rows)
}

func speaks(p relying.Party) string {
	switch {
	case p.SAML != nil && p.OIDC != nil:
		return "SAML, OIDC"
	case p.SAML != nil:
		return "SAML"
	default:
		return "OIDC"
	}
}

func level(p relying.Party) string {
	if p.Level == 0 {
		return "any"
	}
	return p.Level.String()
}

func marks(p relying.Party) []string {
	var names []string
	for _, m := range []struct {
		name string
		set  bool
	}{{"private", p.Private}, {"isolated", p.Isolated}, {"test", p.Test}, {"fapi", p.OIDC != nil && p.OIDC.FAPI}} {
		if m.set {
			names = append(names, m.name)
		}
	}
	return names
}

// soonest is when the service must have replaced its key.
func soonest(p relying.Party, now time.Time) string {
	if p.SAML == nil {
		return "–"
	}
	last := slices.MaxFunc(p.SAML.Certificates, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
	return until(last, now)
}

func until(c *x509.Certificate, now time.Time) string {
	day := c.NotAfter.UTC().Format(time.DateOnly)
	switch left := c.NotAfter.Sub(now); {
	case left <= 0:
		return "expired on " + day
	case left < 60*24*time.Hour:
		return fmt.Sprintf("until %s, %d days", day, int(left.Hours()/24))
	default:
		return "until " + day
	}
}

func orDash(list []string) string {
	if len(list) == 0 {
		return "–"
	}
	return strings.Join(list, ", ")
}

// sheet is a page of names and values.
type sheet [][]string

// add writes values below one another, and nothing when there are none.
func (s *sheet) add(name string, values ...string) {
	for _, v := range values {
		if v != "" {
			*s = append(*s, []string{name, v})
			name = ""
		}
	}
}

func all[S ~string](list []S) string {
	if len(list) == 0 {
		return "all"
	}
	return orDash(plain(list))
}

func plain[S ~string](list []S) (texts []string) {
	for _, s := range list {
		texts = append(texts, string(s))
	}
	return texts
}

// shown is all that is registered of a service.
func shown(p relying.Party, now time.Time) string {
	var s sheet
	s.add("id", p.ID)
	for _, lang := range relying.Langs {
		s.add("name, "+lang, p.Names[lang])
	}
	if p.Logo != nil {
		s.add("logo", fmt.Sprintf("%d bytes", len(p.Logo)))
	}
	s.add("contacts", p.Contacts...)
	s.add("least level", level(p))
	s.add("methods", all(p.Methods))
	s.add("told", all(p.Released))
	s.add("marks", orDash(marks(p)))
	if p.SAML != nil {
		s.saml(p.SAML, now)
	}
	if p.OIDC != nil {
		s.oidc(p.OIDC)
	}
	return aligned(s)
}

func (s *sheet) saml(x *relying.SAML, now time.Time) {
	for _, c := range x.Certificates {
		s.add("SAML signs by", certificate(c, now)...)
	}
	if x.Encrypt != nil {
		s.add("SAML encrypted for", certificate(x.Encrypt, now)...)
	}
	s.add("SAML answers to", x.ReturnTo...)
	s.add("SAML logout at", x.Logout)
	s.add("SAML logout returns to", x.LogoutReturn...)
	if x.Untyped {
		s.add("SAML attributes", "untyped")
	}
}

// certificate is a key, until when it holds, and by what two people on the telephone know that they mean the same.
func certificate(c *x509.Certificate, now time.Time) []string {
	kind := "key"
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		kind = fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		kind = key.Params().Name
	}
	sum := sha256.Sum256(c.Raw)
	return []string{kind + ", " + until(c, now), "SHA-256 " + hex.EncodeToString(sum[:])}
}

func (s *sheet) oidc(o *relying.OIDC) {
	s.add("OIDC authenticates by", string(o.Auth))
	if n := len(o.SecretHashes); n > 0 {
		s.add("OIDC secrets", fmt.Sprint(n))
	}
	if o.Keys != nil {
		s.add("OIDC keys", "registered; -json shows them")
	}
	s.add("OIDC keys at", o.KeysURI)
	s.add("OIDC redirects to", o.Redirects...)
	s.add("OIDC logout returns to", o.LogoutReturn...)
	s.add("OIDC logout told to", o.BackChannel)
	s.add("OIDC sector", o.Sector)
	s.add("OIDC asks by CIBA", string(o.CIBA), o.Notify)
	if o.SignedOnly {
		s.add("OIDC requests", "signed only")
	}
	if o.RS256 {
		s.add("OIDC ID tokens", "RS256")
	}
}
