// Package sede is a sample public service, the "Sede electrónica de Villaclara", that identifies its citizens with Cl@ve.
//
// It is written to be read by whoever has to do the same: an ordinary third party that speaks the Cl@ve 2.0 SAML profile
// with well-known libraries (goxmldsig, gosaml2, etree) and shares no code with the gateway. Read it in this order:
//
//   - request.go: the signed AuthnRequest that takes a citizen to the gateway.
//   - response.go and assertion.go: what must be true of the answer before it is believed.
//   - flow.go: the way of one visitor: asked, answered, back in the same browser, inside, out.
//   - shelf.go: what the site remembers meanwhile, in memory.
//   - pages.go and texts.go: what the visitor sees, in Spanish and in English.
package sede

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Config is what an integrator agrees with the gateway (names, addresses, certificates) and what the site needs of its own.
type Config struct {
	Origin             string            // where citizens find this site: scheme, host and port, such as "http://127.0.0.1:8200"
	ProviderName       string            // who we are, as registered: "{NIF}_{DIR3};{application}"
	Key                crypto.Signer     // our RSA key, which signs requests
	Certificate        *x509.Certificate // of Key; the gateway has a copy
	GatewayURL         string            // where requests are posted
	GatewayIssuer      string            // who must say that an answer is theirs
	GatewayCertificate *x509.Certificate // the one certificate that may sign answers
	Now                func() time.Time
	Level              string // the least assurance accepted: "low", "substantial" or "high"
}

// acs is the assertion consumer service, the one address of ours to which the gateway posts answers. In the Cl@ve profile
// it is the audience of the answer as well.
func (cfg Config) acs() string { return cfg.Origin + "/ReturnPage" }

func (cfg Config) check() error {
	key, isRSA := cfg.public().(*rsa.PublicKey)
	switch {
	case !isOrigin(cfg.Origin):
		return fmt.Errorf("sede: Origin %q is not scheme://host[:port]", cfg.Origin)
	case originOf(cfg.GatewayURL) == "":
		return fmt.Errorf("sede: GatewayURL %q is not an address", cfg.GatewayURL)
	case cfg.ProviderName == "" || cfg.GatewayIssuer == "":
		return errors.New("sede: ProviderName and GatewayIssuer are needed")
	case !isRSA || cfg.Certificate == nil || !key.Equal(cfg.Certificate.PublicKey):
		return errors.New("sede: Key must be RSA, and Certificate its certificate")
	case cfg.GatewayCertificate == nil || cfg.Now == nil:
		return errors.New("sede: GatewayCertificate and Now are needed")
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

//go:embed static
var static embed.FS

// New builds the site.
func New(cfg Config) (http.Handler, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := newSite(cfg)

	own := http.NewServeMux()
	own.HandleFunc("GET /{$}", s.home)
	own.HandleFunc("GET /entrar", s.ask)
	own.HandleFunc("POST /entrar", s.ask)
	own.HandleFunc("GET /vuelta", s.arrive)
	own.HandleFunc("GET /mi-carpeta", s.folder)
	own.HandleFunc("POST /salir", s.leave)
	own.HandleFunc("/", s.missing)

	// The gateway's answer is the only request that another site may post; it stands outside the protection of the rest.
	mux := http.NewServeMux()
	mux.HandleFunc("POST /ReturnPage", s.receive)
	mux.Handle("GET /static/", cached(http.FileServerFS(static)))
	mux.Handle("/", http.NewCrossOriginProtection().Handler(own))
	return guarded(mux), nil
}

// guarded bounds what is read of a request and sets the headers that every answer has. Only the page that posts to the gateway widens the policy, in ask.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy("'self'"))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "strict-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 256<<10)
		next.ServeHTTP(w, r)
	})
}

// policy is the Content-Security-Policy of a page whose forms may be sent to the given origin only.
func policy(formAction string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; " +
		"frame-ancestors 'none'; form-action " + formAction
}

func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		next.ServeHTTP(w, r)
	})
}
