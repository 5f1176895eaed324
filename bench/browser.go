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
	dialer := &net.Dialer{LocalAddr: from, Timeout: 5 * time.Second}
	direct := &http.Transport{
		DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, server)
		},
		MaxConnsPerHost: 6,
	}
	jar := must(cookiejar.New(nil))
	return &browser{&http.Client{Transport: direct, Jar: jar}, direct}
}

func (b *browser) close() { b.direct.CloseIdleConnections() }

// post sends a form of a page, and follows where it leads.
func (b *browser) post(ctx context.Context, from, to *url.URL, fields url.Values) (page, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(fields.Encode()))
	if err != nil {
		return page{}, err
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	r.Header.Set("Accept-Language", "es-ES,es;q=0.8,en-US;q=0.5,en;q=0.3")
	r.Header.Set("Sec-Fetch-Site", site(from, to))
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-User", "?1")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", from.Scheme+"://"+from.Host)
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
