package oidc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/secret"
)

// How services are told that a session ended.
const (
	logoutLife  = 2 * time.Minute // of a logout token (Back-Channel Logout §2.4)
	logoutAgain = 15 * time.Second
	maxLogouts  = 6
	senders     = 8 // at once
)

// logoutEvent is what a logout token says happened.
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// LogoutToken tells a party that its share of a session ended (OpenID Connect Back-Channel Logout 1.0 §2.4).
func (p *Provider) LogoutToken(party relying.Party, q login.Participation) (string, error) {
	alg := goidc.SigAlgES256
	if party.OIDC.RS256 {
		alg = goidc.SigAlgRS256
	}
	claims := map[string]any{
		"iss": p.Issuer, "aud": party.ID, "iat": now(), "exp": wall().Add(logoutLife).Unix(), "jti": secret.ID(wall()),
		"sid": q.ID, "events": map[string]any{logoutEvent: struct{}{}},
	}
	if q.Subject != "" {
		claims["sub"] = q.Subject
	}
	id, key, err := p.signer(context.Background(), alg)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: joseKey{id, key, alg}}, (&jose.SignerOptions{}).WithType("logout+jwt"))
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// Close tells the services that are owed the end of a session, and returns when each has answered or not. What fails is
// tried again by Run. Many processes may do it at once: each service is told by one of them.
func (p *Provider) Close(ctx context.Context) error {
	var list []Owed
	err := p.Store.Do(ctx, func(ctx context.Context) (err error) {
		at := p.Now()
		if list, err = p.Store.ClaimLogouts(ctx, Protocol, at, at.Add(2*logoutAgain), batch); err != nil {
			return err
		}
		for i := range list {
			if err := p.nameSubject(ctx, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return each(list, func(o Owed) error { return p.closeOne(ctx, o) })
}

// nameSubject finds what the party calls the person.
func (p *Provider) nameSubject(ctx context.Context, o *Owed) error {
	party, known, err := p.speaks(ctx, o.Party)
	if err != nil || !known || o.Subject != "" {
		return err
	}
	o.Subject, err = p.Store.Subject(ctx, sector(party), o.Citizen, secret.Token().Reveal())
	return err
}

// closeOne tells one service. Only its own positive answer counts as closed.
func (p *Provider) closeOne(ctx context.Context, o Owed) error {
	state, due := login.Closed, time.Time{}
	taken, err := p.sendLogout(ctx, o)
	if err != nil || !taken {
		p.Log.Warn("service not told of a logout", "party", o.Party, "err", err)
		tries := o.Tries / 2 // claimed and settled: both are counted
		state, due = login.Owed, p.Now().Add(logoutAgain<<tries)
		if tries+1 >= maxLogouts {
			state, due = login.Missed, time.Time{}
		}
	}
	return p.Store.Do(context.WithoutCancel(ctx), func(ctx context.Context) error { return p.Store.SetParticipation(ctx, o.ID, state, due) })
}

func (p *Provider) sendLogout(ctx context.Context, o Owed) (bool, error) {
	party, known, err := p.speaks(ctx, o.Party)
	if err != nil || !known || party.OIDC.BackChannel == "" {
		return false, err
	}
	token, err := p.LogoutToken(party, o.Participation)
	if err != nil {
		return false, err
	}
	form := url.Values{"logout_token": {token}}.Encode()
	return p.postTo(ctx, party, party.OIDC.BackChannel, "application/x-www-form-urlencoded", "", strings.NewReader(form))
}

// postTo posts to a registered address of a party, outside any unit of work, and tells whether it was taken.
func (p *Provider) postTo(ctx context.Context, party relying.Party, address, kind, authorization string, body io.Reader) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTime) // what was begun is finished
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", kind)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	response, err := p.outside(party, r)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK || response.StatusCode == http.StatusNoContent, nil
}

// each runs f for every one of a list, a few at a time.
func each[T any](list []T, f func(T) error) error {
	var all sync.WaitGroup
	errs := make([]error, len(list))
	free := make(chan struct{}, senders)
	for i, x := range list {
		free <- struct{}{}
		all.Go(func() { errs[i] = f(x); <-free })
	}
	all.Wait()
	return errors.Join(errs...)
}
