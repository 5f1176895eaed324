package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/relying"
)

// fetchKeys reads a key set.
func (p *Provider) fetchKeys(ctx context.Context, party relying.Party) (*goidc.JSONWebKeySet, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, party.OIDC.KeysURI, nil)
	if err != nil {
		return nil, err
	}
	response, err := p.outside(party, r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errRefused
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxFetch+1))
	if err != nil || len(data) > maxFetch {
		return nil, cmp.Or(err, errRefused)
	}
	set := &goidc.JSONWebKeySet{}
	return set, json.Unmarshal(data, set)
}

// keysFor are the keys that a request of a party is to be checked by; none when nothing in it is signed.
func (p *Provider) keysFor(ctx context.Context, party relying.Party, values url.Values) (*goidc.JSONWebKeySet, error) {
	token := cmp.Or(values.Get("client_assertion"), values.Get("request"))
	switch {
	case token == "":
		return &goidc.JSONWebKeySet{}, nil
	case party.OIDC.KeysURI == "" || len(party.OIDC.Keys) > 0:
		return p.registeredKeys(party)
	default:
		return p.keys.get(ctx, party, peek(token).Key)
	}
}

// How long fetched keys serve: without question, at most while they cannot be fetched again, and before a key that is not
// among them is looked for.
const (
	keysFresh = 10 * time.Minute
	keysStale = 12 * time.Hour
	keysRetry = 30 * time.Second
)

// keyCache remembers the keys that services keep at an address of theirs.
type keyCache struct {
	fetch func(context.Context, relying.Party) (*goidc.JSONWebKeySet, error)
	now   func() time.Time
	kept  sync.Map // *address, by its URL
}

// address is where a service keeps its keys.
type address struct {
	turn  chan struct{} // whose turn it is to fetch
	known atomic.Pointer[cached]
}

func (k *keyCache) at(url string) *address {
	fresh := &address{turn: make(chan struct{}, 1)}
	fresh.known.Store(&cached{})
	a, _ := k.kept.LoadOrStore(url, fresh)
	return a.(*address)
}

type cached struct {
	set   *goidc.JSONWebKeySet
	err   error // of the last try, when there is no set
	got   time.Time
	tried time.Time
}

// get returns a party's keys. A key that is not known is asked for, but not every time, nor twice at once: who sends nonsense
// must not make us knock at a service without end. While a service is out, its keys of a while ago serve.
func (k *keyCache) get(ctx context.Context, party relying.Party, id string) (*goidc.JSONWebKeySet, error) {
	a := k.at(party.OIDC.KeysURI)
	if known := a.known.Load(); known.serves(id, k.now()) {
		return known.set, known.err
	}
	select {
	case a.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-a.turn }()
	known, at := a.known.Load(), k.now()
	if !known.serves(id, at) {
		// who hangs up must not leave everybody with a failure
		set, err := k.fetch(context.WithoutCancel(ctx), party)
		known = known.then(at, set, err)
		a.known.Store(known)
	}
	return known.set, known.err
}

// serves tells whether nothing is to be fetched now for a key.
func (c *cached) serves(id string, at time.Time) bool {
	return at.Sub(c.tried) < keysRetry || at.Sub(c.got) < keysFresh && c.has(id)
}

// then is what is known after another try.
func (c *cached) then(at time.Time, set *goidc.JSONWebKeySet, err error) *cached {
	switch {
	case err == nil:
		return &cached{set: set, got: at, tried: at}
	case at.Sub(c.got) > keysStale:
		return &cached{err: err, tried: at}
	default:
		return &cached{set: c.set, got: c.got, tried: at}
	}
}

func (c *cached) has(id string) bool {
	if c.set == nil {
		return false
	}
	_, err := c.set.Key(id)
	return id == "" || err == nil
}
