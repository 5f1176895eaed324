package oidc

import (
	"context"
	"encoding/json"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// SaveSession implements goidc.AuthManager and goidc.CIBAManager: what a service posted is kept, for then it has proven who
// it is. What comes through a browser is not.
func (m *manager) SaveSession(ctx context.Context, as *goidc.AuthnSession) error {
	c := callOf(ctx)
	if c.path != pushPath { // that of a confirmation was kept when it was asked
		return nil
	}
	body, err := json.Marshal(as)
	if err != nil {
		return c.fail(err)
	}
	_, err = m.p.Store.AddRecord(ctx, Record{
		Kind: pushedKind, Key: keyOf(pushedKind, as.PushedAuthReqID), Body: body, Until: time.Unix(int64(as.ExpiresAt), 0),
	})
	return c.fail(err)
}

// SessionByPushedAuthReqID implements goidc.PARManager.
func (m *manager) SessionByPushedAuthReqID(ctx context.Context, id string) (*goidc.AuthnSession, error) {
	c := callOf(ctx)
	r, found, err := m.p.Store.Record(ctx, pushedKind, keyOf(pushedKind, id))
	if err != nil {
		return nil, c.fail(err)
	}
	as := &goidc.AuthnSession{}
	if !found || json.Unmarshal(r.Body, as) != nil {
		return nil, goidc.ErrNotFound
	}
	return as, nil
}

// pushed checks a pushed request whole, and notes what the library has no place for.
func (p *Provider) pushed(ctx context.Context, as *goidc.AuthnSession, _ *goidc.Client) error {
	c := callOf(ctx)
	if as.Store == nil {
		as.Store = map[string]any{}
	}
	if c.locales != "" {
		as.Store["locales"] = c.locales
	}
	if c.hint != "" {
		as.Store["hint"] = c.hint
	}
	if !c.party.Redirects(c.party.OIDC.Redirects, as.RedirectURI) {
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, "unregistered redirect_uri")
	}
	if _, bad := p.request(c, as); bad != nil {
		return goidc.NewError(goidc.ErrorCode(bad.Code), bad.Text)
	}
	return nil
}
