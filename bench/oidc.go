package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/go-jose/go-jose/v4"

	"clave/internal/federation/oidc"
)

// oidcService is an office that speaks OpenID Connect: code flow, PKCE, private_key_jwt by ES256.
type oidcService struct {
	id, origin string
	key        jose.JSONWebKey
	backend    *http.Client // to the server
	server     jose.JSONWebKeySet
}

func newOIDC(id, origin string) (*oidcService, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &oidcService{id: id, origin: origin, key: jose.JSONWebKey{Key: key, KeyID: rand.Text(), Algorithm: string(jose.ES256), Use: "sig"}}, err
}

// keys are the office's own, as it registers them.
func (s *oidcService) keys() json.RawMessage {
	return must(json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{s.key.Public()}}))
}

// learn reads the server's keys, once, as a service does that caches them. Its own connections stay open from login to
// login, unlike those of browsers.
func (s *oidcService) learn(ctx context.Context, h *house) error {
	s.backend = &http.Client{Transport: throughProxy(h.Address, nil)}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, claveOrigin+oidc.Path+"/jwks", nil)
	if err != nil {
		return err
	}
	answer, err := s.backend.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return json.NewDecoder(answer.Body).Decode(&s.server)
}

// asked is what the office remembers of a visitor while they are away.
type asked struct{ state, nonce, verifier string }

func (s *oidcService) redirect() string { return s.origin + "/callback" }

// enter sends the browser to the server, and exchanges the code that it brings back.
func (s *oidcService) enter(ctx context.Context, v *visitor) error {
	a := asked{rand.Text(), rand.Text(), rand.Text() + rand.Text()}
	p, err := v.browser.get(ctx, link(s.origin+"/"), link(claveOrigin+oidc.Path+"/authorize?"+s.request(a).Encode()))
	if err == nil {
		p, err = v.walk(ctx, p)
	}
	if err != nil {
		return err
	}
	code, err := s.code(p, a)
	if err != nil {
		return err
	}
	token, err := s.exchange(ctx, code, a)
	if err != nil {
		return err
	}
	return s.verify(token, v, a)
}

func (s *oidcService) request(a asked) url.Values {
	challenge := sha256.Sum256([]byte(a.verifier))
	return url.Values{
		"response_type": {"code"}, "client_id": {s.id}, "redirect_uri": {s.redirect()}, "scope": {"openid nif profile"}, "state": {a.state}, "nonce": {a.nonce},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
}

// code reads what the browser was sent back with.
func (s *oidcService) code(p page, a asked) (string, error) {
	if p.away == nil {
		return "", fmt.Errorf("no answer over OpenID Connect on %q", p.heading)
	}
	got := p.away.Query()
	switch {
	case p.away.Scheme+"://"+p.away.Host+p.away.Path != s.redirect():
		return "", fmt.Errorf("the answer goes to %s", p.away.Host)
	case got.Get("error") != "":
		return "", fmt.Errorf("the answer is %s: %s", got.Get("error"), got.Get("error_description"))
	case got.Get("state") != a.state, got.Get("iss") != claveOrigin, got.Get("code") == "":
		return "", errors.New("the answer lacks the code, or is to another request")
	}
	return got.Get("code"), nil
}
