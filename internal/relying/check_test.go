package relying_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"clave/internal/assurance"
	"clave/internal/locale"
	"clave/internal/relying"
)

// problems are what Check says of the whole party once it is spoilt.
func problems(spoil func(p *relying.Party)) []string {
	p := whole()
	spoil(&p)
	err := p.Check(now)
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(p *relying.Party)
		field string // named in the only problem; empty when there is none
	}{
		"whole":                  {func(p *relying.Party) {}, ""},
		"no id":                  {func(p *relying.Party) { p.ID = "" }, "id"},
		"id of our own pages":    {func(p *relying.Party) { p.ID = relying.House }, "id"},
		"id with a slash":        {func(p *relying.Party) { p.ID = "S1/../x" }, "id"},
		"id of dots":             {func(p *relying.Party) { p.ID = ".." }, "id"},
		"id with an application": {func(p *relying.Party) { p.ID = "S1;SEDE" }, "id"},
		"id in two lines":        {func(p *relying.Party) { p.ID = "S1\n" }, "id"},
		"long id":                {func(p *relying.Party) { p.ID = strings.Repeat("a", 101) }, "id"},
		"longest id":             {func(p *relying.Party) { p.ID = strings.Repeat("a", 100) }, ""},
		"no Spanish name":        {func(p *relying.Party) { delete(p.Names, "es") }, "names.es"},
		"name in French":         {func(p *relying.Party) { p.Names["fr"] = "Mairie" }, "names.fr"},
		"empty name":             {func(p *relying.Party) { p.Names["ca"] = " " }, "names.ca"},
		"name turned around":     {func(p *relying.Party) { p.Names["ca"] = "Seu\u202eedeS" }, "names.ca"},
		"name in two lines":      {func(p *relying.Party) { p.Names["ca"] = "Seu\nde" }, "names.ca"},
		"name that is blank":     {func(p *relying.Party) { p.Names["ca"] = "\u2800\u3164" }, "names.ca"},
		"name with a selector":   {func(p *relying.Party) { p.Names["ca"] = "Seu\ufe0f" }, "names.ca"},
		"name under marks":       {func(p *relying.Party) { p.Names["ca"] = "Seu\u0300\u0301\u0302" }, "names.ca"},
		"name that is a page":    {func(p *relying.Party) { p.Names["ca"] = "seu.example" }, "names.ca"},
		"name with another dot":  {func(p *relying.Party) { p.Names["ca"] = "seu\u2024example" }, "names.ca"},
		"name of two languages":  {func(p *relying.Party) { p.Names["ca"] = "Alacant/Alicante (Mi Cl@ve)" }, ""},
		"long name":              {func(p *relying.Party) { p.Names["ca"] = strings.Repeat("ñ", 101) }, "names.ca"},
		"no e-mail address":      {func(p *relying.Party) { p.Contacts = []string{"Sede <a@b.es>"} }, "contacts[0]"},
		"unknown level":          {func(p *relying.Party) { p.Level = assurance.High + 1 }, "level"},
		"unknown method":         {func(p *relying.Party) { p.Methods = []assurance.Method{assurance.PIN, "sms"} }, "methods[1]"},
		"unknown attribute":      {func(p *relying.Party) { p.Released = []relying.Attribute{"phone"} }, "released[0]"},
		"no protocol":            {func(p *relying.Party) { p.SAML, p.OIDC = nil, nil }, "party"},
		"no certificate":         {func(p *relying.Party) { p.SAML.Certificates = nil }, "saml.certificates"},
		"nowhere to answer":      {func(p *relying.Party) { p.SAML.ReturnTo = nil }, "saml.return_to"},
		"address twice":          {func(p *relying.Party) { p.SAML.ReturnTo[1] = p.SAML.ReturnTo[0] }, "saml.return_to[1]"},
		"wildcard for logout":    {func(p *relying.Party) { p.SAML.Logout = "https://sede.example/*" }, "saml.logout"},
		"wildcard in OIDC":       {func(p *relying.Party) { p.OIDC.Redirects[0] = "https://sede.example/*" }, "oidc.redirect_uris[0]"},
		"no redirects":           {func(p *relying.Party) { p.OIDC.Redirects, p.OIDC.CIBA, p.OIDC.Notify = nil, "", "" }, "oidc.redirect_uris"},
		"no redirects but CIBA":  {func(p *relying.Party) { p.OIDC.Redirects = nil }, ""},
		"hosts without sector":   {func(p *relying.Party) { p.OIDC.Sector = "" }, "oidc.sector"},
		"sector with a path":     {func(p *relying.Party) { p.OIDC.Sector = "sede.example/x" }, "oidc.sector"},
		"sector with a port":     {func(p *relying.Party) { p.OIDC.Sector = "sede.example:443" }, "oidc.sector"},
		"unknown authentication": {func(p *relying.Party) { p.OIDC.Auth, p.OIDC.FAPI = "tls", false }, "oidc.token_endpoint_auth_method"},
		"no keys":                {func(p *relying.Party) { p.OIDC.Keys = nil }, "oidc.jwks"},
		"keys and their address": {func(p *relying.Party) { p.OIDC.KeysURI = "https://sede.example/keys" }, "oidc.jwks_uri"},
		"keys in clear":          {func(p *relying.Party) { p.OIDC.Keys, p.OIDC.KeysURI = nil, "http://sede.example/keys" }, "oidc.jwks_uri"},
		"secret beside keys":     {func(p *relying.Party) { p.OIDC.SecretHashes = [][]byte{hashOf("x")} }, "oidc.secret_sha256"},
		"FAPI with a secret":     {func(p *relying.Party) { p.OIDC.Auth, p.OIDC.SecretHashes = relying.SecretPost, [][]byte{hashOf("x")} }, "oidc.fapi"},
		"FAPI with RS256":        {func(p *relying.Party) { p.OIDC.RS256 = true }, "oidc.id_token_signed_response_alg"},
		"ping nowhere":           {func(p *relying.Party) { p.OIDC.Notify = "" }, "oidc.backchannel_client_notification_endpoint"},
		"poll with an address":   {func(p *relying.Party) { p.OIDC.CIBA = relying.Poll }, "oidc.backchannel_client_notification_endpoint"},
		"unknown delivery":       {func(p *relying.Party) { p.OIDC.CIBA, p.OIDC.Notify = "push", "" }, "oidc.backchannel_token_delivery_mode"},
		"public with CIBA": {func(p *relying.Party) { p.OIDC.Auth, p.OIDC.FAPI = relying.None, false },
			"oidc.backchannel_token_delivery_mode"},
		"public": {func(p *relying.Party) {
			p.OIDC = &relying.OIDC{Auth: relying.None, Redirects: []string{"http://127.0.0.1:4000/back"}}
		}, ""},
		"secret too short": {func(p *relying.Party) {
			p.OIDC = &relying.OIDC{Auth: relying.SecretBasic, Redirects: []string{"https://a.example/"}, SecretHashes: [][]byte{{1}}}
		}, "oidc.secret_sha256[0]"},
		"no secret": {func(p *relying.Party) {
			p.OIDC = &relying.OIDC{Auth: relying.SecretBasic, Redirects: []string{"https://a.example/"}}
		}, "oidc.secret_sha256"},
		"signed without keys": {func(p *relying.Party) {
			p.OIDC = &relying.OIDC{Auth: relying.SecretBasic, Redirects: []string{"https://a.example/"}, SecretHashes: [][]byte{hashOf("x")}, SignedOnly: true}
		}, "oidc.jwks"},
	} {
		got := problems(c.spoil)
		if c.field == "" && got != nil || c.field != "" && (len(got) != 1 || !strings.HasPrefix(got[0], c.field+": ")) {
			t.Errorf("%s: %q, want %q", name, got, c.field)
		}
	}
}

