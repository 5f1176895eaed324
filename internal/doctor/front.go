package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"clave/internal/courier"
)

// Front is how citizens reach us.
type Front struct {
	Origin      string
	Certificate string         // a file; empty: plain http
	Key         string         // a file
	Proxies     []netip.Prefix // whose word is taken
	Address     string         // that the node listens on
}

// Check looks at the address, the certificate and what stands before us.
func (f Front) Check(ctx context.Context, now time.Time) []Finding {
	origin, err := url.Parse(f.Origin)
	if err != nil || origin.Host == "" {
		return []Finding{wrong("Write origin = \"https://clave.example.es\".", "the origin is no address")}
	}
	found := append(f.host(ctx, origin), f.proxy()...)
	if f.Certificate != "" {
		found = append(found, Certificate(f.Certificate, f.Key, origin.Hostname(), now)...)
	}
	return found
}

func (f Front) host(ctx context.Context, origin *url.URL) (found []Finding) {
	if origin.Scheme != "https" {
		found = append(found, wrong("Use https: browsers keep our cookies for it only.", "the origin is not https"))
	}
	if len(origin.Hostname()) > courier.MaxHost {
		found = append(found, wrong("Choose a shorter name.", "its host has more than %d characters, and does not fit an SMS", courier.MaxHost))
	}
	if _, err := net.DefaultResolver.LookupHost(ctx, origin.Hostname()); err != nil {
		return append(found, warning("Have the name published, or ask from a machine that sees what citizens see.", "the name %s is not found from here", origin.Hostname()))
	}
	return append(found, well("the name %s is found", origin.Hostname()))
}

func (f Front) proxy() (found []Finding) {
	for _, p := range f.Proxies {
		if p.Bits() == 0 {
			found = append(found, wrong("Name the proxies' own networks.", "everybody's word is taken for a visitor's address: limits and records mean nothing"))
		}
	}
	host, _, _ := net.SplitHostPort(f.Address)
	loopback := host == "localhost" || net.ParseIP(host).IsLoopback()
	if f.Certificate == "" && len(f.Proxies) == 0 && !loopback {
		found = append(found, wrong("Set [tls], or [proxy] if something before us speaks TLS.", "citizens would reach us over plain http"))
	}
	return found
}

// webSoon is how long before its end the certificate of a web server is spoken of: most are replaced a month before.
const webSoon = 14 * 24 * time.Hour

// Certificate looks at the files of a web server's certificate: that the key is its own, that it names the host, that its
// chain is there, and when it ends.
func Certificate(certificate, key, host string, now time.Time) []Finding {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return []Finding{wrong("Put certificate and key of one order there: the first certificate of the file is ours.", "certificate and key do not fit or cannot be read: %s", brief(err))}
	}
	leaf := pair.Leaf
	var found []Finding
	if err := leaf.VerifyHostname(host); err != nil {
		found = append(found, wrong("Order one for "+host+".", "the certificate is not for %s: it names %s", host, strings.Join(leaf.DNSNames, ", ")))
	}
	between := x509.NewCertPool()
	for _, der := range pair.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(c)
		}
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Intermediates: between, CurrentTime: now}); err != nil && now.Before(leaf.NotAfter) && now.After(leaf.NotBefore) {
		found = append(found, warning("Put the authority's intermediate certificates behind ours in the file. If the authority is your own, browsers must know it.", "this machine does not trust it: %s", brief(err)))
	}
	return append(found, ending(leaf, now, webSoon, "Renew it; a running node takes up the new files by itself.", "the web certificate"))
}

// The difference between two clocks that is spoken of, and that which stops a node (safety rule 22). The Date of an HTTP
// answer is cut to the second, so that it may seem a second old.
const (
	odd   = 500 * time.Millisecond
	stops = 2 * time.Second
)

// Clock compares the clock with that of PostgreSQL, and with the Date that a web server answers with.
func Clock(ctx context.Context, database, server string) (found []Finding) {
	if strings.Contains(database, "://") {
		if db, err := sql.Open("pgx", database); err == nil {
			defer db.Close()
			asked := time.Now()
			var theirs time.Time
			if err := db.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&theirs); err == nil {
				found = append(found, apart("the database's", middle(asked, time.Now()).Sub(theirs)))
			}
		}
	}
	if server != "" {
		found = append(found, dated(ctx, server))
	}
	if len(found) == 0 {
		found = []Finding{warning("Name a web server that you trust: clave doctor -clock https://www.example.es", "it was compared with nothing")}
	}
	return found
}

func dated(ctx context.Context, server string) Finding {
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, server, nil)
	if err != nil {
		return warning("Give an address: -clock https://www.example.es", "it was not compared: no such address")
	}
	asked := time.Now()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return warning("Name a web server that this machine reaches.", "it was not compared: %s", brief(err))
	}
	resp.Body.Close()
	theirs, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return warning("Name another web server.", "it was not compared: the server does not say what time it is")
	}
	return apart("the web server's", middle(asked, time.Now()).Sub(theirs.Add(500*time.Millisecond)))
}

// middle is the moment at which the answer was most likely made.
func middle(asked, got time.Time) time.Time { return asked.Add(got.Sub(asked) / 2) }

func apart(whose string, by time.Duration) Finding {
	const do = "Set the clock: run chrony or systemd-timesyncd on every machine, the database's too."
	seen := by.Abs().Round(10 * time.Millisecond)
	switch {
	case by.Abs() >= stops:
		return wrong(do, "it is %s off %s: a node is not ready with 2 seconds", seen, whose)
	case by.Abs() >= odd+500*time.Millisecond:
		return warning(do, "it is %s off %s", seen, whose)
	}
	return well("it is within %s of %s", max(seen, 10*time.Millisecond), whose)
}
