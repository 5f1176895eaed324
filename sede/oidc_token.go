package sede

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// expected is what an ID token must fit.
type expected struct {
	Nonce string    // of the request; empty after a question by telephone, which has none
	Level string    // the least
	Since time.Time // when the citizen was asked to show who they are anew; zero: they were not
}

// claims are those of an ID token and of the userinfo answer that we read.
type claims struct {
	ACR          string   `json:"acr"`
	AMR          []string `json:"amr"`
	AuthTime     int64    `json:"auth_time"`
	Session      string   `json:"sid"`
	Party        string   `json:"azp"`
	NIF          string   `json:"nif"`
	GivenName    string   `json:"given_name"`
	FamilyName   string   `json:"family_name"`
	FirstSurname string   `json:"first_surname"`
}

// told is who the gateway says it is, with what it says of the session.
type told struct {
	Who     Identity
	Session string // sid
	Facts   []fact
	Raw     []raw
	Token   string // the ID token
}

// identify reads what the token endpoint answered, asks who it is about, and believes nothing that does not fit. go-oidc
// checks signature, issuer, audience and time; the rest is ours to check.
func (o *office) identify(ctx context.Context, g *gateway, token *oauth2.Token, want expected) (told, error) {
	text, ok := token.Extra("id_token").(string)
	if !ok {
		return told{}, errors.New("no ID token")
	}
	id, err := g.verifier.Verify(ctx, text)
	if err != nil {
		return told{}, err
	}
	var c claims
	if err := id.Claims(&c); err != nil {
		return told{}, err
	}
	if err := o.fits(id, c, token, want); err != nil {
		return told{}, err
	}
	info, err := g.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return told{}, err
	}
	if info.Subject != id.Subject { // a token of somebody else's (OpenID Connect Core §5.3.2)
		return told{}, errors.New("userinfo is about somebody else")
	}
	if err := info.Claims(&c); err != nil {
		return told{}, err
	}
	if c.NIF == "" {
		return told{}, errors.New("names no one")
	}
	return o.tell(id, c, text, info), nil
}

func (o *office) fits(id *oidc.IDToken, c claims, token *oauth2.Token, want expected) error {
	at, level := time.Unix(c.AuthTime, 0), strings.TrimPrefix(c.ACR, levelPrefix)
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(want.Nonce)) != 1:
		return errors.New("answers another request")
	case len(id.Audience) != 1 || c.Party != "" && c.Party != o.cfg.ClientID:
		return errors.New("meant for others too")
	case id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil:
		return errors.New("came with another access token")
	case levels[level] == 0 || levels[level] < levels[want.Level]:
		return fmt.Errorf("level %q is not enough", c.ACR)
	case c.AuthTime == 0 || o.now().Add(time.Minute).Before(at):
		return errors.New("does not say when the citizen was identified")
	case at.Before(want.Since.Add(-time.Minute)):
		return errors.New("identified before it was asked anew")
	}
	return nil
}

func (o *office) tell(id *oidc.IDToken, c claims, text string, info *oidc.UserInfo) told {
	var all json.RawMessage
	_ = info.Claims(&all) // they were read
	who := Identity{
		NIF: c.NIF, GivenName: c.GivenName, FamilyName: c.FamilyName, FirstSurname: c.FirstSurname,
		Level: strings.TrimPrefix(c.ACR, levelPrefix), Method: methods(c.AMR), At: time.Unix(c.AuthTime, 0),
	}
	return told{
		Who: who, Session: c.Session, Token: text,
		Facts: []fact{{"fact.sid", cmp.Or(c.Session, "–")}, {"fact.sub", id.Subject}, {"fact.acr", c.ACR}, {"fact.amr", strings.Join(c.AMR, ", ")}},
		Raw:   []raw{{"raw.idtoken", readableToken(text)}, {"raw.userinfo", readable(all)}},
	}
}
