package sede

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"
)

// OIDCConfig is what a service that speaks OpenID Connect agrees with the gateway, and what it needs of its own.
type OIDCConfig struct {
	Origin   string            // where citizens find it, such as "http://127.0.0.1:8400"
	ClientID string            // who we are, as registered
	Key      *ecdsa.PrivateKey // of P-256: with it we prove who we are (private_key_jwt); the gateway has the public half
	Issuer   string            // the gateway: everything else is found in its discovery document
	Client   *http.Client      // asks the gateway; nil: one of our own
	Now      func() time.Time  // tokens tell real time
}

func (cfg OIDCConfig) redirect() string     { return cfg.Origin + "/vuelta" }
func (cfg OIDCConfig) logoutReturn() string { return cfg.Origin + "/fuera" }

func (cfg OIDCConfig) check() error {
	switch {
	case !isOrigin(cfg.Origin):
		return fmt.Errorf("sede: Origin %q is not scheme://host[:port]", cfg.Origin)
	case originOf(cfg.Issuer) == "":
		return fmt.Errorf("sede: Issuer %q is not an address", cfg.Issuer)
	case cfg.ClientID == "" || cfg.Now == nil:
		return errors.New("sede: ClientID and Now are needed")
	case cfg.Key == nil || cfg.Key.Curve != elliptic.P256():
		return errors.New("sede: Key must be of P-256")
	}
	return nil
}

// jwk is our key as its thumbprint names it.
func (cfg OIDCConfig) jwk() (jose.JSONWebKey, error) {
	key := jose.JSONWebKey{Key: cfg.Key, Algorithm: string(jose.ES256), Use: "sig"}
	print, err := key.Thumbprint(crypto.SHA256)
	key.KeyID = base64.RawURLEncoding.EncodeToString(print)
	return key, err
}

// PublicKeys is the JWK Set to register at the gateway.
func (cfg OIDCConfig) PublicKeys() ([]byte, error) {
	key, err := cfg.jwk()
	if err != nil {
		return nil, err
	}
	return json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
}

// assertion proves once, to the gateway only and for a minute, that it is we who ask (RFC 7523; OpenID Connect Core §9).
// There is no secret that could be read on its way or at the gateway.
func (cfg OIDCConfig) assertion() (map[string]string, error) {
	key, err := cfg.jwk()
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	now := cfg.Now()
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: cfg.ClientID, Subject: cfg.ClientID, Audience: jwt.Audience{cfg.Issuer}, ID: rand.Text(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
	return map[string]string{
		"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion": token,
	}, err
}

// gateway is what its discovery document says, read when it is first needed.
type gateway struct {
	*oidc.Provider
	verifier *oidc.IDTokenVerifier
	oauth    oauth2.Config
	more     endpoints
}

// endpoints are those that go-oidc does not know.
type endpoints struct {
	EndSession string `json:"end_session_endpoint"`
	CIBA       string `json:"backchannel_authentication_endpoint"`
}

// office is a service that speaks OpenID Connect.
type office struct {
	*site
	cfg     OIDCConfig
	asked   *shelf[asking] // by state
	leaving *shelf[bool]   // the states of our logouts
	told    *shelf[bool]   // the logout tokens that have served
	calls   *shelf[*call]  // the questions of the desk, by an unguessable name
	mu      sync.Mutex
	known   *gateway
}

// NewOIDC builds the service that speaks OpenID Connect, a tax office.
func NewOIDC(cfg OIDCConfig) (http.Handler, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	which, _ := findService("hacienda")
	o := &office{
		site: newSite(which, cfg.Origin, "", cfg.Now), cfg: cfg,
		asked:   newShelf[asking](30 * time.Minute),
		leaving: newShelf[bool](30 * time.Minute),
		told:    newShelf[bool](2 * logoutAge),
		calls:   newShelf[*call](30 * time.Minute),
	}
	o.gateway = originOf(cfg.Issuer) // forms of ours are answered by redirects to it
	asIs := func(level string) string { return level }
	own := map[string]http.HandlerFunc{
		"GET /{$}":              func(w http.ResponseWriter, r *http.Request) { o.home(w, r, asIs) },
		"GET /entrar":           o.ask,
		"GET /vuelta":           o.arrive,
		"GET /mi-carpeta":       o.folder,
		"POST /salir":           o.leave,
		"POST /salir-de-todo":   o.leaveAll,
		"GET /fuera":            o.left,
		"GET /ventanilla":       o.desk,
		"POST /ventanilla":      o.call,
		"GET /ventanilla/{key}": o.callPage,
	}
	return o.serve(own, map[string]http.HandlerFunc{"POST /logout-token": o.closeFor}), nil
}

// discover reads the gateway's discovery document, once. While the gateway does not answer, the next visitor tries again.
func (o *office) discover(ctx context.Context) (*gateway, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known != nil {
		return o.known, nil
	}
	p, err := oidc.NewProvider(o.reach(ctx), o.cfg.Issuer)
	if err != nil {
		return nil, err
	}
	g := &gateway{Provider: p}
	if err := p.Claims(&g.more); err != nil {
		return nil, err
	}
	for _, address := range []string{g.more.EndSession, g.more.CIBA} {
		if originOf(address) != originOf(o.cfg.Issuer) {
			return nil, fmt.Errorf("endpoint %q is not the gateway's", address)
		}
	}
	// The algorithm is ours to choose, not the token's: else a thief would choose a weak one.
	g.verifier = p.Verifier(&oidc.Config{ClientID: o.cfg.ClientID, SupportedSigningAlgs: []string{oidc.ES256}, Now: o.cfg.Now})
	g.oauth = oauth2.Config{
		ClientID: o.cfg.ClientID, RedirectURL: o.cfg.redirect(), Scopes: []string{oidc.ScopeOpenID, "profile", "nif"},
		Endpoint: oauth2.Endpoint{AuthURL: p.Endpoint().AuthURL, TokenURL: p.Endpoint().TokenURL, AuthStyle: oauth2.AuthStyleInParams},
	}
	o.known = g
	return g, nil
}

func (o *office) reach(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, client(o.cfg.Client))
}

// readable is JSON as people read it; what is none, as it came.
func readable(text []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, text, "", "  ") != nil {
		return string(text)
	}
	return out.String()
}

// readableToken is what a token says: its header and its claims, without the signature, which has been verified.
func readableToken(token string) string {
	var parts []string
	for part := range strings.SplitSeq(token, ".") {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			return token
		}
		parts = append(parts, readable(raw))
	}
	return strings.Join(parts[:min(2, len(parts))], "\n")
}

// methods is amr in one word, in an order of its own: the gateway's means nothing.
func methods(amr []string) string {
	amr = slices.Clone(amr)
	slices.Sort(amr)
	return strings.Join(amr, " ")
}
