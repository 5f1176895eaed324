// Package oidc is an OpenID provider: it speaks OpenID Connect to the services, in the code flow only, with PKCE always,
// on the frame of a library whose types never leave it.
//
// A request of a service becomes a login.Request, and everything that the answer needs travels in its Echo, sealed in the
// browser's cookie: nothing is written before the person acts. The result of the login becomes a grant and its code in the
// unit of work that completes the login (Answer). Whatever a service posts runs whole inside one unit, with its answer held
// back until the commit; refusals are committed too, because they carry revocations. What must be fetched is fetched before.
//
// The library reads the real clock, so everything here is in real time but the times of a login, which are converted
// (docs/decisions/0010).
//
// Sources: OpenID Connect Core, Discovery, RP-Initiated Logout, Back-Channel Logout and CIBA 1.0; RFC 6749, 7009, 7636,
// 9101, 9126, 9207, 9449 and 9700; FAPI 2.0 Security Profile. docs/oidc-conformance.md names the test of each requirement.
package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/telemetry"
)

// Protocol is the name of this protocol in a login.
const Protocol = "oidc"

// Path is where the endpoints are, but for the discovery document.
const Path = "/oidc"

// KeysPath is where services find our public keys.
const KeysPath = Path + "/jwks"

// The other endpoints.
const (
	discoveryPath = "/.well-known/openid-configuration"
	serverPath    = "/.well-known/oauth-authorization-server" // the same document (RFC 8414)
	authorizePath = Path + "/authorize"
	pushPath      = Path + "/par"
	tokenPath     = Path + "/token"
	userPath      = Path + "/userinfo"
	revokePath    = Path + "/revoke"
	askPath       = Path + "/ciba"
	logoutPath    = Path + "/logout"
)

// Config is what a provider is made of.
type Config struct {
	Issuer   string // the origin, for example "https://clave.example", without a slash at the end
	Store    Store
	Ring     *keyring.Ring
	Parties  relying.Registry
	Sessions Sessions
	Confirm  Confirmations    // nil: no confirmation by a back channel
	Now      func() time.Time // the clock of logins
	Log      *slog.Logger     // nil: slog.Default
	Away     func(error) bool // tells that the store cannot work just now; nil: it never says so
	Dial     Dialer           // connects to services; nil: to public addresses only

	// Begin puts a checked request into the browser as a login, and sends it on.
	Begin func(w http.ResponseWriter, r *http.Request, request login.Request)
	// End ends what a checked request to log out asks to end.
	End func(w http.ResponseWriter, r *http.Request, out Logout)
	// Problem shows a page that says what is wrong with a request that cannot be answered to the service: the person is
	// never sent to an address that is not the service's.
	Problem func(w http.ResponseWriter, r *http.Request, reason string)
}

// Sessions tells whether a session lives. What was given because of it dies with it.
type Sessions interface {
	Alive(ctx context.Context, session string) (bool, error)
}

// Provider is an OpenID provider. Its methods may be called by many at once.
type Provider struct {
	Config
	library   http.Handler
	discovery []byte
	keys      keyCache
	read      sync.Map // registered, by party
	nudge     chan struct{}
	turns     telemetry.Turns
}

// New makes a provider.
func New(c Config) (*Provider, error) {
	if c.Issuer == "" || strings.HasSuffix(c.Issuer, "/") {
		return nil, errors.New("oidc: the issuer is an origin without a slash at the end")
	}
	c.Log = cmp.Or(c.Log, slog.Default())
	p := &Provider{Config: c, nudge: make(chan struct{}, 1)}
	p.keys.fetch, p.keys.now = p.fetchKeys, wall
	if _, err := p.published(); err != nil {
		return nil, err
	}
	if err := p.frame(); err != nil {
		return nil, err
	}
	return p, p.describe()
}

// Handler serves the endpoints. They read no cookie; those that a service posts to stand outside the protection against
// cross-origin posts.
func (p *Provider) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, method := range []string{"GET ", "POST "} {
		mux.HandleFunc(method+authorizePath, p.authorize)
		mux.HandleFunc(method+logoutPath, p.logout)
	}
	if p.Confirm != nil {
		mux.HandleFunc("POST "+askPath, p.post)
	}
	for _, e := range []struct {
		path  string
		serve http.HandlerFunc
	}{
		{"GET " + discoveryPath, p.serveDiscovery}, {"GET " + serverPath, p.serveDiscovery}, {"GET " + KeysPath, p.serveKeys},
		{"POST " + pushPath, p.post}, {"POST " + tokenPath, p.post}, {"POST " + revokePath, p.post},
		{"GET " + userPath, p.user}, {"POST " + userPath, p.user},
	} {
		mux.HandleFunc(e.path, shared(e.serve))
	}
	for _, path := range []string{discoveryPath, serverPath, KeysPath, pushPath, tokenPath, revokePath, userPath} {
		mux.HandleFunc("OPTIONS "+path, shared(preflight))
	}
	return withoutCookies(mux)
}

// withoutCookies keeps what a service or a foreign page sends from anything that the browser holds of us.
func withoutCookies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Cookie")
		next.ServeHTTP(w, r)
	})
}

// wall is the real time, which the library and every service go by.
func wall() time.Time { return time.Now() }

// real is a moment of a login in real time.
func (p *Provider) real(at time.Time) time.Time { return wall().Add(-p.Now().Sub(at)) }

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
