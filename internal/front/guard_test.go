package front

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

const origin = "https://clave.test"

func guard() Guard {
	return Guard{
		Origin: origin, Header: "X-Forwarded-For",
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
	}
}

// seen is the visitor's address as a page reads it, or the status of a refusal.
func seen(g Guard, peer string, header ...string) string {
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr, r.Host = peer, "clave.test"
	r.Header["X-Forwarded-For"] = header
	g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.RemoteAddr)) })).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return w.Result().Status
	}
	return w.Body.String()
}

// Whoever could choose the address that they are counted by would never wait, and could make others wait (safety rule 3).
func TestRule03VisitorIsWhomTrustedProxiesHeard(t *testing.T) {
	for _, tt := range []struct {
		name, peer string
		header     []string
		want       string
	}{
		{"through one proxy", "10.0.0.1:5", []string{"192.0.2.7"}, "192.0.2.7:0"},
		{"no header", "10.0.0.1:5", nil, "10.0.0.1:0"},
		{"a forged beginning", "10.0.0.1:5", []string{"203.0.113.9, 192.0.2.7"}, "192.0.2.7:0"},
		{"a forged trusted one", "10.0.0.1:5", []string{"10.9.9.9, 192.0.2.7"}, "192.0.2.7:0"},
		{"through two proxies", "10.0.0.1:5", []string{"203.0.113.9, 192.0.2.7, 10.0.0.2"}, "192.0.2.7:0"},
		{"several headers are one list", "10.0.0.1:5", []string{"203.0.113.9", "192.0.2.7", "10.0.0.2"}, "192.0.2.7:0"},
		{"the last header forged before", "10.0.0.1:5", []string{"10.0.0.2", "192.0.2.7"}, "192.0.2.7:0"},
		{"all trusted", "10.0.0.1:5", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3:0"},
		{"garbage", "10.0.0.1:5", []string{"<script>"}, "10.0.0.1:0"},
		{"garbage before a good one", "10.0.0.1:5", []string{"unknown, 192.0.2.7"}, "192.0.2.7:0"},
		{"garbage after a good one", "10.0.0.1:5", []string{"192.0.2.7, unknown"}, "10.0.0.1:0"},
		{"an empty end", "10.0.0.1:5", []string{"192.0.2.7,"}, "10.0.0.1:0"},
		{"with a port", "10.0.0.1:5", []string{"192.0.2.7:8080"}, "192.0.2.7:0"},
		{"IPv6", "[fd00::1]:5", []string{"2001:db8::7"}, "[2001:db8::7]:0"},
		{"IPv6 with a port", "10.0.0.1:5", []string{"[2001:db8::7]:99"}, "[2001:db8::7]:0"},
		{"IPv6 in brackets, with a zone", "10.0.0.1:5", []string{"[2001:db8::7%eth0]"}, "[2001:db8::7]:0"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:5", []string{"::ffff:192.0.2.7"}, "192.0.2.7:0"},
		{"not through a proxy", "192.0.2.7:5", []string{"203.0.113.9"}, "403 Forbidden"},
		{"nor from this machine", "127.0.0.1:5", []string{"203.0.113.9"}, "403 Forbidden"},
	} {
		if got := seen(guard(), tt.peer, tt.header...); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestRule03NoHeaderIsBelievedWithoutProxies(t *testing.T) {
	g := Guard{Origin: origin, Header: "X-Forwarded-For"}
	if got := seen(g, "192.0.2.7:5", "203.0.113.9"); got != "192.0.2.7:0" {
		t.Error(got)
	}
}

// An encrypted visitor who comes past the proxies is served under their own address.
func TestRule03HeaderOfAStranger(t *testing.T) {
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", origin+"/", nil) // its TLS is set, for the address is https
	r.RemoteAddr = "192.0.2.7:5"
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	guard().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.RemoteAddr)) })).ServeHTTP(w, r)
	if got := w.Body.String(); got != "192.0.2.7:0" {
		t.Error(got)
	}
}

// A Host that is not ours would get our pages kept under another name, and our links with it (attacks row 12).
func TestPast12OnlyOurHostIsServed(t *testing.T) {
	for host, want := range map[string]int{
		"clave.test": 200, "CLAVE.test": 200, "clave.test:443": 200,
		"evil.test": 421, "clave.test.evil.test": 421, "clave.test:8443": 421, "clave.test.": 421, "127.0.0.1": 421, "": 421, "clave.test@evil.test": 421,
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Host, r.RemoteAddr = host, "10.0.0.1:5"
		r.Header.Set("X-Forwarded-Host", "clave.test")
		guard().Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
	}
}

// Nothing that a visitor writes leads anywhere but to our origin.
func TestRedirectLeadsToTheOriginOnly(t *testing.T) {
	for _, tt := range []struct {
		method, host, target, want string
	}{
		{"GET", "clave.test", "/help?q=a%20b", origin + "/help?q=a%20b"},
		{"HEAD", "clave.test:8080", "/", origin + "/"},
		{"GET", "clave.test", "//evil.test/", origin + "//evil.test/"},
		{"GET", "evil.test", "/", ""},
		{"POST", "clave.test", "/login", ""},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(tt.method, tt.target, nil)
		r.Host = tt.host
		if strings.HasPrefix(tt.target, "//") {
			r.URL.Host, r.URL.Path = "", tt.target
		}
		Redirect(origin).ServeHTTP(w, r)
		if got := w.Header().Get("Location"); got != tt.want {
			t.Errorf("%s %s %s: %q, want %q", tt.method, tt.host, tt.target, got, tt.want)
		}
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	r.Host, r.URL.Opaque, r.URL.Path = "clave.test", ".evil.test", ""
	Redirect(origin).ServeHTTP(w, r)
	if got := w.Header().Get("Location"); got != origin+"/" {
		t.Errorf("opaque: %q", got)
	}
}

func FuzzVisitor(f *testing.F) {
	f.Add("10.0.0.1:5", "192.0.2.7, 10.0.0.2")
	f.Add("[fd00::1%a]:5", "[::1]:99999,")
	f.Fuzz(func(t *testing.T, peer, header string) {
		g := guard()
		from := addrOf(peer)
		got := g.visitor(from, http.Header{"X-Forwarded-For": {header}})
		if !g.trusts(from) && got != from {
			t.Errorf("%q from %q changed the address to %v", header, peer, got)
		}
	})
}
