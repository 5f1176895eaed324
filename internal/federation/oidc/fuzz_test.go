package oidc_test

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzAuthorize looks for a request that sends a person, or a code, to an address that is not the service's.
func FuzzAuthorize(f *testing.F) {
	w := newWorld(f)
	f.Add(asks("sede").Encode())
	f.Add(asks("public").Encode() + "&redirect_uri=https%3A%2F%2Fattacker.example")
	f.Add("client_id=sede&request=eyJhbGciOiJub25lIn0.e30.")
	f.Add("client_id=sede&request=a.b.c&request_uri=urn:ietf:params:oauth:request_uri:x")
	f.Add("client_id=sede&request_uri=urn:ietf:params:oauth:request_uri:x")
	f.Add(with(asks("sede"), map[string]string{"claims": `{"id_token":{"acr":{"essential":true,"values":["x"]}}}`, "max_age": "99999999999999"}).Encode())
	f.Add(with(asks("sede"), map[string]string{"response_mode": "form_post", "prompt": "none", "id_token_hint": "a.b.c"}).Encode())
	f.Fuzz(func(t *testing.T, query string) {
		if strings.ContainsAny(query, " \r\n\t\x00\x7f#") || !printable(query) {
			return // no browser sends it
		}
		answer := w.browse("/oidc/authorize?" + query)
		if to := answer.Header().Get("Location"); w.begun == nil && to != "" && !strings.HasPrefix(to, back+"?") && !strings.HasPrefix(to, "https://other.example/back?") {
			t.Errorf("%q leads to %q", query, to)
		}
		if w.begun != nil && w.begun.ReturnTo != back && w.begun.ReturnTo != back+"?tenant=1" && w.begun.ReturnTo != "https://other.example/back" {
			t.Errorf("%q begins a login for %q", query, w.begun.ReturnTo)
		}
	})
}

func printable(text string) bool {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] > 0x7e {
			return false
		}
	}
	return true
}

// FuzzLogout looks for a token of nobody that proves something, and for an address that is not registered.
func FuzzLogout(f *testing.F) {
	w := newWorld(f)
	f.Add("a.b.c", out, "sede")
	f.Add("eyJhbGciOiJub25lIn0.eyJhdWQiOiJzZWRlIn0.", out, "")
	f.Fuzz(func(t *testing.T, token, address, client string) {
		w.browse("/oidc/logout?" + url.Values{"id_token_hint": {token}, "post_logout_redirect_uri": {address}, "client_id": {client}}.Encode())
		if w.ended != nil && (w.ended.Fresh || w.ended.Participation != "" || w.ended.ReturnTo != "" && w.ended.ReturnTo != out) {
			t.Errorf("%q, %q, %q: %+v", token, address, client, w.ended)
		}
	})
}

// FuzzToken looks for a form that gets something for nothing.
func FuzzToken(f *testing.F) {
	w := newWorld(f)
	f.Add(exchanges("x.y").Encode())
	f.Add(refreshes("x").Encode() + "&client_id=public")
	f.Add("client_id=sede&client_assertion=a.b.c&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	f.Fuzz(func(t *testing.T, form string) {
		values, err := url.ParseQuery(form)
		if err != nil {
			return
		}
		for _, path := range []string{"/oidc/token", "/oidc/par", "/oidc/revoke", "/oidc/ciba"} {
			if x := w.post(path, values); x.Access != "" || x.Asked != "" || x.Status >= 500 {
				t.Errorf("%s %q: %d %s", path, form, x.Status, x.Raw)
			}
		}
	})
}
