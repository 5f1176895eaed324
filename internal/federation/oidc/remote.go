package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"sync"
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
		return byValue(party.OIDC)
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
	mu    sync.Mutex
	sets  map[string]cached // by address
}

type cached struct {
	set   *goidc.JSONWebKeySet
	err   error // of the last try, when there is no set
	got   time.Time
	tried time.Time
}

// get returns a party's keys. A key that is not known is asked for, but not every time: who sends nonsense must not make us
// knock at a service without end. While a service is out, its keys of a while ago serve.
func (k *keyCache) get(ctx context.Context, party relying.Party, id string) (*goidc.JSONWebKeySet, error) {
	address := party.OIDC.KeysURI
	k.mu.Lock()
	known := k.sets[address]
	k.mu.Unlock()
	at := k.now()
	if at.Sub(known.tried) < keysRetry || at.Sub(known.got) < keysFresh && known.has(id) {
		return known.set, known.err
	}
	set, err := k.fetch(ctx, party)
	known.tried = at
	switch {
	case err == nil:
		known = cached{set: set, got: at, tried: at}
	case at.Sub(known.got) > keysStale:
		known = cached{err: err, tried: at}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sets == nil {
		k.sets = map[string]cached{}
	}
	k.sets[address] = known
	return known.set, known.err
}

func (c cached) has(id string) bool {
	if c.set == nil {
		return false
	}
	_, err := c.set.Key(id)
	return id == "" || err == nil
}
