package oidc_test

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"clave/internal/federation/oidc"
)

// Nothing leaves before the commit: when it fails, nobody gets a token, and the code is as good as before.
func TestNothingLeavesBeforeTheCommit(t *testing.T) {
	w := newWorld(t)
	code, _ := w.code(offline("sede"))
	w.doomed = true
	x := w.post("/oidc/token", exchanges(code), basic("sede", secret))
	if x.Status != http.StatusInternalServerError || x.Error != "server_error" || strings.Contains(x.Raw, "token") {
		t.Errorf("%d %s", x.Status, x.Raw)
	}
	if x := w.post("/oidc/par", asks("sede"), basic("sede", secret)); x.Status != 500 || x.Handle != "" {
		t.Errorf("pushed: %d %s", x.Status, x.Raw)
	}
	w.doomed = false
	if x := w.post("/oidc/token", exchanges(code), basic("sede", secret)); x.Status != 200 {
		t.Errorf("afterwards: %s", x.Raw)
	}
}

// A code lives a minute, a pushed request a minute and a half.
func TestCodesExpire(t *testing.T) {
	w := newWorld(t)
	code, result := w.code(asks("sede"))
	w.older("grant", oidc.KeyOf("grant", "sede", result.Login.Request.ID), "cu")
	if x := w.post("/oidc/token", exchanges(code), basic("sede", secret)); x.Error != "invalid_grant" {
		t.Errorf("%s", x.Raw)
	}
	x := w.post("/oidc/par", asks("sede"), basic("sede", secret))
	handle := strings.TrimPrefix(x.Handle, "urn:ietf:params:oauth:request_uri:")
	w.older("pushed", oidc.KeyOf("pushed", handle), "expires_at")
	if w.authorize(url.Values{"client_id": {"sede"}, "request_uri": {x.Handle}}); w.begun != nil || w.problem == "" {
		t.Errorf("a pushed request lives for ever: %v", w.begun)
	}
}

// The errors of the token endpoint are those of RFC 6749 §5.2, and its answers are not to be kept.
func TestTokenErrors(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		form url.Values
		want string
	}{
		"no grant type":      {url.Values{}, "unsupported_grant_type"},
		"unknown grant type": {url.Values{"grant_type": {"password"}}, "unsupported_grant_type"},
		"for itself":         {url.Values{"grant_type": {"client_credentials"}}, "unsupported_grant_type"},
		"no code":            {url.Values{"grant_type": {"authorization_code"}}, "invalid_request"},
		"unknown code":       {exchanges("x"), "invalid_grant"},
		"no refresh token":   {url.Values{"grant_type": {"refresh_token"}}, "invalid_request"},
		"unknown token":      {refreshes("x"), "invalid_grant"},
		"confirmation":       {polls("x"), "invalid_grant"},
		"twice":              {url.Values{"grant_type": {"authorization_code"}, "code": {"a", "b"}}, "invalid_request"},
	} {
		x := w.post("/oidc/token", c.form, basic("sede", secret))
		if x.Status != 400 || x.Error != c.want || !strings.Contains(x.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: %d %s", name, x.Status, x.Raw)
		}
	}
	text := func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }
	if x := w.post("/oidc/token", exchanges("x"), basic("sede", secret), text); x.Status != 400 || x.Error != "invalid_request" {
		t.Errorf("JSON: %d %s", x.Status, x.Raw)
	}
	if x := w.browse("/oidc/token"); x.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", x.Code)
	}
}

// A refreshed ID token is about the same person and the same identification, and answers no nonce (Core §12.2).
func TestRefreshedIDToken(t *testing.T) {
	w := newWorld(t)
	code, _ := w.code(offline("sede"))
	first := w.post("/oidc/token", exchanges(code), basic("sede", secret))
	second := w.post("/oidc/token", refreshes(first.Refresh), basic("sede", secret))
	a, b := says(t, first.ID), says(t, second.ID)
	for _, name := range []string{"iss", "sub", "aud", "auth_time", "acr", "amr", "sid", "nif"} {
		if !reflect.DeepEqual(a[name], b[name]) {
			t.Errorf("%s: %v, then %v", name, a[name], b[name])
		}
	}
	if a["nonce"] != "the nonce" || b["nonce"] != nil {
		t.Errorf("nonce: %v, then %v", a["nonce"], b["nonce"])
	}
	for _, scope := range []string{"openid", "openid profile"} {
		second = w.post("/oidc/token", with(refreshes(second.Refresh), map[string]string{"scope": scope}), basic("sede", secret))
		if second.Scope != "openid nif offline_access" {
			t.Errorf("asked for %q, got %q: %s", scope, second.Scope, second.Raw)
		}
	}
}

// An access token is for our userinfo endpoint, and cannot be taken for an ID token.
func TestAccessToken(t *testing.T) {
	w := newWorld(t)
	code, _ := w.code(asks("sede"))
	x := w.post("/oidc/token", exchanges(code), basic("sede", secret))
	claims := says(t, x.Access)
	if claims["aud"] != issuer || claims["client_id"] != "sede" || claims["nif"] != nil || claims["given_name"] != nil {
		t.Errorf("%v", claims)
	}
	info, _ := w.user(x.Access, func(r *http.Request) {
		r.Method = http.MethodPost
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	})
	if info.Status != 200 {
		t.Errorf("by POST: %d %s", info.Status, info.Raw)
	}
}
