package oidc

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/relying"
)

var scopeList = strings.Join(scopes, " ")

// errSecret says that a secret is wrong, and not how.
var errSecret = errors.New("oidc: wrong secret")

// packHashes and verifySecret carry the hashes through the library, which knows a client's secret as a string.
func packHashes(hashes [][]byte) string {
	packed, _ := json.Marshal(hashes)
	return string(packed)
}

func verifySecret(_ context.Context, packed, presented string) error {
	var hashes [][]byte
	if err := json.Unmarshal([]byte(packed), &hashes); err != nil {
		return errSecret
	}
	sum := sha256.Sum256([]byte(presented))
	right := 0
	for _, h := range hashes {
		right |= subtle.ConstantTimeCompare(h, sum[:])
	}
	if right != 1 {
		return errSecret
	}
	return nil
}

// identify says which client a request claims to come from, unproven: in its form, its Authorization header or its
// assertion.
func identify(r *http.Request) string {
	if id := r.PostForm.Get("client_id"); id != "" {
		return id
	}
	if id, _, ok := r.BasicAuth(); ok {
		return id
	}
	return peek(r.PostForm.Get("client_assertion")).Issuer
}

// peeked is what a token says of itself, unproven.
type peeked struct {
	Algorithm string `json:"alg"`
	Key       string `json:"kid"`
	Issuer    string `json:"iss"`
	Audience  any    `json:"aud"`
}

// peek reads a token without believing it; what it cannot read is empty.
func peek(token string) (said peeked) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return said
	}
	for _, part := range parts[:2] {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || json.Unmarshal(raw, &said) != nil {
			return peeked{}
		}
	}
	return said
}

// meantForUs tells whether an assertion was made for us alone: for the issuer, or as older clients do for the token endpoint.
// One that names another server too can be had from that server, and used here (audience injection,
// draft-ietf-oauth-rfc7523bis).
func (p *Provider) meantForUs(assertion string) bool {
	audience := peek(assertion).Audience
	if list, ok := audience.([]any); ok && len(list) == 1 {
		audience = list[0]
	}
	return assertion == "" || audience == any(p.Issuer) || audience == any(p.Issuer+tokenPath)
}

// speaks is the party of an id, if it speaks OpenID Connect.
func (p *Provider) speaks(ctx context.Context, id string) (relying.Party, bool, error) {
	party, err := p.Parties.Party(ctx, id)
	if errors.Is(err, relying.ErrUnknown) || err == nil && party.OIDC == nil {
		return party, false, nil
	}
	return party, err == nil, err
}

// sector is the name under which a party's services share what they call a person (OpenID Connect Core §8.1). Without a
// registered one it is the host of the redirects; a party with redirects on several hosts is a sector of its own.
func sector(p relying.Party) string {
	if p.OIDC.Sector != "" {
		return p.OIDC.Sector
	}
	alone, host := "party "+p.ID, ""
	for i, address := range p.OIDC.Redirects {
		u, err := url.Parse(address)
		if err != nil || i > 0 && u.Hostname() != host {
			return alone
		}
		host = u.Hostname()
	}
	return cmp.Or(host, alone)
}

// registered are keys as they were registered, and as the library reads them.
type registered struct {
	raw json.RawMessage
	set *goidc.JSONWebKeySet
}

// registeredKeys reads the keys that a party has registered, once for as long as they stay the same.
func (p *Provider) registeredKeys(party relying.Party) (*goidc.JSONWebKeySet, error) {
	if known, ok := p.read.Load(party.ID); ok && bytes.Equal(known.(registered).raw, party.OIDC.Keys) {
		return known.(registered).set, nil
	}
	set, err := byValue(party.OIDC)
	if err == nil {
		p.read.Store(party.ID, registered{party.OIDC.Keys, set})
	}
	return set, err
}

// byValue are the keys that a party has registered.
func byValue(o *relying.OIDC) (*goidc.JSONWebKeySet, error) {
	set := &goidc.JSONWebKeySet{}
	if len(o.Keys) == 0 {
		return set, nil
	}
	return set, json.Unmarshal(o.Keys, set)
}
