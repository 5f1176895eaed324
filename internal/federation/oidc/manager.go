package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// manager is the storage that the library wants, over our own small one. The unit of work, if there is one, is in the
// context; an error of the store fails it, whatever the library answers.
type manager struct{ p *Provider }

// errUnserved is for what the library never asks, as it is set up.
var errUnserved = errors.New("oidc: not served")

// Client implements goidc.DCRManager: the client of this call, or the one that an access token names.
func (m *manager) Client(ctx context.Context, id string) (*goidc.Client, error) {
	c := callOf(ctx)
	if c.client != nil && c.client.ID == id {
		return c.client, nil
	}
	party, known, err := m.p.speaks(ctx, id)
	if err != nil {
		return nil, c.fail(err)
	}
	if !known || c.path != userPath {
		return nil, goidc.ErrNotFound
	}
	return clientOf(party, &goidc.JSONWebKeySet{}), nil
}

// SaveClient and DeleteClient implement goidc.DCRManager. Services are registered elsewhere.
func (m *manager) SaveClient(context.Context, *goidc.Client) error { return errUnserved }

// DeleteClient does nothing.
func (m *manager) DeleteClient(context.Context, string) error { return errUnserved }

// load finds a grant whose session lives.
func (m *manager) load(ctx context.Context, id string) (*grant, error) {
	c := callOf(ctx)
	g, found, err := m.p.findGrant(ctx, id)
	if err != nil {
		return nil, c.fail(err)
	}
	if !found {
		return nil, goidc.ErrNotFound
	}
	alive, err := m.p.Sessions.Alive(ctx, g.Session)
	if err != nil {
		return nil, c.fail(err)
	}
	if !alive {
		return nil, goidc.ErrNotFound
	}
	c.grant = g
	return g, nil
}

func (p *Provider) findGrant(ctx context.Context, id string) (*grant, bool, error) {
	r, found, err := p.Store.Record(ctx, grantKind, id)
	if err != nil || !found || !wall().Before(r.Until) {
		return nil, false, err
	}
	g := &grant{id: id}
	return g, true, json.Unmarshal(r.Body, g)
}

// loadLater finds a grant that is used again after the login. A registration that was frozen meanwhile is somebody else's
// perhaps (CVE-2026-9798).
func (m *manager) loadLater(ctx context.Context, id string) (*grant, error) {
	g, err := m.load(ctx, id)
	if err != nil {
		return nil, err
	}
	c, found, err := m.p.Store.Citizen(ctx, g.Citizen)
	if err != nil {
		return nil, callOf(ctx).fail(err)
	}
	if !found || c.Frozen {
		return nil, goidc.ErrNotFound
	}
	return g, nil
}

// Grant implements goidc.GrantManager: what an access token stands for.
func (m *manager) Grant(ctx context.Context, id string) (*goidc.Grant, error) {
	g, err := m.loadLater(ctx, id)
	if err != nil {
		return nil, err
	}
	return g.library(), nil
}

// GrantByAuthCode implements goidc.AuthManager. A code that was used before is handed over: the library then revokes what
// came of it (RFC 6749 §4.1.2).
func (m *manager) GrantByAuthCode(ctx context.Context, code string) (*goidc.Grant, error) {
	g, err := m.load(ctx, idOf(code))
	if err != nil {
		return nil, err
	}
	if !same(g.Code, digest(code)) || g.Revoked != 0 {
		return nil, goidc.ErrNotFound
	}
	return g.library(), nil
}

// GrantByRefreshToken implements goidc.RefreshTokenManager. A token that was spent before has two holders, and nobody knows
// which of them is the thief: everything that came of it ends (RFC 9700 §4.14.2).
func (m *manager) GrantByRefreshToken(ctx context.Context, token string) (*goidc.Grant, error) {
	g, err := m.loadLater(ctx, idOf(token))
	if err != nil {
		return nil, err
	}
	callOf(ctx).refresh = token
	sum := digest(token)
	switch {
	case slices.ContainsFunc(g.Spent, func(old []byte) bool { return same(old, sum) }):
		g.Revoked = now()
		if err := m.keep(ctx, g); err != nil {
			return nil, err
		}
		return nil, goidc.ErrNotFound
	case !same(g.Refresh, sum), g.Revoked != 0, len(g.Spent) >= maxSpent:
		return nil, goidc.ErrNotFound
	}
	return g.library(), nil
}

// SaveGrant implements goidc.GrantManager.
func (m *manager) SaveGrant(ctx context.Context, x *goidc.Grant) error {
	g := grantOf(x)
	g.take(x)
	return m.keep(ctx, g)
}

func (m *manager) keep(ctx context.Context, g *grant) error {
	r, err := g.record()
	if err != nil {
		return callOf(ctx).fail(err)
	}
	if !g.fresh {
		return callOf(ctx).fail(m.p.Store.SaveRecord(ctx, r))
	}
	added, err := m.p.Store.AddRecord(ctx, r)
	if err == nil && !added {
		err = ErrAnswered
	}
	return callOf(ctx).fail(err)
}

// Session implements goidc.AuthManager. The endpoint that would ask is not served: a login is resumed by Answer.
func (m *manager) Session(context.Context, string) (*goidc.AuthnSession, error) {
	return nil, goidc.ErrNotFound
}

// useOnce refuses the identifier of a token that the service used before. A request that comes through a browser is not
// noted: it begins a login, and nothing is written before the person acts.
func (p *Provider) useOnce(ctx context.Context, id string) error {
	c := callOf(ctx)
	if c.path == authorizePath {
		return nil
	}
	added, err := p.Store.AddRecord(ctx, Record{
		Kind: usedKind, Key: keyOf(usedKind, c.party.ID, id), Until: wall().Add(2*proofLife*time.Second + leeway*time.Second),
	})
	if err != nil {
		return c.fail(err)
	}
	if !added {
		return errUsed
	}
	return nil
}

var errUsed = errors.New("oidc: the token was used before")
