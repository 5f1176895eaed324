package oidc_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"clave/internal/federation/oidc"
	"clave/internal/login"
	"clave/internal/relying"
)

// CVE-2026-7504, CVE-2024-8883: an answer goes to a registered address, byte for byte, or to none.
func TestPast16RedirectsAreExact(t *testing.T) {
	w := newWorld(t)
	for _, address := range []string{
		"", back + "/", back + "#", back + "#x", back + "?", back + "?x=1", back + "?tenant=1&x", "HTTPS://sede.example/back", "https://SEDE.example/back",
		"https://sede.example:443/back", "https://sede.example/./back", "https://sede.example/%62ack", "https://sede.example@attacker.example/back",
		"https://user@sede.example/back", "https://attacker.example\\@sede.example/back", "http://sede.example/back", "//sede.example/back",
		"javascript:alert(1)", back + "\r\nLocation: x", " " + back, "https://sede.example.attacker.example/back", "https://sede.example/*",
	} {
		answer := w.authorize(with(asks("sede"), map[string]string{"redirect_uri": address}))
		if w.begun != nil || w.problem == "" || answer.Header().Get("Location") != "" {
			t.Errorf("%q: %v, %q, %s", address, w.begun, w.problem, answer.Header().Get("Location"))
		}
	}
	if r := w.begin(with(asks("sede"), map[string]string{"redirect_uri": back + "?tenant=1"})); r.ReturnTo != back+"?tenant=1" {
		t.Errorf("%q", r.ReturnTo)
	}
	answer, err := w.Fail(t.Context(), w.begin(with(asks("sede"), map[string]string{"redirect_uri": back + "?tenant=1"})), "cancelled")
	if err != nil || query(t, answer.Location).Get("tenant") != "1" {
		t.Errorf("%q, %v", answer.Location, err)
	}
}

// Plain http is for test parties on loopback.
func TestPast16PlainHTTP(t *testing.T) {
	loop, far := "http://127.0.0.1:8300/back", "http://sede.example/back"
	o := func() *relying.OIDC { return &relying.OIDC{Redirects: []string{loop, far}, Auth: relying.None} }
	w := newWorld(t, relying.Party{ID: "test", Test: true, OIDC: o()}, relying.Party{ID: "live", OIDC: o()})
	for _, c := range []struct {
		party, address string
		want           bool
	}{{"test", loop, true}, {"test", far, false}, {"live", loop, false}, {"live", far, false}} {
		w.authorize(with(asks(c.party), map[string]string{"redirect_uri": c.address}))
		if got := w.begun != nil; got != c.want {
			t.Errorf("%s %s: %v", c.party, c.address, got)
		}
	}
}

// CVE-2023-48228: PKCE cannot be left out, weakened or taken away at the exchange.
func TestPast18PKCEIsNotRemovable(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]map[string]string{
		"no challenge":      {"code_challenge": ""},
		"no method":         {"code_challenge_method": ""},
		"neither":           {"code_challenge": "", "code_challenge_method": ""},
		"plain":             {"code_challenge_method": "plain", "code_challenge": verifier},
		"unknown method":    {"code_challenge_method": "s256"},
		"short challenge":   {"code_challenge": "abc"},
		"foreign character": {"code_challenge": strings.Repeat("=", 43)},
	} {
		answer := w.authorize(with(asks("sede"), change))
		if got := query(t, answer.Header().Get("Location")); w.begun != nil || got.Get("error") != "invalid_request" {
			t.Errorf("%s: %v, %v", name, w.begun, got)
		}
	}
	code, _ := w.code(asks("sede"))
	if x := w.post("/oidc/token", with(exchanges(code), map[string]string{"code_verifier": ""}), basic("sede", secret)); x.Error != "invalid_grant" {
		t.Errorf("no verifier: %s", x.Raw)
	}
	code, _ = w.code(asks("sede"))
	if x := w.post("/oidc/token", with(exchanges(code), map[string]string{"code_verifier": s256(verifier)}), basic("sede", secret)); x.Error != "invalid_grant" {
		t.Errorf("the challenge as verifier: %s", x.Raw)
	}
}

