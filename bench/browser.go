package main

import (
	"context"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// browser is one person's: new cookies, an address of their own, connections of their own.
//
// It reaches every https address at one server in plain http, as if the proxy that ends TLS stood between them: what TLS
// costs is the proxy's.
type browser struct {
	client *http.Client
	direct *http.Transport
}

func newBrowser(server string, from net.Addr) *browser {
	direct := throughProxy(server, from)
	direct.MaxConnsPerHost = 6
	return &browser{&http.Client{Transport: direct, Jar: must(cookiejar.New(nil)), CheckRedirect: stay}, direct}
}

// throughProxy connects to the server, whatever the https address.
func throughProxy(server string, from net.Addr) *http.Transport {
	dialer := &net.Dialer{LocalAddr: from, Timeout: 5 * time.Second}
	return &http.Transport{DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, server)
	}}
}

// stay follows no redirect to a service: what it carries is looked at.
func stay(r *http.Request, _ []*http.Request) error {
	if r.URL.Host != claveHost {
		return http.ErrUseLastResponse
	}
	return nil
}

func (b *browser) close() { b.direct.CloseIdleConnections() }

// get follows a link of a page.
func (b *browser) get(ctx context.Context, from, to *url.URL) (page, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return page{}, err
	}
	return b.open(r, from)
}

// post sends a form of a page, and follows where it leads.
func (b *browser) post(ctx context.Context, from, to *url.URL, fields url.Values) (page, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(fields.Encode()))
	if err != nil {
		return page{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", from.Scheme+"://"+from.Host)
	return b.open(r, from)
}

func (b *browser) open(r *http.Request, from *url.URL) (page, error) {
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	r.Header.Set("Accept-Language", "es-ES,es;q=0.8,en-US;q=0.5,en;q=0.3")
	r.Header.Set("Sec-Fetch-Site", site(from, r.URL))
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-User", "?1")
	answer, err := b.client.Do(r)
	if err != nil {
		return page{}, err
	}
	defer answer.Body.Close()
	return readPage(answer)
}

func site(from, to *url.URL) string {
	if from.Scheme == to.Scheme && from.Host == to.Host {
		return "same-origin"
	}
	return "cross-site"
}