// Whoever registers a party learns all that is wrong at once.
func TestAllProblemsAtOnce(t *testing.T) {
	got := problems(func(p *relying.Party) {
		p.ID, p.Names, p.Logo, p.SAML.Certificates, p.OIDC.Auth = "", nil, []byte("GIF"), nil, "none at all"
	})
	if len(got) != 6 { // and FAPI's
		t.Errorf("%q", got)
	}
}

// TestPast16: an address that is not exactly what it seems is not registered at all, so that it can never be compared with.
func TestPast16Addresses(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://sede.example/a":                           true,
		"https://sede.example:8443/a?b=c%20d":              true,
		"https://SEDE.example":                             true,
		"http://127.0.0.1:8200/a":                          true, // of a test party
		"http://localhost/a":                               true,
		"http://[::1]:9/a":                                 true,
		"http://sede.example/a":                            false,
		"http://127.0.0.1.attacker.example/a":              false,
		"https://user@sede.example/a":                      false,
		"https://sede.example/a#b":                         false,
		"https://sede.example/a#":                          false,
		"https://sede.example/a*":                          false,
		"https://*.sede.example/a":                         false,
		"https://sede.example\\@attacker.example":          false,
		"https://sede.example/a/../b":                      false,
		"https://sede.example/..":                          false,
		"https://sede.example/a b":                         false,
		"https://sede.example/ñ":                           false,
		"https://sédé.example/a":                           false,
		"https://sede.example/\"><script>":                 false,
		"https:sede.example/a":                             false,
		"https:///a":                                       false,
		"https://:443/a":                                   false,
		"//sede.example/a":                                 false,
		"/a":                                               false,
		"":                                                 false,
		"javascript:alert(1)":                              false,
		"myapp://back":                                     false,
		"https://sede.example/" + strings.Repeat("a", 500): false,
	} {
		got := problems(func(p *relying.Party) { p.OIDC.Redirects = []string{address, "https://app.example/back"} })
		if (len(got) == 0) != ok {
			t.Errorf("%q: %q", address, got)
		}
	}
	for address, ok := range map[string]bool{
		"https://sede.example/*":      true,
		"https://sede.example/a/*":    true,
		"https://*":                   false,
		"https://*/*":                 false,
		"https:///*":                  false,
		"https://sede.example/a*":     false,
		"https://sede.example/*/a":    false,
		"https://sede.example/?a=/*":  false,
		"https://sede.example/../a/*": false,
		"*":                           false,
		"/*":                          false,
	} {
		got := problems(func(p *relying.Party) { p.SAML.ReturnTo = []string{address} })
		if (len(got) == 0) != ok {
			t.Errorf("%q: %q", address, got)
		}
	}
}

