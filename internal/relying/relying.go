// Package relying holds the public services that trust us: their names, keys and addresses, and what they ask of a
// person's identity.
package relying

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"slices"

	"clave/internal/assurance"
)

// Party is one relying party.
type Party struct {
	ID       string            // letters, digits and "_-."; in the Cl@ve profile the ProviderName up to the semicolon: {NIF}_{DIR3}
	Names    map[string]string // by language code; "es" is always there
	Logo     []byte            // a PNG of at most MaxLogo bytes; nil when there is none
	Contacts []string          // e-mail addresses of those who run it

	Level    assurance.Level    // the least it accepts, whatever a request says
	Methods  []assurance.Method // the methods it accepts; empty means all
	Released []Attribute        // what it may be told of a person; empty means all

	Private  bool // a private entity: outside single sign-on (safety rule 17)
	Isolated bool // asked to stay out of single sign-on
	Test     bool // may use plain http on loopback, and exists in a demo only

	SAML *SAML // nil when it does not speak it
	OIDC *OIDC // nil when it does not speak it
}

// SAML is what a party has registered to speak SAML 2.0.
type SAML struct {
	Certificates []*x509.Certificate // any of them may sign, newest last; two while one replaces the other
	ReturnTo     []string            // addresses to answer to, exact; one that ends in "/*" allows any path below it
	Logout       string              // the address that takes our requests to log out; empty when it has none
	LogoutReturn []string            // addresses that its own logout may return to, as ReturnTo
	Encrypt      *x509.Certificate   // assertions are encrypted for it; nil: plain, as the Cl@ve 2.0 profile wants
	Untyped      bool                // attributes are plain strings, for software that refuses eIDAS's types
}

// OIDC is what a party has registered to speak OpenID Connect. Its client_id is the party's ID.
type OIDC struct {
	Redirects    []string        // redirect_uri, compared exactly
	LogoutReturn []string        // post_logout_redirect_uri, compared exactly
	BackChannel  string          // backchannel_logout_uri; empty when it has none
	Sector       string          // the sector of its pairwise subjects: a host; empty means that of its redirects
	Auth         Auth            // how it authenticates itself
	Keys         json.RawMessage // its public keys, a JWK Set; or
	KeysURI      string          // where they are, https
	SecretHashes [][]byte        // SHA-256 of its 256-bit secrets, newest last, for SecretBasic and SecretPost; two while one replaces the other
	FAPI         bool            // the FAPI 2.0 security profile: PAR, PrivateKey, DPoP
	SignedOnly   bool            // refuses requests that are not signed (RFC 9101)
	CIBA         CIBA            // how a confirmation asked for by a back channel comes back; empty: it may not ask
	Notify       string          // the address pinged, with CIBA Ping
	RS256        bool            // signs its ID tokens by RS256, for software that knows nothing newer
}

// Auth is how a client authenticates itself (OpenID Connect Core §9).
type Auth string

// The ways to authenticate. A public client (None) is refused with FAPI and with CIBA.
const (
	PrivateKey  Auth = "private_key_jwt"
	SecretBasic Auth = "client_secret_basic"
	SecretPost  Auth = "client_secret_post"
	None        Auth = "none"
)

// CIBA is a delivery mode of OpenID Connect Client-Initiated Backchannel Authentication.
type CIBA string

// The delivery modes served.
const (
	Poll CIBA = "poll"
	Ping CIBA = "ping"
)

// Attribute is something that a service may be told of a person. The level reached and the method are always told.
type Attribute string

// The attributes.
const (
	NIF   Attribute = "nif"
	Names Attribute = "names" // given name and surnames
)

// Attributes are all there are.
var Attributes = []Attribute{NIF, Names}

// MaxLogo is the size of the largest logo taken, in bytes.
const MaxLogo = 32 << 10

// Releases tells whether the party may be told an attribute.
func (p Party) Releases(a Attribute) bool {
	return len(p.Released) == 0 || slices.Contains(p.Released, a)
}

// Told are those of some attributes that the party may be told, in the order of Attributes, each once.
func (p Party) Told(asked []Attribute) (told []Attribute) {
	for _, a := range Attributes {
		if slices.Contains(asked, a) && p.Releases(a) {
			told = append(told, a)
		}
	}
	return told
}

// Alone tells whether the party stays out of single sign-on: it opens for nobody who identified themselves elsewhere, and
// what is proven for it opens nothing else.
func (p Party) Alone() bool { return p.Private || p.Isolated }

// Only is the party's ID when it stays alone, and empty otherwise: what a session made for it opens and nothing else.
func (p Party) Only() string {
	if p.Alone() {
		return p.ID
	}
	return ""
}

// ErrUnknown means that no relying party has the name.
var ErrUnknown = errors.New("relying: unknown party")

// Name is the party's name in a language, or in Spanish.
func (p Party) Name(lang string) string {
	if name, ok := p.Names[lang]; ok {
		return name
	}
	return p.Names["es"]
}

// Allows tells whether the party accepts a method.
func (p Party) Allows(m assurance.Method) bool {
	return len(p.Methods) == 0 || slices.Contains(p.Methods, m)
}

// Registry finds relying parties.
type Registry interface {
	// Party finds one by its id. Errors: ErrUnknown.
	Party(ctx context.Context, id string) (Party, error)
	// Returning finds those whose logout by SAML may return to an address.
	Returning(ctx context.Context, address string) ([]Party, error)
}

// List is a Registry that is read from a configuration.
type List []Party

// Party implements Registry.
func (l List) Party(_ context.Context, id string) (Party, error) {
	for _, p := range l {
		if p.ID == id {
			return p, nil
		}
	}
	return Party{}, ErrUnknown
}

// Returning implements Registry.
func (l List) Returning(_ context.Context, address string) (found []Party, err error) {
	for _, p := range l {
		if p.LogoutReturns(address) == nil {
			found = append(found, p)
		}
	}
	return found, nil
}
