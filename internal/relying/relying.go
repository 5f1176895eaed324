// Package relying holds the public services that trust us: their names, keys and addresses, and what they ask of a
// person's identity.
package relying

import (
	"context"
	"crypto/x509"
	"errors"
	"net/url"
	"slices"
	"strings"

	"clave/internal/assurance"
)

// Party is one relying party.
type Party struct {
	ID           string              // in the Cl@ve profile the ProviderName up to the semicolon: {NIF}_{DIR3}
	Names        map[string]string   // by language code; "es" is always there
	Certificates []*x509.Certificate // any of them may sign; two while one replaces the other
	ReturnTo     []string            // addresses to answer to, exact; one that ends in "/*" allows any path below it
	Level        assurance.Level     // the least it accepts, whatever a request says
	Methods      []assurance.Method  // the methods it accepts; empty means all
	Test         bool                // a test party may use plain http on loopback, and exists in a demo only
}

// ErrUnknown means that no relying party has the name.
var ErrUnknown = errors.New("relying: unknown party")

// ErrReturn means that an address to answer to is not registered.
var ErrReturn = errors.New("relying: the return address is not registered")

// Name is the party's name in a language, or in Spanish.
func (p Party) Name(lang string) string {
	if name, ok := p.Names[lang]; ok {
		return name
	}
	return p.Names["es"]
}

// Allows tells whether the party accepts a method.
func (p Party) Allows(m assurance.Method) bool {
	return len(p.Methods) == 0 || slices.Contains(p.Methods, m)
}

// Returns checks an address that a request wants its answer sent to: registered, https (or http on loopback for a test
// party), without user, fragment, encoded separators or dot segments (CVE-2026-7504, CVE-2024-8883).
func (p Party) Returns(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" || u.Host == "" || strings.ContainsAny(address, "#\\ \t\r\n") {
		return ErrReturn
	}
	if u.Scheme != "https" && !(p.Test && u.Scheme == "http" && loopback(u.Hostname())) {
		return ErrReturn
	}
	if slices.ContainsFunc(p.ReturnTo, func(registered string) bool { return covers(registered, address, u) }) {
		return nil
	}
	return ErrReturn
}

func covers(registered, address string, u *url.URL) bool {
	prefix, wild := strings.CutSuffix(registered, "*")
	if !wild {
		return registered == address
	}
	plain := u.RawPath == "" && !strings.Contains(u.Path, "/.") && !strings.Contains(u.Path, "//")
	return strings.HasSuffix(prefix, "/") && plain && strings.HasPrefix(address, prefix)
}

func loopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// Registry finds relying parties.
type Registry interface {
	// Party finds one by its id. Errors: ErrUnknown.
	Party(ctx context.Context, id string) (Party, error)
}

// List is a Registry that is read from a configuration.
type List []Party

// Party implements Registry.
func (l List) Party(_ context.Context, id string) (Party, error) {
	for _, p := range l {
		if p.ID == id {
			return p, nil
		}
	}
	return Party{}, ErrUnknown
}