func TestPast16PlainHTTPIsForTestPartiesOnLoopback(t *testing.T) {
	if got := problems(func(p *relying.Party) { p.Test = false }); len(got) != 1 || !strings.HasPrefix(got[0], "saml.return_to[2]: ") {
		t.Errorf("%q", got)
	}
}

func TestCertificates(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	for name, c := range map[string]struct {
		certificate *x509.Certificate
		ok          bool
	}{
		"RSA 2048":        {certificate(rsaKey(), now.Add(time.Second)), true},
		"P-256":           {certificate(ecKey(), now.Add(time.Second)), true},
		"expired":         {certificate(ecKey(), now), false},
		"P-224":           {certificate(must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)), now.AddDate(1, 0, 0)), false},
		"RSA 1024":        {certificate(weakRSA(t), now.AddDate(1, 0, 0)), false},
		"Ed25519 in SAML": {certificate(ed, now.AddDate(1, 0, 0)), false},
	} {
		got := problems(func(p *relying.Party) { p.SAML.Certificates = []*x509.Certificate{c.certificate} })
		if (len(got) == 0) != c.ok || !c.ok && !strings.HasPrefix(got[0], "saml.certificates[0]: ") {
			t.Errorf("%s: %q", name, got)
		}
		if got := problems(func(p *relying.Party) { p.SAML.Encrypt = c.certificate }); (len(got) == 0) != c.ok {
			t.Errorf("%s, to encrypt: %q", name, got)
		}
	}
}

func weakRSA(t *testing.T) *rsa.PrivateKey {
	t.Setenv("GODEBUG", "rsa1024min=0")
	return must(rsa.GenerateKey(rand.Reader, 1024))
}

