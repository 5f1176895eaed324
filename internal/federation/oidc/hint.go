package oidc

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// hint is an ID token of ours that a service sends back.
type hint struct {
	Subject  string
	Session  string // sid
	Audience []string
	Issued   time.Time
	ID       string // of what it says: a signature can be written in several ways
}

var errHint = errors.New("oidc: not an ID token of ours")

// readHint reads an ID token by any of our published keys. It may have expired: it says whom it was about, and opens
// nothing (RP-Initiated Logout §2).
func (p *Provider) readHint(token string) (hint, error) {
	parsed, err := jwt.ParseSigned(token, ours)
	if err != nil || len(parsed.Headers) != 1 || parsed.Headers[0].ExtraHeaders["typ"] != "JWT" {
		return hint{}, errHint
	}
	keys, err := p.published()
	if err != nil {
		return hint{}, err
	}
	key, err := keys.Key(parsed.Headers[0].KeyID)
	if err != nil || key.Algorithm != parsed.Headers[0].Algorithm {
		return hint{}, errHint
	}
	var claims jwt.Claims
	var more struct {
		Session string `json:"sid"`
	}
	var whole json.RawMessage
	if parsed.Claims(key.Key, &claims, &more, &whole) != nil || claims.Issuer != p.Issuer || claims.IssuedAt == nil {
		return hint{}, errHint
	}
	return hint{claims.Subject, more.Session, claims.Audience, claims.IssuedAt.Time(), keyOf("hint", string(whole))}, nil
}

// meant tells whether the token was made for a party.
func (h hint) meant(party string) bool { return slices.Contains(h.Audience, party) }
