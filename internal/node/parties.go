package node

import (
	"context"
	"slices"
	"time"

	"clave/internal/keyring"
	"clave/internal/relying"
	"clave/internal/store"
)

// registry is where parties are found: those given, or those of the database; and our own pages.
func (c Config) registry(s *store.Store) relying.Registry {
	parties := c.Parties
	if parties == nil {
		parties = &relying.Shelf{Source: s, Now: time.Now}
	}
	if c.Kind == keyring.Live {
		parties = onlyLive{parties}
	}
	return relying.WithOwn{Registry: parties}
}

// onlyLive knows no test party: in a live database one gets only refusals (safety rule 23).
type onlyLive struct{ relying.Registry }

// Party implements relying.Registry.
func (l onlyLive) Party(ctx context.Context, id string) (relying.Party, error) {
	p, err := l.Registry.Party(ctx, id)
	if err == nil && p.Test {
		return relying.Party{}, relying.ErrUnknown
	}
	return p, err
}

// Returning implements relying.Registry.
func (l onlyLive) Returning(ctx context.Context, address string) ([]relying.Party, error) {
	list, err := l.Registry.Returning(ctx, address)
	return slices.DeleteFunc(list, func(p relying.Party) bool { return p.Test }), err
}
