package sede_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"clave/sede"
)

const (
	taxOrigin = "http://127.0.0.1:8400"
	clientID  = "hacienda-villaclara"
)

func newECKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// An idp is a gateway that speaks OpenID Connect, as far as a service sees it. Tests change what it says.
type idp struct {
	*httptest.Server
	t     *testing.T
	key   *ecdsa.PrivateKey
	keys  []byte         // what the service registered
	id    map[string]any // claims of the next ID token
	user  map[string]any // and of userinfo
	sign  func(claims map[string]any) string
	code  url.Values // the request that the code stands for
	ciba  func() (int, map[string]any)
	asked url.Values // the last question
}

// A pair is a tax office and the gateway that it believes.
type pair struct {
	*town
	idp *idp
}

func openTax(t *testing.T) *pair {
	t.Helper()
	own := newECKey()
	p := &pair{town: &town{now: noon}, idp: &idp{t: t, key: newECKey()}}
	p.idp.Server = httptest.NewServer(p.idp)
	t.Cleanup(p.idp.Close)
	p.idp.sign = func(claims map[string]any) string { return token(t, p.idp.key, jose.ES256, claims) }
	cfg := sede.OIDCConfig{
		Origin: taxOrigin, ClientID: clientID, Key: own, Issuer: p.idp.URL, Client: p.idp.Client(), Now: func() time.Time { return p.now },
	}
	var err error
	if p.idp.keys, err = cfg.PublicKeys(); err != nil {
		t.Fatal(err)
	}
	handler, err := sede.NewOIDC(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.Server = httptest.NewServer(handler)
	t.Cleanup(p.Close)
	return p
}

func token(t *testing.T, key any, alg jose.SignatureAlgorithm, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// ServeHTTP is the gateway's side. What it demands of a service is what the specifications want of it.
func (g *idp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		g.write(w, map[string]any{
			"issuer": g.URL, "authorization_endpoint": g.URL + "/authorize", "token_endpoint": g.URL + "/token", "jwks_uri": g.URL + "/jwks",
			"userinfo_endpoint": g.URL + "/userinfo", "end_session_endpoint": g.URL + "/logout", "backchannel_authentication_endpoint": g.URL + "/ciba",
			"id_token_signing_alg_values_supported": []string{"ES256", "RS256"},
		})
	case "/jwks":
		g.write(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: g.key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}})
	case "/userinfo":
		g.write(w, g.user)
	case "/token":
		g.proven(r)
		g.token(w, r)
	case "/ciba":
		g.proven(r)
		g.asked = r.PostForm
		g.write(w, map[string]any{"auth_req_id": "q1", "expires_in": 300, "interval": 5})
	}
}

func (g *idp) write(w http.ResponseWriter, body any) {
	if err := json.NewEncoder(w).Encode(body); err != nil {
		g.t.Error(err)
	}
}

// proven checks who asks: private_key_jwt by the registered key, for this gateway.
func (g *idp) proven(r *http.Request) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(g.keys, &set); err != nil {
		g.t.Error(err)
	}
	proof, err := jwt.ParseSigned(r.PostFormValue("client_assertion"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		g.t.Error(err)
		return
	}
	var claims jwt.Claims
	if err := proof.Claims(set, &claims); err != nil {
		g.t.Error(err)
	}
	want := jwt.Expected{Issuer: clientID, Subject: clientID, AnyAudience: jwt.Audience{g.URL}, Time: noon}
	if err := claims.ValidateWithLeeway(want, 5*time.Minute); err != nil || claims.ID == "" {
		g.t.Errorf("%v, %+v", err, claims)
	}
	if r.PostFormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || r.PostFormValue("client_id") != clientID {
		g.t.Errorf("asked with %v", r.PostForm)
	}
}

func (g *idp) token(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("grant_type") == "authorization_code" {
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if base64.RawURLEncoding.EncodeToString(sum[:]) != g.code.Get("code_challenge") || g.code.Get("code_challenge_method") != "S256" {
			g.t.Error("the verifier does not fit")
		}
	} else if status, body := g.ciba(); status != http.StatusOK {
		w.WriteHeader(status)
		g.write(w, body)
		return
	}
	g.write(w, map[string]any{"access_token": "a1", "token_type": "Bearer", "expires_in": 300, "id_token": g.sign(g.id)})
}

// tells sets what is beyond reproach; with changes, a nil one takes a claim away.
func (g *idp) tells(nonce string, changes map[string]any) {
	g.id = map[string]any{
		"iss": g.URL, "aud": clientID, "sub": "s1", "sid": "p1", "iat": noon.Unix(), "exp": noon.Add(10 * time.Minute).Unix(),
		"auth_time": noon.Unix(), "acr": "http://eidas.europa.eu/LoA/substantial", "amr": []string{"sms", "otp"},
	}
	if nonce != "" {
		g.id["nonce"] = nonce
	}
	maps.Copy(g.id, changes)
	maps.DeleteFunc(g.id, func(_ string, v any) bool { return v == nil })
	g.user = map[string]any{"sub": "s1", "nif": "00000000T", "given_name": "MARÍA", "family_name": "GARCÍA LÓPEZ", "first_surname": "GARCÍA"}
}

// begin presses a button and gives the request for the gateway.
func (b *browser) begin(g *idp, path string) url.Values {
	b.t.Helper()
	to, err := url.Parse(b.get(path).must(b.t, 303).Header.Get("Location"))
	if err != nil || !strings.HasPrefix(to.String(), g.URL+"/authorize?") {
		b.t.Fatalf("sent to %s (%v)", to, err)
	}
	g.code = to.Query()
	return g.code
}

// back brings the answer to a request.
func (b *browser) back(g *idp, q url.Values) seen {
	b.t.Helper()
	return b.get("/vuelta?" + url.Values{"code": {"c1"}, "state": {q.Get("state")}, "iss": {g.URL}}.Encode())
}
