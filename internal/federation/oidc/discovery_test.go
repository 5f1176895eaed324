package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
)

// What is published is what is served, and an ordinary client finds its way by it.
func TestDiscovery(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		doc := map[string]any{}
		if err := json.Unmarshal(w.browse(path).Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]any{
			"issuer": issuer, "authorization_endpoint": issuer + "/oidc/authorize", "token_endpoint": issuer + "/oidc/token",
			"userinfo_endpoint": issuer + "/oidc/userinfo", "jwks_uri": issuer + "/oidc/jwks", "end_session_endpoint": issuer + "/oidc/logout",
			"pushed_authorization_request_endpoint": issuer + "/oidc/par", "revocation_endpoint": issuer + "/oidc/revoke",
			"backchannel_authentication_endpoint": issuer + "/oidc/ciba", "backchannel_token_delivery_modes_supported": []any{"poll", "ping"},
			"backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
			"response_types_supported": []any{"code"}, "response_modes_supported": []any{"query"}, "subject_types_supported": []any{"pairwise"},
			"id_token_signing_alg_values_supported": []any{"ES256", "RS256"}, "code_challenge_methods_supported": []any{"S256"},
			"authorization_response_iss_parameter_supported": true, "claims_parameter_supported": true, "request_parameter_supported": true,
			"request_uri_parameter_supported": false, "dpop_signing_alg_values_supported": []any{"ES256", "PS256"},
			"token_endpoint_auth_methods_supported": []any{"private_key_jwt", "client_secret_basic", "client_secret_post", "none"},
			"scopes_supported":                      []any{"openid", "nif", "profile", "offline_access"},
			"registration_endpoint":                 nil, "introspection_endpoint": nil, "device_authorization_endpoint": nil,
		} {
			if !reflect.DeepEqual(doc[name], want) {
				t.Errorf("%s: %v, want %v", name, doc[name], want)
			}
		}
	}
}

// An ordinary client library reads the document over the wire, and verifies a token by the keys it finds there.
func TestOrdinaryClient(t *testing.T) {
	w := newWorld(t)
	s := httptest.NewServer(w.handler)
	t.Cleanup(s.Close)
	ctx := gooidc.ClientContext(gooidc.InsecureIssuerURLContext(t.Context(), issuer), &http.Client{Transport: towards(s.URL)})
	p, err := gooidc.NewProvider(ctx, issuer)
	if err != nil {
		t.Fatal(err)
	}
	code, _ := w.code(asks("sede"))
	x := w.post("/oidc/token", exchanges(code), basic("sede", secret))
	if _, err := p.Verifier(&gooidc.Config{ClientID: "sede"}).Verify(ctx, x.ID); err != nil {
		t.Error(err)
	}
}

// towards sends every request to one server.
type towards string

func (to towards) RoundTrip(r *http.Request) (*http.Response, error) {
	local, err := http.NewRequestWithContext(r.Context(), r.Method, string(to)+r.URL.Path, r.Body)
	if err != nil {
		return nil, err
	}
	local.Header = r.Header
	return http.DefaultTransport.RoundTrip(local)
}

// A script of a public client may read the answers; a page of ours, and what leads to one, is for nobody's script.
func TestScripts(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{"/oidc/token": "*", "/oidc/userinfo": "*", "/oidc/jwks": "*", "/oidc/authorize": "", "/oidc/logout": "", "/oidc/ciba": ""} {
		r := httptest.NewRequest(http.MethodOptions, issuer+path, nil)
		if x := w.send(r); x.Header.Get("Access-Control-Allow-Origin") != want || want != "" && x.Status != http.StatusNoContent {
			t.Errorf("%s: %d %q", path, x.Status, x.Header.Get("Access-Control-Allow-Origin"))
		}
	}
}