// What is wrong with a request is told to the service at its address, with our name and its state, before anybody types.
func TestRefusedRequests(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		change map[string]string
		want   string
	}{
		"implicit":            {map[string]string{"response_type": "token"}, "unsupported_response_type"},
		"id token":            {map[string]string{"response_type": "id_token"}, "unsupported_response_type"},
		"hybrid":              {map[string]string{"response_type": "code id_token"}, "unsupported_response_type"},
		"no response type":    {map[string]string{"response_type": ""}, "invalid_request"},
		"fragment":            {map[string]string{"response_mode": "fragment"}, "invalid_request"},
		"form post":           {map[string]string{"response_mode": "form_post"}, "invalid_request"},
		"JARM":                {map[string]string{"response_mode": "jwt"}, "invalid_request"},
		"no openid":           {map[string]string{"scope": "nif"}, "invalid_request"},
		"no scope":            {map[string]string{"scope": ""}, "invalid_request"},
		"prompt none, login":  {map[string]string{"prompt": "none login"}, "invalid_request"},
		"unknown prompt":      {map[string]string{"prompt": "dance"}, "invalid_request"},
		"max_age no number":   {map[string]string{"max_age": "soon"}, "invalid_request"},
		"max_age negative":    {map[string]string{"max_age": "-1"}, "invalid_request"},
		"claims no JSON":      {map[string]string{"claims": "{"}, "invalid_request"},
		"claims of no object": {map[string]string{"claims": `{"id_token":{"nif":7}}`}, "invalid_request"},
		"unknown level":       {map[string]string{"acr_values": "gold"}, "invalid_request"},
		"essential level":     {map[string]string{"claims": `{"id_token":{"acr":{"essential":true,"value":"gold"}}}`}, "unmet_authentication_requirements"},
		"another's hint":      {map[string]string{"id_token_hint": "x.y.z"}, "invalid_request"},
		"registration":        {map[string]string{"registration": "{}"}, "registration_not_supported"},
		"request_uri":         {map[string]string{"request_uri": "https://sede.example/request"}, "request_uri_not_supported"},
		"too long":            {map[string]string{"nonce": strings.Repeat("n", 2000)}, "invalid_request"},
		"a long state":        {map[string]string{"state": strings.Repeat("s", 1025)}, "invalid_request"},
	} {
		answer := w.authorize(with(asks("sede"), c.change))
		got := query(t, answer.Header().Get("Location"))
		if w.begun != nil || got.Get("error") != c.want || got.Get("iss") != issuer || !strings.HasPrefix(answer.Header().Get("Location"), back+"?") {
			t.Errorf("%s: %v, %v, %q", name, w.begun, got, w.problem)
		}
		if c.change["state"] == "" && got.Get("state") != "the state" {
			t.Errorf("%s: state %q", name, got.Get("state"))
		}
	}
}

// What cannot be told to a service is told to the person, who is sent nowhere.
func TestProblems(t *testing.T) {
	w := newWorld(t)
	for name, target := range map[string]string{
		"no client":       "/oidc/authorize?" + with(asks("sede"), map[string]string{"client_id": ""}).Encode(),
		"unknown client":  "/oidc/authorize?" + asks("nobody").Encode(),
		"other protocol":  "/oidc/authorize?" + asks("saml").Encode(),
		"twice":           "/oidc/authorize?" + asks("sede").Encode() + "&redirect_uri=https%3A%2F%2Fattacker.example",
		"both requests":   "/oidc/authorize?" + asks("sede").Encode() + "&request=a.b.c&request_uri=urn:ietf:params:oauth:request_uri:x",
		"both, elsewhere": "/oidc/authorize?" + asks("sede").Encode() + "&request=a.b.c&request_uri=https%3A%2F%2Fsede.example%2Frequest",
		"huge":            "/oidc/authorize?" + asks("sede").Encode() + "&x=" + strings.Repeat("x", 17<<10),
		"unreadable":      "/oidc/authorize?%zz",
	} {
		if answer := w.browse(target); w.problem == "" || w.begun != nil || answer.Header().Get("Location") != "" {
			t.Errorf("%s: %q, %v, %s", name, w.problem, w.begun, answer.Header().Get("Location"))
		}
	}
}

