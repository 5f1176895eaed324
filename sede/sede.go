// Package sede holds sample public services that identify their citizens with Cl@ve, written to be read by whoever has to do
// the same: ordinary third parties that use well-known libraries and share no code with the gateway.
//
// The town hall of Villaclara speaks the Cl@ve 2.0 SAML profile (goxmldsig, gosaml2, etree):
//
//   - request.go: the signed AuthnRequest that takes a citizen to the gateway.
//   - verify.go, response.go and assertion.go: what must be true of the answer before it is believed.
//   - metadata.go: the gateway's certificates, which change.
//   - logout.go and logout_answer.go: a logout begun here, and one begun by Cl@ve.
//   - flow.go: the way of one visitor: asked, answered, back in the same browser, inside.
//   - leave.go: out again, here alone or everywhere.
//
// The tax office speaks OpenID Connect (coreos/go-oidc, x/oauth2, go-jose):
//
//   - oidc.go: what is agreed, and how the office proves who it is.
//   - oidc_token.go: what must be true of the answer.
//   - oidc_flow.go: the way of one visitor.
//   - oidc_logout.go: a logout begun here, and one that Cl@ve tells of.
//   - oidc_desk.go and oidc_poll.go: a question to a citizen on the telephone (CIBA).
//
// Both stand on site.go (sessions, cookies, headers), shelf.go (what is remembered meanwhile, in memory), pages.go and
// texts.go (what the visitor sees, in Spanish and in English).
package sede

import (
	"cmp"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Config is what a service that speaks SAML agrees with the gateway (names, addresses, certificates) and what it needs of
// its own.
type Config struct {
	Name                string              // which sample service it is: "sede" (also when empty), "salud" or "registro"
	Origin              string              // where citizens find it: scheme, host and port, such as "http://127.0.0.1:8200"
	Path                string              // and below which path, such as "/salud"; empty at the root
	ProviderName        string              // who we are, as registered: "{NIF}_{DIR3};{application}"
	Key                 crypto.Signer       // our RSA key, which signs requests
	Certificate         *x509.Certificate   // of Key; the gateway has a copy
	GatewayURL          string              // where requests are posted
	GatewayIssuer       string              // who must say that an answer is theirs
	GatewayCertificates []*x509.Certificate // that may sign answers, each of them
	GatewayMetadata     string              // where the gateway names those that it signs with now; empty: nothing is read
	Client              *http.Client        // reads the metadata; nil: one of our own
	Now                 func() time.Time
	Level               string // the least assurance accepted: "low", "substantial" or "high"
}

// acs is the assertion consumer service, the one address of ours to which the gateway posts answers. In the Cl@ve profile
// it is the audience of the answer as well.
func (cfg Config) acs() string { return cfg.Origin + cfg.Path + "/ReturnPage" }

// logoutReturn is where the gateway posts its answer to our LogoutRequest.
func (cfg Config) logoutReturn() string { return cfg.Origin + cfg.Path + "/LogoutReturn" }

// logout is where the gateway posts a LogoutRequest of its own.
func (cfg Config) logout() string { return cfg.Origin + cfg.Path + "/Logout" }

func (cfg Config) check() error {
	key, isRSA := cfg.public().(*rsa.PublicKey)
	switch {
	case !isOrigin(cfg.Origin):
		return fmt.Errorf("sede: Origin %q is not scheme://host[:port]", cfg.Origin)
	case cfg.Path != "" && (cfg.Path[0] != '/' || cfg.Path[len(cfg.Path)-1] == '/'):
		return fmt.Errorf("sede: Path %q is neither empty nor of the form /path", cfg.Path)
	case originOf(cfg.GatewayURL) == "":
		return fmt.Errorf("sede: GatewayURL %q is not an address", cfg.GatewayURL)
	case cfg.ProviderName == "" || cfg.GatewayIssuer == "":
		return errors.New("sede: ProviderName and GatewayIssuer are needed")
	case !isRSA || cfg.Certificate == nil || !key.Equal(cfg.Certificate.PublicKey):
		return errors.New("sede: Key must be RSA, and Certificate its certificate")
	case len(cfg.GatewayCertificates) == 0 && originOf(cfg.GatewayMetadata) == "" || cfg.Now == nil:
		return errors.New("sede: GatewayCertificates or GatewayMetadata, and Now, are needed")
	case levels[cfg.Level] == 0:
		return fmt.Errorf("sede: Level %q is none of low, substantial, high", cfg.Level)
	}
	return nil
}

func (cfg Config) public() crypto.PublicKey {
	if cfg.Key == nil {
		return nil
	}
	return cfg.Key.Public()
}

// originOf gives "scheme://host:port" of a web address, or "" if it is none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func isOrigin(s string) bool { return s != "" && originOf(s) == s }

// New builds a service that speaks SAML.
func New(cfg Config) (http.Handler, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	which, ok := findService(cmp.Or(cfg.Name, "sede"))
	if !ok {
		return nil, fmt.Errorf("sede: there is no sample service named %q", cfg.Name)
	}
	h := newHall(cfg, which)
	own := map[string]http.HandlerFunc{
		"GET /{$}":            func(w http.ResponseWriter, r *http.Request) { h.home(w, r, h.least) },
		"GET /entrar":         h.ask,
		"POST /entrar":        h.ask,
		"GET /vuelta":         h.arrive,
		"GET /mi-carpeta":     h.folder,
		"POST /salir":         h.leave,
		"POST /salir-de-todo": h.leaveAll,
		"GET /fuera":          h.left,
	}
	// What the gateway has the browser post is all that another site may; it stands outside the protection of the rest.
	foreign := map[string]http.HandlerFunc{
		"POST /ReturnPage":   h.receive,
		"POST /LogoutReturn": h.receiveLeft,
		"POST /Logout":       h.closeFor,
	}
	return h.serve(own, foreign), nil
}
