package oidc_test

import (
	"net/http"
	"testing"

	"clave/internal/relying"
)

// A client's name and secret are encoded in the header like a form (RFC 6749 §2.3.1); software that does not is understood
// where it can be.
func TestBasicIsEncoded(t *testing.T) {
	odd := relying.Party{ID: "P1_L.1", Names: map[string]string{"es": "Sede"}, OIDC: &relying.OIDC{
		Redirects: []string{back}, Auth: relying.SecretBasic, SecretHashes: [][]byte{sha("a b+c/é:%"), sha("100%")}}}
	w := newWorld(t, odd)
	for name, c := range map[string]struct {
		id, secret string
		want       int
	}{
		"encoded":       {"P1%5FL%2E1", "a+b%2Bc%2F%C3%A9%3A%25", http.StatusCreated},
		"encoded twice": {"P1%255FL%252E1", "a%2Bb", http.StatusUnauthorized},
		"not at all":    {"P1_L.1", "100%", http.StatusCreated},
		"another":       {"P1_L.1", "a b+c", http.StatusUnauthorized},
	} {
		if x := w.post("/oidc/par", asks("P1_L.1"), basic(c.id, c.secret)); x.Status != c.want {
			t.Errorf("%s: %d %s", name, x.Status, x.Raw)
		}
	}
}