// TestKeySets: a private key that is handed over is no proof of who signs; a symmetric one would let a public key be taken
// for a secret (the confusion of RS256 with HS256).
func TestKeySets(t *testing.T) {
	public, private, _ := ed25519.GenerateKey(rand.Reader)
	ec := func(kid string) jose.JSONWebKey { return jose.JSONWebKey{Key: ecKey().Public(), KeyID: kid} }
	large := &rsa.PublicKey{N: rsaKey().N, E: 2}
	for name, c := range map[string]struct {
		set json.RawMessage
		ok  bool
	}{
		"EC":                   {keySet(ec("")), true},
		"RSA":                  {keySet(jose.JSONWebKey{Key: rsaKey().Public()}), true},
		"Ed25519":              {keySet(jose.JSONWebKey{Key: public}), true},
		"two":                  {keySet(ec("1"), ec("2")), true},
		"two of one name":      {keySet(ec("1"), ec("1")), false},
		"two without names":    {keySet(ec(""), ec("")), false},
		"none":                 {json.RawMessage(`{"keys":[]}`), false},
		"no set":               {json.RawMessage(`{"kty":"EC"}`), false},
		"no JSON":              {json.RawMessage(`{`), false},
		"a list":               {json.RawMessage(`[]`), false},
		"private EC":           {keySet(jose.JSONWebKey{Key: ecKey()}), false},
		"private RSA":          {keySet(jose.JSONWebKey{Key: rsaKey()}), false},
		"private Ed25519":      {keySet(jose.JSONWebKey{Key: private}), false},
		"half private":         {json.RawMessage(strings.Replace(string(keySet(ec("1"))), `"kty"`, `"d":"","kty"`, 1)), false},
		"symmetric":            {keySet(jose.JSONWebKey{Key: []byte("secret")}), false},
		"symmetric, disguised": {json.RawMessage(strings.Replace(string(keySet(ec("1"))), `"kty"`, `"k":"AA","kty"`, 1)), false},
		"RSA 1024":             {keySet(jose.JSONWebKey{Key: weakRSA(t).Public()}), false},
		"RSA with exponent 2":  {keySet(jose.JSONWebKey{Key: large}), false},
		"off the curve":        {json.RawMessage(`{"keys":[{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}]}`), false},
		"unknown type":         {json.RawMessage(`{"keys":[{"kty":"XX"}]}`), false},
		"type twice":           {json.RawMessage(`{"keys":[{"kty":"EC","kty":"oct","k":"AA"}]}`), false},
	} {
		got := problems(func(p *relying.Party) { p.OIDC.Keys = c.set })
		if (len(got) == 0) != c.ok || slices.ContainsFunc(got, func(s string) bool { return !strings.HasPrefix(s, "oidc.jwks") }) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestLogos(t *testing.T) {
	for name, c := range map[string]struct {
		logo []byte
		ok   bool
	}{
		"small":          {logo(1), true},
		"largest":        {logo(512), true},
		"too large":      {logo(513), false},
		"a bomb":         {claims(logo(1), 1<<30), false},
		"too heavy":      {append(logo(64), make([]byte, relying.MaxLogo)...), false},
		"cut off":        {logo(64)[:80], false},
		"with a tail":    {append(logo(64), "<script>"...), false},
		"another format": {[]byte("<svg/>"), false},
		"empty":          {[]byte{}, false},
	} {
		got := problems(func(p *relying.Party) { p.Logo = c.logo })
		if (len(got) == 0) != c.ok || !c.ok && !strings.HasPrefix(got[0], "logo: ") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// claims makes a PNG say that it is so many pixels wide and high.
func claims(png []byte, side uint32) []byte {
	png = bytes.Clone(png)
	header := png[12:29] // "IHDR" and its data; the checksum follows
	binary.BigEndian.PutUint32(header[4:], side)
	binary.BigEndian.PutUint32(header[8:], side)
	binary.BigEndian.PutUint32(png[29:], crc32.ChecksumIEEE(header))
	return png
}

// A party can have a name in every language that Clave speaks.
func TestNamesInEveryLanguage(t *testing.T) {
	for _, lang := range locale.All() {
		if !slices.Contains(relying.Langs, lang.Code()) {
			t.Errorf("no name in %s", lang.Code())
		}
	}
}
