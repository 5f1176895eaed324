package oidc

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

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
	if u.User == nil && party.Secure(u) {
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

// guard refuses to connect to a machine that is not public. It looks at the address that was resolved, just before the
// connection: a name that leads elsewhere the second time changes nothing. A test party may be on this machine.
func guard(test bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return ErrInside
		}
		if public(to.Addr()) || test && to.Addr().Unmap().IsLoopback() {
			return nil
		}
		return ErrInside
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
