package relying

import (
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// maxAddress is the length of the longest address registered, in bytes: a login carries one in its cookie.
const maxAddress = 512

// addresses checks what a party registers as addresses of its own.
type addresses struct {
	test bool
	bad  *problems
}

// exact checks addresses that are compared as they are.
func (a addresses) exact(field string, list []string) {
	few(field, len(list), a.bad)
	for i, address := range list {
		a.one(nth(field, i), address)
		a.once(nth(field, i), address, list[:i])
	}
}

// below checks addresses of which one that ends in "/*" allows any path below it.
func (a addresses) below(field string, list []string) {
	few(field, len(list), a.bad)
	for i, address := range list {
		a.once(nth(field, i), address, list[:i])
		prefix, wild := strings.CutSuffix(address, "/*")
		if wild {
			address = prefix + "/"
		}
		if wild && strings.Contains(address, "?") {
			a.bad.add(nth(field, i), `want no query in an address that ends in "/*"`)
		}
		a.one(nth(field, i), address)
	}
}

func (a addresses) maybe(field, address string) {
	if address != "" {
		a.one(field, address)
	}
}

func (a addresses) once(field, address string, before []string) {
	if slices.Contains(before, address) {
		a.bad.add(field, "want it once")
	}
}

func (a addresses) one(field, address string) {
	if want := a.wrong(address); want != "" {
		a.bad.add(field, want)
	}
}

// wrong says what an address should be, or nothing: https, or http on loopback for a test party; and nothing in it that two
// programs read differently.
func (a addresses) wrong(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Opaque != "" || len(address) > maxAddress || !plainHost(u):
		return "want an address such as https://sede.example/ReturnPage, of at most 512 characters"
	case u.Scheme != "https" && u.Scheme != "http":
		return "want an https address"
	case u.Scheme == "http" && !(a.test && Loopback(u.Hostname())):
		return "want https; plain http is for test parties on loopback"
	case u.User != nil:
		return "want no user name before the host"
	case strings.Contains(address, "#"):
		return "want no fragment"
	case strings.Contains(address, "*"):
		return `want no "*", except as the "/*" at the end of a SAML return address`
	case strings.ContainsFunc(address, foreign) || strings.Contains(u.Path+"/", "/../") || strings.Contains(u.Path+"/", "/./"):
		return "want plain ASCII, percent-encoded where needed, without dot segments"
	}
	return ""
}

func foreign(r rune) bool {
	return r <= ' ' || r >= 0x7f || r == '\\' || r == '"' || r == '<' || r == '>'
}

// plainHost tells whether an address has a host that is written as browsers write it.
func plainHost(u *url.URL) bool {
	host := u.Hostname()
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(".-:", r))
	})
}

// sorted goes through a map in the order of its keys.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}
