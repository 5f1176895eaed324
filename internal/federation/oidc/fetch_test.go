package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"clave/internal/federation/oidc"
	"clave/internal/relying"
)

// We knock at no machine that is not public, whatever name leads there (CVE-2022-24129).
func TestPast31PublicAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2a00:1450:4003::1": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "0.0.0.0": false,
		"100.64.0.1": false, "192.0.0.1": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.1": false, "203.0.113.1": false,
		"224.0.0.1": false, "255.255.255.255": false, "::1": false, "::": false, "fe80::1": false, "fc00::1": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001:db8::1": false,
	} {
		if got := oidc.Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// remote is a service that keeps its keys at an address of its own.
func remote(address string, test bool) relying.Party {
	return relying.Party{ID: "remote", Test: test, Names: map[string]string{"es": "R"}, OIDC: &relying.OIDC{
		Redirects: []string{back}, Auth: relying.PrivateKey, KeysURI: address}}
}

// Keys are fetched before the unit of work, kept for a while, and looked for again when the service uses a new one.
func TestKeysAreFetched(t *testing.T) {
	k := newKey(t, "k1")
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Write(k.set(t))
	}))
	t.Cleanup(s.Close)
	w := newWorld(t, remote(s.URL, true))
	for range 3 {
		code, _ := w.code(asks("remote"))
		if x := w.post("/oidc/token", exchanges(code), k.assertion(t, "remote", nil)); x.Status != 200 {
			t.Fatalf("%s", x.Raw)
		}
	}
	for range 5 { // who invents keys does not make us knock each time
		w.post("/oidc/token", exchanges("x"), newKey(t, "unknown").assertion(t, "remote", nil))
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestPast31KeysStayOutside(t *testing.T) {
	k := newKey(t, "k1")
	var asked atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Write(k.set(t))
	}))
	t.Cleanup(inside.Close)
	around := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusFound))
	t.Cleanup(around.Close)
	huge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(strings.Repeat(" ", 70<<10)))
		w.Write(k.set(t))
	}))
	t.Cleanup(huge.Close)
	for name, party := range map[string]relying.Party{
		"plain http":      remote(inside.URL, false),
		"this machine":    remote(strings.Replace(inside.URL, "http:", "https:", 1), false),
		"a private place": remote("https://10.0.0.1/keys", false),
		"metadata":        remote("https://169.254.169.254/latest", true),
		"a file":          remote("file:///etc/passwd", true),
		"a redirect":      remote(around.URL, true),
		"huge":            remote(huge.URL, true),
		"nowhere":         remote("http://127.0.0.1:1/", true),
	} {
		w := newWorld(t, party)
		if x := w.post("/oidc/token", exchanges("x"), k.assertion(t, "remote", nil)); x.Error != "invalid_client" {
			t.Errorf("%s: %d %s", name, x.Status, x.Raw)
		}
	}
	if asked.Load() != 0 {
		t.Error("we knocked inside")
	}
}
