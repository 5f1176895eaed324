package front

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Own serves the operator's port: to who asks for an address, for this machine, or for one of the names given. Any other name in
// Host is misdirected (421): a page that an operator looks at could have its own name lead here (DNS rebinding), and read figures
// and profiles through that browser. Who names no host at all is no browser.
func Own(names []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !own(r.Host, names) {
			http.Error(w, "another host", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func own(asked string, names []string) bool {
	host, _, err := net.SplitHostPort(asked)
	if err != nil {
		host = strings.Trim(asked, "[]")
	}
	if _, err := netip.ParseAddr(host); err == nil || asked == "" {
		return true
	}
	host = strings.TrimSuffix(host, ".")
	is := func(name string) bool { return host != "" && strings.EqualFold(host, name) }
	return is("localhost") || slices.ContainsFunc(names, is)
}
