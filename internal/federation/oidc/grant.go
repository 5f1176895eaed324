package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/secret"
)

// grant is what a service was given of a person: one record from the code to the last refresh. Codes and refresh tokens
// are there only as SHA-256: they are random, so nobody finds them from it, and no change of key loses them.
type grant struct {
	id            string
	fresh         bool              // not kept yet
	Party         string            `json:"p"`
	Citizen       string            `json:"z"`
	Subject       string            `json:"s"`
	Session       string            `json:"ss"`
	Participation string            `json:"sid,omitempty"`
	Scopes        string            `json:"sc"`
	Redirect      string            `json:"r,omitempty"`
	Nonce         string            `json:"n,omitempty"`
	Challenge     string            `json:"c,omitempty"`
	Key           string            `json:"k,omitempty"` // thumbprint of the key that its tokens are bound to
	ACR           string            `json:"acr"`
	AMR           []string          `json:"amr"`
	AuthTime      int64             `json:"at"`
	ID            map[string]string `json:"id,omitempty"`   // claims for the ID token
	User          map[string]string `json:"user,omitempty"` // and for the userinfo endpoint
	Code          []byte            `json:"h,omitempty"`    // of the code, or of the auth_req_id
	Made          int               `json:"m"`              // seconds of Unix time, as those below
	CodeUntil     int               `json:"cu"`
	CodeUsed      int               `json:"cx,omitempty"`
	Revoked       int               `json:"x,omitempty"`
	Refresh       []byte            `json:"f,omitempty"` // of the refresh token that is good
	Spent         [][]byte          `json:"o,omitempty"` // of those that were
}

// How long a grant is kept: a code's so long that whoever uses it again is noticed while the access token lives, one that
// can be refreshed as long as any session.
const (
	shortLife = 15 * time.Minute
	longLife  = 24 * time.Hour
	maxSpent  = 200 // refreshes; then the person is asked again
)

// keyOf is the name of a record: a hash of what it is found by, which opens nothing.
func keyOf(kind Kind, parts ...string) string {
	h := sha256.New()
	h.Write([]byte(kind))
	for _, part := range parts {
		h.Write([]byte{0})
		h.Write([]byte(part))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

// handle is a code or a refresh token: the name of its grant, and a secret. So a token that was spent is told from one that
// never was, and is found by one look-up.
func handle(id string) string { return id + "." + secret.Token().Reveal() }

func idOf(handle string) string {
	id, _, _ := strings.Cut(handle, ".")
	return id
}

func digest(handle string) []byte {
	sum := sha256.Sum256([]byte(handle))
	return sum[:]
}

func same(a, b []byte) bool { return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1 }

// newHandle names a pushed request or a request for a confirmation.
func newHandle(context.Context) string { return secret.Token().Reveal() }

// nextRefresh makes the refresh token that replaces the one of this call. FAPI 2.0 forbids that (SP §5.3.2.1 no. 9): its
// clients prove who they are by a key each time, and would lose a session with an answer that never arrived.
func nextRefresh(ctx context.Context) string {
	c := callOf(ctx)
	switch {
	case c.grant == nil:
		return ""
	case c.party.OIDC.FAPI:
		return c.refresh
	default:
		return handle(c.grant.id)
	}
}

func now() int { return int(wall().Unix()) }

const storeName = "grant"

// library is the grant as the library knows it. It carries ours along. The nonce is for the first ID token only (OpenID
// Connect Core §12.2).
func (g *grant) library() *goidc.Grant {
	nonce := g.Nonce
	if g.CodeUsed != 0 {
		nonce = ""
	}
	return &goidc.Grant{
		ID: g.id, CreatedAt: g.Made, RevokedAt: g.Revoked, Subject: g.Subject, ClientID: g.Party, Scopes: g.Scopes,
		AuthParams: goidc.AuthorizationParameters{
			RedirectURI: g.Redirect, Nonce: nonce, CodeChallenge: g.Challenge, CodeChallengeMethod: goidc.CodeChallengeMethodSHA256,
		},
		AuthCodeExpiresAt: g.CodeUntil, AuthCodeConsumedAt: g.CodeUsed, AuthReqIDExpiresAt: g.CodeUntil, AuthReqIDConsumedAt: g.CodeUsed,
		JWKThumbprint: g.Key, Store: map[string]any{storeName: g},
	}
}

func grantOf(x *goidc.Grant) *grant {
	if g, ok := x.Store[storeName].(*grant); ok {
		return g
	}
	return &grant{}
}

// take reads what the library changed. With the exchange of a code that may be refreshed, it makes the refresh token.
func (g *grant) take(x *goidc.Grant) {
	used := max(x.AuthCodeConsumedAt, x.AuthReqIDConsumedAt)
	first := used != 0 && g.CodeUsed == 0
	g.Revoked, g.CodeUsed, g.Key = x.RevokedAt, used, x.JWKThumbprint
	if first && g.Revoked == 0 && slices.Contains(strings.Fields(g.Scopes), scopeOffline) {
		x.RefreshToken = handle(g.id)
	}
	next := digest(x.RefreshToken)
	if x.RefreshToken == "" || same(g.Refresh, next) {
		return
	}
	if len(g.Refresh) > 0 {
		g.Spent = append(g.Spent, g.Refresh)
	}
	g.Refresh = next
}

// record is what is kept of a grant.
func (g *grant) record() (Record, error) {
	life := shortLife
	if len(g.Refresh) > 0 {
		life = longLife
	}
	body, err := json.Marshal(g)
	return Record{Kind: grantKind, Key: g.id, Body: body, Until: time.Unix(int64(g.Made), 0).Add(life)}, err
}
