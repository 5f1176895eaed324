package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"clave/internal/relying"
)

// A request pushed beforehand: nobody between the service and us sees or changes it, and it is answered once.
func TestPushedRequest(t *testing.T) {
	w := newWorld(t)
	x := w.post("/oidc/par", with(asks("sede"), map[string]string{"ui_locales": "eu"}), basic("sede", secret))
	if x.Status != http.StatusCreated || x.Handle == "" || x.Life != 90 {
		t.Fatalf("%d %s", x.Status, x.Raw)
	}
	values := url.Values{"client_id": {"sede"}, "request_uri": {x.Handle}, "state": {"evil"}, "prompt": {"none"}, "scope": {"openid offline_access"}}
	first, again := w.begin(values), w.begin(values)
	if first.RelayState != "the state" || first.Passive || first.ID != again.ID || first.Echo["ui_locales"] != "eu" || first.Echo["scope"] != "openid nif profile" {
		t.Errorf("%+v", first)
	}
	_, answer, err := w.agree(first, w.person)
	if err != nil || query(t, answer.Location).Get("code") == "" {
		t.Fatalf("%v", err)
	}
	l, err := w.broker.Begin(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	if answered, err := w.broker.Answered(t.Context(), l); !answered || err != nil {
		t.Errorf("the second login of one request is open: %v", err)
	}
	for name, values := range map[string]url.Values{
		"another's": {"client_id": {"public"}, "request_uri": {x.Handle}},
		"unknown":   {"client_id": {"sede"}, "request_uri": {x.Handle + "x"}},
		"signed":    {"client_id": {"sede"}, "request_uri": {x.Handle}, "request": {"a.b.c"}},
	} {
		if answer := w.authorize(values); w.begun != nil || w.problem == "" || answer.Header().Get("Location") != "" {
			t.Errorf("%s: %v, %s", name, w.begun, answer.Header().Get("Location"))
		}
	}
}

// What is wrong with a pushed request is told at once.
func TestPushedRequestsRefused(t *testing.T) {
	k := newKey(t, "k1")
	w := newWorld(t, keyed(t, k, func(o *relying.OIDC) { o.SignedOnly = true }))
	for name, c := range map[string]struct {
		form url.Values
		auth change
		want int
	}{
		"nobody":           {asks("sede"), func(*http.Request) {}, 401},
		"by another":       {asks("sede"), basic("poster", secret), 401},
		"by anybody":       {asks("public"), func(*http.Request) {}, 400},
		"elsewhere":        {with(asks("sede"), map[string]string{"redirect_uri": "https://attacker.example"}), basic("sede", secret), 400},
		"no challenge":     {with(asks("sede"), map[string]string{"code_challenge": ""}), basic("sede", secret), 400},
		"implicit":         {with(asks("sede"), map[string]string{"response_type": "token"}), basic("sede", secret), 400},
		"a handle":         {with(asks("sede"), map[string]string{"request_uri": "urn:ietf:params:oauth:request_uri:x"}), basic("sede", secret), 400},
		"not signed":       {asks("keyed"), k.assertion(t, "keyed", nil), 400},
		"signed":           {url.Values{"client_id": {"keyed"}, "request": {k.sign(t, "JWT", signed("keyed", nil))}}, k.assertion(t, "keyed", nil), 201},
		"signed elsewhere": {url.Values{"client_id": {"keyed"}, "request": {k.sign(t, "JWT", signed("keyed", map[string]any{"redirect_uri": "https://x.example"}))}}, k.assertion(t, "keyed", nil), 400},
		"twice":            {url.Values{"client_id": {"sede"}, "state": {"a", "b"}}, basic("sede", secret), 400},
	} {
		if x := w.post("/oidc/par", c.form, c.auth); x.Status != c.want || c.want >= 400 && x.Error == "" {
			t.Errorf("%s: %d %s", name, x.Status, x.Raw)
		}
	}
	if x := w.post("/oidc/par", asks("sede"), basic("sede", secret), func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }); x.Status != 400 {
		t.Errorf("not a form: %d", x.Status)
	}
}

// strictParty is one of the FAPI 2.0 security profile.
func strictParty(t *testing.T, k key) relying.Party {
	return keyed(t, k, func(o *relying.OIDC) { o.FAPI = true })
}

