package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"clave/internal/keyring"
	"clave/internal/relying"
)

// key is a service's own.
type key struct {
	private *ecdsa.PrivateKey
	id      string
}

func newKey(t testing.TB, id string) key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key{private, id}
}

func (k key) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: "ES256", Use: "sig"}
}

// set is how it is registered.
func (k key) set(t testing.TB) json.RawMessage {
	t.Helper()
	data, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.public()}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (k key) thumbprint(t testing.TB) string {
	t.Helper()
	public := k.public()
	sum, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// sign makes a token.
func (k key) sign(t testing.TB, typ string, claims map[string]any) string {
	t.Helper()
	return k.signWith(t, jose.ES256, k.private, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", k.id), claims)
}

func (k key) signWith(t testing.TB, alg jose.SignatureAlgorithm, private any, o *jose.SignerOptions, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: private}, o)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func number() string { return rand.Text() }

// assertion proves who a client is.
func (k key) assertion(t testing.TB, id string, changes map[string]any) change {
	t.Helper()
	claims := map[string]any{"iss": id, "sub": id, "aud": issuer, "jti": number(), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()}
	maps.Copy(claims, changes)
	return asserted(k.sign(t, "JWT", claims))
}

func asserted(token string) change {
	return amend(url.Values{"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {token}})
}

// proof shows that a client has a key (RFC 9449).
func (k key) proof(t testing.TB, method, path, token string, changes map[string]any) change {
	t.Helper()
	claims := map[string]any{"htm": method, "htu": issuer + path, "jti": number(), "iat": time.Now().Unix()}
	if token != "" {
		claims["ath"] = s256(token)
	}
	maps.Copy(claims, changes)
	public := k.public()
	made := k.signWith(t, jose.ES256, k.private, (&jose.SignerOptions{}).WithType("dpop+jwt").WithHeader("jwk", public), claims)
	return func(r *http.Request) {
		r.Header.Set("DPoP", made)
		if token != "" {
			r.Header.Set("Authorization", "DPoP "+token)
		}
	}
}

// An independent verifier reads what we sign: ECDSA as r and s, not as the ASN.1 that a crypto.Signer gives.
func TestSignaturesAreJWS(t *testing.T) {
	w := newWorld(t)
	for party, alg := range map[string]string{"sede": "ES256", "old": "RS256"} {
		code, _ := w.code(asks(party))
		form, auth := exchanges(code), basic(party, secret)
		if party == "old" {
			form, auth = public(form, party), func(*http.Request) {}
		}
		x := w.post("/oidc/token", form, auth)
		parsed, err := jwt.ParseSigned(x.ID, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
		if err != nil {
			t.Fatalf("%s: %v %s", party, err, x.Raw)
		}
		verifies(t, w, x.ID, party, alg)
		if parsed.Headers[0].KeyID == "" {
			t.Errorf("%s: no key id", party)
		}
	}
}

// verifies checks an ID token by the keys that are published.
func verifies(t *testing.T, w *world, token, party, alg string) {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(w.browse("/oidc/jwks").Body.Bytes(), &set); err != nil {
		t.Fatal(err)
	}
	static := &gooidc.StaticKeySet{}
	for _, k := range set.Keys {
		if k.Use != "sig" || !k.IsPublic() {
			t.Errorf("%s is published for %q", k.KeyID, k.Use)
		}
		static.PublicKeys = append(static.PublicKeys, k.Key)
	}
	v := gooidc.NewVerifier(issuer, static, &gooidc.Config{ClientID: party, SupportedSigningAlgs: []string{alg}})
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("%s: %v", alg, err)
	}
}

// The change of a key fails no login: the next key is published before it signs, and the last one after.
func TestRotationFailsNoLogin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	keys, err := keyring.Create(path, keyring.Demo, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	address := filepath.Join(t.TempDir(), "clave.db")
	w := worldAt(t, address, keys)
	code, _ := w.code(offline("sede"))
	before := w.post("/oidc/token", exchanges(code), basic("sede", secret))
	pending, _ := w.code(asks("sede"))
	old, _ := keys.Signing("oidc", time.Now())
	next, err := keyring.Rotate(path, "oidc", time.Now(), 0)
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := keyring.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	after := again(t, w, rotated)
	after.begun = nil
	x := after.post("/oidc/token", exchanges(pending), basic("sede", secret))
	if x.Status != 200 {
		t.Fatalf("a code from before: %s", x.Raw)
	}
	if kid(t, x.ID) != next.ID || kid(t, before.ID) != old.ID {
		t.Errorf("signed by %s, then %s", kid(t, before.ID), kid(t, x.ID))
	}
	verifies(t, after, before.ID, "sede", "ES256")
	verifies(t, after, x.ID, "sede", "ES256")
	if y := after.post("/oidc/token", refreshes(before.Refresh), basic("sede", secret)); y.Status != 200 {
		t.Errorf("a refresh token from before: %s", y.Raw)
	}
	if info, _ := after.user(x.Access); info.Status != 200 {
		t.Errorf("userinfo: %d", info.Status)
	}
	if after.browse("/oidc/logout?id_token_hint=" + before.ID); after.ended == nil || !after.ended.Fresh {
		t.Errorf("a hint from before: %q", after.problem)
	}
}

func kid(t *testing.T, token string) string {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Headers[0].KeyID
}

// A client may prove who it is by a key, once with each assertion.
func TestPrivateKeyJWT(t *testing.T) {
	k, other := newKey(t, "k1"), newKey(t, "k1")
	w := newWorld(t, relying.Party{ID: "keyed", Names: map[string]string{"es": "K"}, OIDC: &relying.OIDC{
		Redirects: []string{back}, Auth: relying.PrivateKey, Keys: k.set(t)}})
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	once := k.assertion(t, "keyed", nil)
	for _, c := range []struct {
		name string
		auth change
		want int
	}{
		{"by its key", once, 200},
		{"the same again", once, 401},
		{"for the endpoint", k.assertion(t, "keyed", map[string]any{"aud": issuer + "/oidc/token"}), 200},
		{"for the endpoint, in a list", k.assertion(t, "keyed", map[string]any{"aud": []string{issuer + "/oidc/token"}}), 200},
		{"for us and somebody else", k.assertion(t, "keyed", map[string]any{"aud": []string{issuer, "https://other.example"}}), 401},
		{"for somebody else and us", k.assertion(t, "keyed", map[string]any{"aud": []string{"https://other.example", issuer}}), 401},
		{"for us twice", k.assertion(t, "keyed", map[string]any{"aud": []string{issuer, issuer + "/oidc/token"}}), 401},
		{"for another endpoint", k.assertion(t, "keyed", map[string]any{"aud": issuer + "/oidc/par"}), 401},
		{"for nobody", k.assertion(t, "keyed", map[string]any{"aud": []string{}}), 401},
		{"for somebody else", k.assertion(t, "keyed", map[string]any{"aud": "https://other.example"}), 401},
		{"by another key", other.assertion(t, "keyed", nil), 401},
		{"as another", k.assertion(t, "sede", nil), 401},
		{"without an id", k.assertion(t, "keyed", map[string]any{"jti": ""}), 401},
		{"over", k.assertion(t, "keyed", map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), 401},
		{"for ever", k.assertion(t, "keyed", map[string]any{"exp": time.Now().Add(24 * time.Hour).Unix()}), 401},
		{"by a secret", basic("keyed", secret), 401},
		{"by its public key as a secret", asserted(k.signWith(t, jose.HS256, mustDER(t, k), (&jose.SignerOptions{}).WithHeader("kid", "k1"),
			map[string]any{"iss": "keyed", "sub": "keyed", "aud": issuer, "jti": number(), "exp": time.Now().Add(time.Minute).Unix()})), 401},
		{"by another kind of key", asserted(k.signWith(t, jose.RS256, rsaKey, (&jose.SignerOptions{}).WithHeader("kid", "k1"),
			map[string]any{"iss": "keyed", "sub": "keyed", "aud": issuer, "jti": number(), "exp": time.Now().Add(time.Minute).Unix()})), 401},
		{"by nothing", func(r *http.Request) {}, 401},
	} {
		code, _ := w.code(asks("keyed"))
		x := w.post("/oidc/token", exchanges(code), c.auth)
		if x.Status != c.want || c.want == 401 && x.Error != "invalid_client" {
			t.Errorf("%s: %d %s", c.name, x.Status, x.Raw)
		}
	}
}

func mustDER(t *testing.T, k key) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// A secret is compared with the hashes of all that are registered, in the way that is registered.
func TestClientSecrets(t *testing.T) {
	w := newWorld(t)
	post := func(id, secret string) change {
		return amend(url.Values{"client_id": {id}, "client_secret": {secret}})
	}
	for name, c := range map[string]struct {
		party string
		auth  change
		want  int
	}{
		"right":                        {"sede", basic("sede", secret), 200},
		"the older one":                {"sede", basic("sede", "an older one"), 200},
		"wrong":                        {"sede", basic("sede", "wrong"), 401},
		"empty":                        {"sede", basic("sede", ""), 401},
		"the hash":                     {"sede", basic("sede", string(sha(secret))), 401},
		"in the form":                  {"sede", post("sede", secret), 401},
		"as if public":                 {"sede", post("sede", ""), 401},
		"in the form, where it may be": {"poster", post("poster", secret), 200},
		"in the header, where it not":  {"poster", basic("poster", secret), 401},
		"somebody else":                {"sede", basic("poster", secret), 401},
		"nobody":                       {"sede", basic("nobody", secret), 401},
		"who speaks something else":    {"sede", basic("saml", secret), 401},
	} {
		code, _ := w.code(asks(c.party))
		x := w.post("/oidc/token", exchanges(code), c.auth)
		if x.Status != c.want || c.want == 401 && (x.Error != "invalid_client" || x.Header.Get("WWW-Authenticate") == "") {
			t.Errorf("%s: %d %s", name, x.Status, x.Raw)
		}
	}
}

// ours signs as the provider does.
func ours(t *testing.T, signer crypto.Signer, id, typ string, claims map[string]any) string {
	t.Helper()
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: opaque{signer, id}}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(made).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

type opaque struct {
	signer crypto.Signer
	id     string
}

func (o opaque) Public() *jose.JSONWebKey {
	return &jose.JSONWebKey{Key: o.signer.Public(), KeyID: o.id, Algorithm: "ES256"}
}

func (o opaque) Algs() []jose.SignatureAlgorithm { return []jose.SignatureAlgorithm{jose.ES256} }

func (o opaque) SignPayload(payload []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	sum := sha256.Sum256(payload)
	der, err := o.signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var pair struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(der, &pair)
	return append(pair.R.FillBytes(make([]byte, 32)), pair.S.FillBytes(make([]byte, 32))...), err
}
