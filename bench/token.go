package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"clave/internal/federation/oidc"
)

// exchange gives the code for an ID token, over a connection of the office's own.
func (s *oidcService) exchange(ctx context.Context, code string, a asked) (string, error) {
	assertion, err := s.assertion()
	if err != nil {
		return "", err
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {s.redirect()}, "code_verifier": {a.verifier}, "client_id": {s.id},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, claveOrigin+oidc.Path+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := s.backend.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var got struct {
		Token string `json:"id_token"`
		Error string `json:"error"`
		Why   string `json:"error_description"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
		return "", err
	}
	if got.Token == "" {
		return "", fmt.Errorf("the code was refused: %s: %s: %s", answer.Status, got.Error, got.Why)
	}
	return got.Token, nil
}

// assertion proves who asks for the token (RFC 7523 §2.2).
func (s *oidcService) assertion() (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.key}, nil)
	if err != nil {
		return "", err
	}
	now := time.Now()
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: s.id, Subject: s.id, Audience: jwt.Audience{claveOrigin}, ID: rand.Text(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
}

// told is what an ID token says beyond its addressing.
type told struct {
	Nonce   string   `json:"nonce"`
	Methods []string `json:"amr"`
	Level   string   `json:"acr"`
	NIF     string   `json:"nif"`
	Given   string   `json:"given_name"`
	Family  string   `json:"family_name"`
}

// verify reads the ID token as the service does: the signature by the server's published key, then what it says.
func (s *oidcService) verify(token string, v *visitor, a asked) error {
	signed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return err
	}
	var usual jwt.Claims
	var who told
	if err := signed.Claims(s.server, &usual, &who); err != nil {
		return fmt.Errorf("ID token: %w", err)
	}
	if err := usual.Validate(jwt.Expected{Issuer: claveOrigin, AnyAudience: jwt.Audience{s.id}, Time: time.Now()}); err != nil {
		return err
	}
	switch {
	case usual.Expiry == nil, usual.Subject == "", who.Nonce != a.nonce:
		return errors.New("the ID token is to another request, or lacks what it must have")
	case strings.Join(who.Methods, " ") != "otp sms", !strings.HasPrefix(who.Level, "http://eidas.europa.eu/LoA/"):
		return fmt.Errorf("the ID token says that the method was %q, at %q", who.Methods, who.Level)
	}
	return v.names(who.NIF, who.Given+" "+who.Family)
}
