package front

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Guard stands before the pages that citizens reach. What comes after it reads the visitor's address from RemoteAddr and
// nowhere else.
type Guard struct {
	Origin  string         // where citizens reach us: only its host is served
	Trusted []netip.Prefix // the proxies before us, whose Header is believed; none: no header is
	Header  string         // which names the visitor's address, for example "X-Forwarded-For"
}

// Handler lets next see what may be seen.
//
//   - A foreign Host is misdirected (421): a page of another site cannot send here by a name of its own (DNS rebinding), and no
//     cache keeps our pages under a forged one.
//   - Behind proxies, what came neither through one nor encrypted is refused: codes and cookies would pass in the clear.
func (g Guard) Handler(next http.Handler) http.Handler {
	host := hostOf(g.Origin)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer := addrOf(r.RemoteAddr)
		if len(g.Trusted) > 0 && r.TLS == nil && !g.trusts(peer) {
			http.Error(w, g.Origin, http.StatusForbidden)
			return
		}
		if !sameHost(r.Host, host) {
			http.Error(w, g.Origin, http.StatusMisdirectedRequest)
			return
		}
		if visitor := g.visitor(peer, r.Header); visitor.IsValid() {
			r.RemoteAddr = net.JoinHostPort(visitor.String(), "0")
		}
		next.ServeHTTP(w, r)
	})
}

func hostOf(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Host, ":443")
}

func sameHost(asked, ours string) bool {
	return ours != "" && strings.EqualFold(strings.TrimSuffix(asked, ":443"), ours)
}

// visitor is the right-most address that no trusted proxy has: each proxy appends whom it heard, so everything to the left of
// it was written by the visitor, who may write what they like. Where a proxy wrote what is no address, the visitor is unknown,
// and that proxy's own address stands for them.
func (g Guard) visitor(peer netip.Addr, h http.Header) netip.Addr {
	if !g.trusts(peer) {
		return peer
	}
	named := strings.Split(strings.Join(h.Values(g.Header), ","), ",")
	for _, text := range slices.Backward(named) {
		next := addrOf(strings.TrimSpace(text))
		if !next.IsValid() {
			return peer
		}
		if peer = next; !g.trusts(peer) {
			return peer
		}
	}
	return peer
}

func (g Guard) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(g.Trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// addrOf reads an address, with or without a port; the zero address when it is none. A zone is dropped: it means something on
// the proxy's machine only.
func addrOf(text string) netip.Addr {
	if with, err := netip.ParseAddrPort(text); err == nil {
		return with.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// Redirect leads from plain http to the origin. A form posted in the clear is not taken along: whoever typed it is to see that
// something is wrong, and its words are not sent twice.
func Redirect(origin string) http.Handler {
	host := hostOf(origin)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			name = r.Host
		}
		ours, _, err := net.SplitHostPort(host)
		if err != nil {
			ours = host
		}
		if !strings.EqualFold(name, ours) || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, origin, http.StatusMisdirectedRequest)
			return
		}
		target := origin + "/"
		if path := r.URL.EscapedPath(); strings.HasPrefix(path, "/") && r.URL.Opaque == "" {
			target = origin + r.URL.RequestURI()
		}
		http.Redirect(w, r, target, http.StatusMovedPermanently)
	})
}