// The FAPI 2.0 security profile from the pushed request to the refreshed token.
func TestFAPI(t *testing.T) {
	k, d := newKey(t, "k1"), newKey(t, "dpop")
	w := newWorld(t, strictParty(t, k))
	x := w.post("/oidc/par", offline("keyed"), k.assertion(t, "keyed", nil), d.proof(t, "POST", "/oidc/par", "", nil))
	if x.Status != 201 {
		t.Fatalf("%s", x.Raw)
	}
	_, answer, err := w.agree(w.begin(url.Values{"client_id": {"keyed"}, "request_uri": {x.Handle}}), w.person)
	got := query(t, answer.Location)
	if err != nil || got.Get("iss") != issuer {
		t.Fatalf("%v %v", got, err)
	}
	y := w.post("/oidc/token", exchanges(got.Get("code")), k.assertion(t, "keyed", nil), d.proof(t, "POST", "/oidc/token", "", nil))
	if y.Status != 200 || y.Type != "DPoP" {
		t.Fatalf("%s", y.Raw)
	}
	if cnf, _ := says(t, y.Access)["cnf"].(map[string]any); cnf["jkt"] != d.thumbprint(t) {
		t.Errorf("bound to %v", cnf)
	}
	if info, claims := w.user(y.Access, d.proof(t, "GET", "/oidc/userinfo", y.Access, nil)); info.Status != 200 || claims["nif"] != "12345678Z" {
		t.Errorf("userinfo: %d %s", info.Status, info.Raw)
	}
	for range 2 { // the token is not changed for another, so an answer that gets lost costs nothing
		z := w.post("/oidc/token", refreshes(y.Refresh), k.assertion(t, "keyed", nil), d.proof(t, "POST", "/oidc/token", "", nil))
		if z.Status != 200 || z.Type != "DPoP" || z.Refresh != "" && z.Refresh != y.Refresh {
			t.Errorf("refresh: %s", z.Raw)
		}
	}
}

func TestFAPIRefuses(t *testing.T) {
	k := newKey(t, "k1")
	weak, set := weakKey(t, k)
	party := strictParty(t, k)
	party.OIDC.Keys = set
	w := newWorld(t, party)
	if w.authorize(asks("keyed")); w.begun != nil {
		t.Error("a request that was not pushed begins a login")
	}
	for name, auth := range map[string]change{
		"for the endpoint":   k.assertion(t, "keyed", map[string]any{"aud": issuer + "/oidc/par"}),
		"for a list":         k.assertion(t, "keyed", map[string]any{"aud": []string{issuer}}),
		"for two":            k.assertion(t, "keyed", map[string]any{"aud": []string{issuer, "https://other.example"}}),
		"by a secret":        basic("keyed", secret),
		"by RS256":           asserted(weak),
		"by another's issue": k.assertion(t, "keyed", map[string]any{"iss": "sede"}),
	} {
		if x := w.post("/oidc/par", asks("keyed"), auth); x.Status != 401 {
			t.Errorf("%s: %d %s", name, x.Status, x.Raw)
		}
	}
	x := w.post("/oidc/par", asks("keyed"), k.assertion(t, "keyed", nil))
	_, answer, err := w.agree(w.begin(url.Values{"client_id": {"keyed"}, "request_uri": {x.Handle}}), w.person)
	if err != nil {
		t.Fatal(err)
	}
	y := w.post("/oidc/token", exchanges(query(t, answer.Location).Get("code")), k.assertion(t, "keyed", nil))
	if y.Status != 400 || y.Access != "" {
		t.Errorf("a token that is bound to no key: %d %s", y.Status, y.Raw)
	}
}

// weakKey adds an RSA key to a service's, and signs a good assertion by RS256.
func weakKey(t *testing.T, k key) (assertion string, set json.RawMessage) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set, err = json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.public(), {Key: private.Public(), KeyID: "weak", Algorithm: "RS256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	return k.signWith(t, jose.RS256, private, (&jose.SignerOptions{}).WithHeader("kid", "weak"), map[string]any{
		"iss": "keyed", "sub": "keyed", "aud": issuer, "jti": number(), "exp": time.Now().Add(time.Minute).Unix()}), set
}

