package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/relying"
)

// Dialer connects to a service.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Limits of what is fetched from a service, or sent to it.
const (
	fetchTime = 3 * time.Second
	maxFetch  = 64 << 10 // bytes
)

// ErrInside means that an address leads to a machine that is not public: a service must not make us ask what only we can
// reach (CVE-2022-24129).
var ErrInside = errors.New("oidc: the address is not public")

var errRefused = errors.New("oidc: the service refused")

// nowhere is the library's client: everything it needs is fetched before.
var nowhere = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, ErrInside })}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// outside asks a party's own addresses, as registered: https, or http on loopback for a test party; no redirect is followed
// and no proxy asked.
func (p *Provider) outside(party relying.Party, r *http.Request) (*http.Response, error) {
	if err := reachable(party, r.URL); err != nil {
		return nil, err
	}
	transport := &http.Transport{DialContext: p.dialer(party), TLSHandshakeTimeout: fetchTime, DisableKeepAlives: true, MaxResponseHeaderBytes: maxFetch}
	client := &http.Client{
		Transport: transport, Timeout: fetchTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client.Do(r)
}

func reachable(party relying.Party, u *url.URL) error {
	if u.Scheme == "https" && u.User == nil || party.Test && u.Scheme == "http" && loopback(u.Hostname()) {
		return nil
	}
	return ErrInside
}

func (p *Provider) dialer(party relying.Party) Dialer {
	if p.Dial != nil {
		return p.Dial
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		d := net.Dialer{Timeout: fetchTime, Control: guard(party.Test)}
		return d.DialContext(ctx, network, address)
	}
}

// special are ranges that netip does not know as special, and that lead inside or nowhere (RFC 6890, RFC 6052).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
}

// public tells whether an address is one that anybody can reach.
func public(a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsGlobalUnicast() && !a.IsPrivate()
}

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

// keysFor are the keys that a request of a party is to be checked by, if it is signed.
func (p *Provider) keysFor(ctx context.Context, party relying.Party, values url.Values) (*goidc.JSONWebKeySet, error) {
	token := cmp.Or(values.Get("client_assertion"), values.Get("request"))
	if token == "" || party.OIDC.KeysURI == "" || len(party.OIDC.Keys) > 0 {
		return byValue(party.OIDC)
	}
	return p.keys.get(ctx, party, peek(token).Key)
}

// How long fetched keys serve, and how soon a key that is not among them is looked for again.
const (
	keysFresh = 10 * time.Minute
	keysRetry = 30 * time.Second
)

// keyCache remembers the keys that services keep at an address of theirs.
type keyCache struct {
	fetch func(context.Context, relying.Party) (*goidc.JSONWebKeySet, error)
	mu    sync.Mutex
	sets  map[string]cached // by address
}

type cached struct {
	set *goidc.JSONWebKeySet
	err error
	at  time.Time
}

// get returns a party's keys. A key that is not known is asked for, but not every time: who sends nonsense must not make us
// knock at a service without end.
func (k *keyCache) get(ctx context.Context, party relying.Party, id string) (*goidc.JSONWebKeySet, error) {
	address := party.OIDC.KeysURI
	k.mu.Lock()
	known, ok := k.sets[address]
	k.mu.Unlock()
	if age := wall().Sub(known.at); ok && (age < keysRetry || age < keysFresh && known.has(id)) {
		return known.set, known.err
	}
	set, err := k.fetch(ctx, party)
	if err != nil && known.has(id) { // better old keys than none
		return known.set, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sets == nil {
		k.sets = map[string]cached{}
	}
	k.sets[address] = cached{set, err, wall()}
	return set, err
}

func (c cached) has(id string) bool {
	if c.err != nil || c.set == nil {
		return false
	}
	_, err := c.set.Key(id)
	return id == "" || err == nil
}