func TestRequestsRead(t *testing.T) {
	w := newWorld(t)
	r := w.begin(with(asks("sede"), map[string]string{"prompt": "none", "max_age": "300", "ui_locales": "ca es", "scope": "openid unknown nif"}))
	if !r.Passive || r.ForceAuthn || r.MaxAge != 5*time.Minute || r.Echo["ui_locales"] != "ca es" || len(r.Released) != 1 {
		t.Errorf("%+v", r)
	}
	if r := w.begin(with(asks("sede"), map[string]string{"prompt": "login consent"})); !r.ForceAuthn || r.Passive {
		t.Errorf("%+v", r)
	}
	if r := w.begin(with(asks("sede"), map[string]string{"max_age": "0"})); !r.ForceAuthn {
		t.Errorf("%+v", r)
	}
	if r := w.begin(with(asks("nameless"), map[string]string{"redirect_uri": "https://other.example/back"})); len(r.Released) != 1 || r.Released[0] != relying.NIF {
		t.Errorf("%v", r.Released)
	}
	data, err := json.Marshal(w.begin(with(asks("sede"), map[string]string{"state": strings.Repeat("s", 1000)})))
	if err != nil || len(data) > 2000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// The form is as good as the query, and no cookie is read.
func TestAuthorizeByPost(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodPost, issuer+"/oidc/authorize", strings.NewReader(asks("sede").Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w.handler.ServeHTTP(httptest.NewRecorder(), r)
	if w.begun == nil || w.begun.RelayState != "the state" {
		t.Errorf("%v, %q", w.begun, w.problem)
	}
}

// A browser that is sent on asks by GET, and takes nothing that was posted along.
func TestAuthorizeRedirects(t *testing.T) {
	w := newWorld(t)
	for _, values := range []url.Values{asks("sede"), with(asks("sede"), map[string]string{"scope": "nif"}), with(asks("sede"), map[string]string{"prompt": "x"})} {
		if answer := w.authorize(values); answer.Code != http.StatusSeeOther {
			t.Errorf("%d", answer.Code)
		}
	}
}

// Claims are told one by one, where they were asked for, and no more than the service may know.
func TestClaimsOneByOne(t *testing.T) {
	w := newWorld(t)
	values := with(asks("sede"), map[string]string{
		"scope": "openid", "claims": `{"id_token":{"nif":{"essential":true},"birthdate":null},"userinfo":{"given_name":null}}`,
	})
	code, _ := w.code(values)
	x := w.post("/oidc/token", exchanges(code), basic("sede", secret))
	claims := says(t, x.ID)
	_, user := w.user(x.Access)
	if claims["nif"] != "12345678Z" || claims["given_name"] != nil || user["given_name"] != "Carmen" || user["nif"] != nil {
		t.Errorf("%v\n%v", claims, user)
	}
	other := "https://other.example/back"
	code, _ = w.code(with(asks("nameless"), map[string]string{"redirect_uri": other}))
	x = w.post("/oidc/token", public(with(exchanges(code), map[string]string{"redirect_uri": other}), "nameless"))
	if claims := says(t, x.ID); claims["nif"] != "12345678Z" || claims["given_name"] != nil {
		t.Errorf("%v", claims)
	}
}

// Where a service accepts certain levels only, it is told one of them.
func TestEssentialLevelIsTold(t *testing.T) {
	w := newWorld(t)
	code, _ := w.code(with(asks("sede"), map[string]string{"claims": `{"id_token":{"acr":{"essential":true,"value":"http://eidas.europa.eu/LoA/low"}}}`}))
	x := w.post("/oidc/token", exchanges(code), basic("sede", secret))
	if acr := says(t, x.ID)["acr"]; acr != "http://eidas.europa.eu/LoA/low" {
		t.Errorf("%v", acr)
	}
}

// What services call a person differs from sector to sector, and is the same for ever within one.
func TestPairwise(t *testing.T) {
	w := newWorld(t)
	subject := func(party, address string) any {
		code, _ := w.code(with(asks(party), map[string]string{"redirect_uri": address}))
		form := public(with(exchanges(code), map[string]string{"redirect_uri": address}), party)
		if party == "sede" {
			return says(t, w.post("/oidc/token", form, basic("sede", secret)).ID)["sub"]
		}
		return says(t, w.post("/oidc/token", form).ID)["sub"]
	}
	sede, public, other := subject("sede", back), subject("public", back), subject("nameless", "https://other.example/back")
	if sede != public || sede == other || sede != subject("sede", back) || strings.Contains(sede.(string), "12345678") {
		t.Errorf("%v, %v, %v", sede, public, other)
	}
}

// A service that expects somebody is not answered with somebody else.
func TestExpectedPerson(t *testing.T) {
	w := newWorld(t)
	code, _ := w.code(asks("sede"))
	token := w.post("/oidc/token", exchanges(code), basic("sede", secret)).ID
	hinted := with(asks("sede"), map[string]string{"id_token_hint": token})
	if code, _ := w.code(maps.Clone(hinted)); code == "" {
		t.Error("the same person is not answered")
	}
	other := w.register("00000000T", "Ana", "Otra", "")
	byClaim := with(asks("sede"), map[string]string{"claims": `{"id_token":{"sub":{"value":"somebody"}}}`})
	for _, c := range []struct {
		values url.Values
		person string
		want   bool
	}{{asks("sede"), other, false}, {hinted, w.person, false}, {hinted, other, true}, {byClaim, other, true}, {byClaim, w.person, true}} {
		request := w.begin(c.values)
		if got, err := w.Mistaken(t.Context(), request, c.person); got != c.want || err != nil {
			t.Errorf("%s expected, %s comes: mistaken %v, %v", request.Echo["sub"], c.person, got, err)
		}
		if answer, err := w.Fail(t.Context(), request, login.Unexpected); err != nil || query(t, answer.Location).Get("error") != "login_required" {
			t.Errorf("%q, %v", answer.Location, err)
		}
	}
	w.hearsNothing(w.begin(hinted), other)
	foreign := w.authorize(with(asks("public"), map[string]string{"id_token_hint": token}))
	if got := query(t, foreign.Header().Get("Location")); got.Get("error") != "invalid_request" {
		t.Errorf("another's token as a hint: %v", got)
	}
	if x := w.post("/oidc/token", exchanges("x"), basic("sede", secret)); x.Error != "invalid_grant" {
		t.Errorf("%s", x.Raw)
	}
}

// hearsNothing completes a login that should have been stopped: nothing of it stays, not even what the service would call the
// person.
func (w *world) hearsNothing(request login.Request, person string) {
	w.t.Helper()
	result, answer, err := w.agree(request, person)
	if !errors.Is(err, oidc.ErrOther) || answer.Location != "" {
		w.t.Errorf("%q, %v", answer.Location, err)
	}
	if list, err := w.db.Participations(w.t.Context(), result.Session); err != nil || len(list) != 0 {
		w.t.Errorf("%v, %v", list, err)
	}
	if subject, err := w.db.Subject(w.t.Context(), "sede.example", person, ""); err != nil || subject != "" {
		w.t.Errorf("called %q, %v", subject, err)
	}
}

// signed is a request as its service signs it.
func signed(party string, changes map[string]any) map[string]any {
	claims := map[string]any{"iss": party, "aud": issuer, "exp": time.Now().Add(time.Minute).Unix(), "jti": number()}
	for name, list := range asks(party) {
		claims[name] = list[0]
	}
	maps.Copy(claims, changes)
	return claims
}

func keyed(t *testing.T, k key, change func(*relying.OIDC)) relying.Party {
	o := &relying.OIDC{Redirects: []string{back}, Auth: relying.PrivateKey, Keys: k.set(t)}
	change(o)
	return relying.Party{ID: "keyed", Names: map[string]string{"es": "Con clave"}, OIDC: o}
}

// Beside a signed request nothing else counts: what an attacker adds to the query is not mixed in.
func TestSignedRequestsAreNotMixed(t *testing.T) {
	k := newKey(t, "k1")
	w := newWorld(t, keyed(t, k, func(o *relying.OIDC) { o.SignedOnly = true }))
	object := func(changes map[string]any) string { return k.sign(t, "oauth-authz-req+jwt", signed("keyed", changes)) }
	w.authorize(url.Values{
		"client_id": {"keyed"}, "request": {object(map[string]any{"state": nil, "nonce": nil})}, "state": {"evil"}, "nonce": {"evil"}, "acr_values": {"x"},
		"scope": {"openid profile offline_access"}, "prompt": {"none"}, "redirect_uri": {"https://attacker.example"}, "response_type": {"token"}, "max_age": {"1"},
	})
	if r := w.begun; r == nil || r.RelayState != "" || r.Echo["nonce"] != "" || r.Passive || r.MaxAge != 0 || r.Echo["scope"] != "openid nif profile" {
		t.Errorf("%+v, %q", r, w.problem)
	}
	other := newKey(t, "k1")
	for name, values := range map[string]url.Values{
		"not signed":           asks("keyed"),
		"by another key":       {"client_id": {"keyed"}, "request": {other.sign(t, "JWT", signed("keyed", nil))}},
		"for another":          {"client_id": {"keyed"}, "request": {object(map[string]any{"aud": "https://other.example"})}},
		"another's":            {"client_id": {"keyed"}, "request": {object(map[string]any{"client_id": "sede"})}},
		"over":                 {"client_id": {"keyed"}, "request": {object(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()})}},
		"to an unknown place":  {"client_id": {"keyed"}, "request": {object(map[string]any{"redirect_uri": "https://attacker.example"})}},
		"to nearly the place":  {"client_id": {"keyed"}, "request": {object(map[string]any{"redirect_uri": "HTTPS://sede.example/back"})}},
		"to nowhere":           {"client_id": {"keyed"}, "request": {object(map[string]any{"redirect_uri": nil, "scope": "nif"})}},
		"nested, to nowhere":   {"client_id": {"keyed"}, "request": {object(map[string]any{"redirect_uri": nil, "request": "x"})}},
		"with another":         {"client_id": {"keyed"}, "request": {object(nil)}, "request_uri": {"urn:ietf:params:oauth:request_uri:x"}},
		"nested":               {"client_id": {"keyed"}, "request": {object(map[string]any{"request": "x"})}},
		"unsigned":             {"client_id": {"keyed"}, "request": {"eyJhbGciOiJub25lIn0." + strings.Split(object(nil), ".")[1] + "."}},
		"nonsense":             {"client_id": {"keyed"}, "request": {"x"}},
		"by form_post":         {"client_id": {"keyed"}, "request": {object(map[string]any{"response_mode": "form_post"})}},
		"by fragment":          {"client_id": {"keyed"}, "request": {object(map[string]any{"response_type": "token"})}},
		"without a challenge":  {"client_id": {"keyed"}, "request": {object(map[string]any{"code_challenge": ""})}},
		"of a keyless service": {"client_id": {"sede"}, "request": {k.sign(t, "JWT", signed("sede", nil))}},
	} {
		answer := w.authorize(values)
		to := answer.Header().Get("Location")
		if w.begun != nil || to != "" && !strings.HasPrefix(to, back+"?error=") {
			t.Errorf("%s: %+v, %s", name, w.begun, to)
		}
	}
}

// CVE-2022-24129: a request kept elsewhere is not fetched at all.
func TestPast31RequestURIIsNotFetched(t *testing.T) {
	w := newWorld(t)
	for _, address := range []string{"http://127.0.0.1:1/", "https://169.254.169.254/", "https://sede.example/request", "file:///etc/passwd", "urn:x"} {
		answer := w.authorize(with(asks("sede"), map[string]string{"request_uri": address}))
		if got := query(t, answer.Header().Get("Location")); w.begun != nil || got.Get("error") != "request_uri_not_supported" {
			t.Errorf("%s: %v %v", address, w.begun, got)
		}
	}
	if x := w.post("/oidc/par", with(asks("sede"), map[string]string{"request_uri": "http://127.0.0.1:1/"}), basic("sede", secret)); x.Status != 400 {
		t.Errorf("%d %s", x.Status, x.Raw)
	}
}
