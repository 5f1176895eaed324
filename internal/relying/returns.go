package relying

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// ErrReturn means that an address to answer to is not registered.
var ErrReturn = errors.New("relying: the return address is not registered")

// Returns checks an address that a request by SAML wants its answer sent to: registered, and plain. Errors: ErrReturn.
func (p Party) Returns(address string) error {
	if p.SAML == nil {
		return ErrReturn
	}
	return p.registered(p.SAML.ReturnTo, address)
}

// LogoutReturns does the same for the address that a logout by SAML returns to.
func (p Party) LogoutReturns(address string) error {
	if p.SAML == nil {
		return ErrReturn
	}
	return p.registered(p.SAML.LogoutReturn, address)
}

func (p Party) registered(list []string, address string) error {
	u, ok := p.plain(address)
	if ok && slices.ContainsFunc(list, func(registered string) bool { return covers(registered, address, u) }) {
		return nil
	}
	return ErrReturn
}

// IsAt tells whether an origin, as browsers write it, is that of an address that the party registered for SAML.
func (p Party) IsAt(origin string) bool {
	if p.SAML == nil {
		return false
	}
	return slices.ContainsFunc(slices.Concat(p.SAML.ReturnTo, p.SAML.LogoutReturn, []string{p.SAML.Logout}), func(address string) bool {
		u, err := url.Parse(strings.TrimSuffix(address, "*"))
		return err == nil && u.Host != "" && origin == u.Scheme+"://"+u.Host
	})
}

// Redirects tells whether an address of OpenID Connect may be answered to: among those registered, byte for byte, and plain.
func (p Party) Redirects(registered []string, address string) bool {
	_, ok := p.plain(address)
	return ok && slices.Contains(registered, address)
}

// plain parses an address that may be answered to: one that Secure takes, without user or fragment, and nothing in it that
// two programs read differently (CVE-2026-7504, CVE-2024-8883).
func (p Party) plain(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" || u.Host == "" || strings.ContainsAny(address, "#\\ \t\r\n") {
		return nil, false
	}
	return u, p.Secure(u)
}

// Secure tells whether nobody can listen on the way to an address: https, or http on loopback for a test party.
func (p Party) Secure(u *url.URL) bool {
	return u.Scheme == "https" || p.Test && u.Scheme == "http" && Loopback(u.Hostname())
}

// Loopback tells whether a host is this very machine, by a name that leads nowhere else.
func Loopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// covers tells whether a registered address, perhaps one that ends in "/*", allows an address: below it only, on its host,
// without encoded separators or dot segments.
func covers(registered, address string, u *url.URL) bool {
	prefix, wild := strings.CutSuffix(registered, "*")
	if !wild {
		return registered == address
	}
	above, err := url.Parse(prefix)
	sameHost := err == nil && above.Host == u.Host // "https://*" allows nothing
	plain := u.RawPath == "" && !strings.Contains(u.Path, "/.") && !strings.Contains(u.Path, "//")
	return strings.HasSuffix(prefix, "/") && sameHost && plain && strings.HasPrefix(address, prefix)
}
