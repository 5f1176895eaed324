package oidc

import (
	"context"
	"net/http"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// user is the userinfo endpoint. With a proof of possession it is a unit of work, which notes that the proof was used.
func (p *Provider) user(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	c := &call{path: userPath}
	proven := r.Header.Get(goidc.HeaderDPoP) != ""
	if scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); proven && !strings.EqualFold(scheme, string(goidc.TokenTypeDPoP)) {
		deny(w, userPath, wrong{"invalid_token", "a bound token is no bearer's"}) // RFC 9449 §7.2
		return
	}
	if proven {
		p.unit(w, r, c)
		return
	}
	held := newAnswer()
	p.library.ServeHTTP(held, forLibrary(context.WithValue(r.Context(), callKey{}, c), r))
	if c.failed != nil {
		p.broken(w, c.failed)
		return
	}
	held.challenge(userPath)
	held.send(w)
}
