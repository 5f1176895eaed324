package oidc_test

import "testing"

// BenchmarkLogin is a whole login by code and PKCE with a public client, but for the identification.
func BenchmarkLogin(b *testing.B) {
	w := newWorld(b)
	for b.Loop() {
		w.begin(asks("public"))
		result, answer, err := w.agree(*w.begun, w.person)
		if err != nil || result.Session == "" {
			b.Fatal(err)
		}
		if x := w.post("/oidc/token", public(exchanges(query(b, answer.Location).Get("code")), "public")); x.ID == "" {
			b.Fatal(x.Raw)
		}
	}
}