// A proof of possession is for one request, by the key that the token is bound to (RFC 9449).
func TestDPoP(t *testing.T) {
	d, thief := newKey(t, "d"), newKey(t, "thief")
	w := newWorld(t)
	code, _ := w.code(offline("public"))
	once := d.proof(t, "POST", "/oidc/token", "", nil)
	x := w.post("/oidc/token", public(exchanges(code), "public"), once)
	if x.Type != "DPoP" {
		t.Fatalf("%s", x.Raw)
	}
	code, _ = w.code(offline("public"))
	if y := w.post("/oidc/token", public(exchanges(code), "public"), once); y.Error != "invalid_dpop_proof" {
		t.Errorf("a proof twice: %s", y.Raw)
	}
	for name, c := range map[string]struct {
		proof change
		want  int
	}{
		"right":             {d.proof(t, "GET", "/oidc/userinfo", x.Access, nil), 200},
		"no proof":          {func(*http.Request) {}, 401},
		"another key":       {thief.proof(t, "GET", "/oidc/userinfo", x.Access, nil), 401},
		"another method":    {d.proof(t, "POST", "/oidc/userinfo", x.Access, nil), 401},
		"another address":   {d.proof(t, "GET", "/oidc/token", x.Access, nil), 401},
		"another token":     {d.proof(t, "GET", "/oidc/userinfo", x.Access, map[string]any{"ath": s256("x")}), 401},
		"of yesterday":      {d.proof(t, "GET", "/oidc/userinfo", x.Access, map[string]any{"iat": time.Now().Add(-24 * time.Hour).Unix()}), 401},
		"of tomorrow":       {d.proof(t, "GET", "/oidc/userinfo", x.Access, map[string]any{"iat": time.Now().Add(24 * time.Hour).Unix()}), 401},
		"as a bearer token": {both(d.proof(t, "GET", "/oidc/userinfo", x.Access, nil), bearer(x.Access)), 401},
	} {
		if info, _ := w.user(x.Access, c.proof); info.Status != c.want {
			t.Errorf("%s: %d %s", name, info.Status, info.Raw)
		}
	}
	if y := w.post("/oidc/token", public(refreshes(x.Refresh), "public")); y.Access != "" {
		t.Error("a public client refreshes without its key")
	}
	if y := w.post("/oidc/token", public(refreshes(x.Refresh), "public"), thief.proof(t, "POST", "/oidc/token", "", nil)); y.Access != "" {
		t.Error("a public client refreshes with another key")
	}
	if y := w.post("/oidc/token", public(refreshes(x.Refresh), "public"), d.proof(t, "POST", "/oidc/token", "", nil)); y.Type != "DPoP" {
		t.Errorf("with its key: %s", y.Raw)
	}
}

func bearer(token string) change {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func both(a, b change) change { return func(r *http.Request) { a(r); b(r) } }

// A code bound to a key is worth nothing to whoever has another (RFC 9449 §10).
func TestCodeBoundToAKey(t *testing.T) {
	d, thief := newKey(t, "d"), newKey(t, "thief")
	w := newWorld(t)
	bound := func() string {
		code, _ := w.code(with(asks("public"), map[string]string{"dpop_jkt": d.thumbprint(t)}))
		return code
	}
	if x := w.post("/oidc/token", public(exchanges(bound()), "public")); x.Access != "" {
		t.Error("without a proof")
	}
	if x := w.post("/oidc/token", public(exchanges(bound()), "public"), thief.proof(t, "POST", "/oidc/token", "", nil)); x.Access != "" {
		t.Error("with another key")
	}
	if x := w.post("/oidc/token", public(exchanges(bound()), "public"), d.proof(t, "POST", "/oidc/token", "", nil)); x.Type != "DPoP" {
		t.Errorf("with its key: %s", x.Raw)
	}
}

// Revocation (RFC 7009): of a refresh token or of an access token, by the client they were given to.
func TestRevocation(t *testing.T) {
	w := newWorld(t)
	fresh := func() reply {
		code, _ := w.code(offline("sede"))
		return w.post("/oidc/token", exchanges(code), basic("sede", secret))
	}
	for name, token := range map[string]func(reply) string{
		"refresh": func(x reply) string { return x.Refresh }, "access": func(x reply) string { return x.Access },
	} {
		x := fresh()
		form := func() url.Values { return url.Values{"token": {token(x)}} }
		w.post("/oidc/revoke", form(), basic("poster", secret))
		w.post("/oidc/revoke", public(form(), "public"))
		if info, _ := w.user(x.Access); info.Status != 200 {
			t.Errorf("%s: revoked by somebody else", name)
		}
		if y := w.post("/oidc/revoke", form(), basic("sede", secret)); y.Status != 200 {
			t.Errorf("%s: %d %s", name, y.Status, y.Raw)
		}
		if info, _ := w.user(x.Access); info.Status != 401 {
			t.Errorf("%s: the access token lives on", name)
		}
		if y := w.post("/oidc/token", refreshes(x.Refresh), basic("sede", secret)); y.Error != "invalid_grant" {
			t.Errorf("%s: %s", name, y.Raw)
		}
	}
	if y := w.post("/oidc/revoke", url.Values{"token": {"unknown"}}, basic("sede", secret)); y.Status != 200 {
		t.Errorf("unknown: %d %s", y.Status, y.Raw)
	}
}

func TestUserinfoRefuses(t *testing.T) {
	w := newWorld(t)
	code, _ := w.code(asks("sede"))
	x := w.post("/oidc/token", exchanges(code), basic("sede", secret))
	for name, token := range map[string]string{"none": "", "nonsense": "x", "an ID token": x.ID, "a changed one": x.Access[:len(x.Access)-4] + "AAAA"} {
		if info, _ := w.user(token); info.Status != 401 || info.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s", name, info.Status, info.Raw)
		}
	}
	if w.authorize(with(asks("sede"), map[string]string{"id_token_hint": x.Access})); w.begun != nil {
		t.Error("an access token serves as a hint")
	}
}
