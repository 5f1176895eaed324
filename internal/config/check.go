package config

import (
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"clave/internal/authn/pin"
	"clave/internal/contact"
	"clave/internal/courier"
	"clave/internal/front"
	"clave/internal/keyring"
	"clave/internal/telemetry"
)

// check tells what is wrong beyond the type of each value.
func (r *reader) check(c *Config) {
	r.must(c.Kind == keyring.Live, "kind")
	r.data(c)
	if r.dataOnly {
		return
	}
	r.origin(c)
	r.must(nodeName.MatchString(c.Node), "node")
	r.listeners(c)
	r.people(c)
	r.must(c.Census.Source == "database", "census.source")
	r.must(c.PIN.Style == pin.SixDigits || c.PIN.Style == pin.Classic, "pin.style")
	r.sms(c)
	r.mail(c)
	r.letters(c)
	r.telemetry(c.Telemetry)
}

var nodeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$`)

// data checks where everything is kept.
func (r *reader) data(c *Config) {
	r.database(c.Database)
	r.must(c.Keys.File != "", "keys.file")
	if r.dataOnly || c.Keys.File == "" {
		return
	}
	kind, err := keyring.Kind(""), error(nil)
	if r.lookOnly {
		kind, c.Hardware, err = keyring.Look(c.Keys.File)
	} else if c.Ring, err = keyring.Open(c.Keys.File); err == nil {
		kind = c.Ring.Kind()
	}
	switch {
	case err != nil:
		r.tell("keys.file", "%v", err)
		r.problems[len(r.problems)-1].Cause = err
	case kind != keyring.Live:
		r.tell("keys.file", "%s holds the keys of a demonstration: want %s", c.Keys.File, r.wants["keys.file"])
	}
}

func (r *reader) database(d Database) {
	const at = "database.address"
	address := d.Address.Reveal()
	if r.must(address != "" || r.dataOnly && r.given[at] != nil, at); address == "" {
		return
	}
	if !strings.Contains(address, "://") {
		if info, err := os.Stat(filepath.Dir(address)); err != nil || !info.IsDir() {
			r.tell(at, "the folder %s does not exist", filepath.Dir(address))
		}
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Host == "" && u.Query().Get("host") == "" {
		r.tell(at, "want %s", r.wants[at]) // the address may hold a password
		return
	}
	_, password := u.User.Password()
	if _, plain := lookUp(r.tables, "database", "address"); plain && (password || u.Query().Has("password")) {
		r.tell(at, "a password does not stand in this file: want address_file = the path of a file that holds the whole address, or address_env = the name of a variable")
	}
}

func lookUp(tables map[string]any, section, key string) (any, bool) {
	table, _ := tables[section].(map[string]any)
	value, ok := table[key]
	return value, ok
}

// origin refuses what only a demonstration may have: plain http, and this machine as its address (safety rule 23).
func (r *reader) origin(c *Config) {
	u, err := url.Parse(c.Origin)
	ok := err == nil && u.Scheme == "https" && u.Hostname() != "" && !loopback(u.Hostname()) && u.Hostname() != "0.0.0.0" && c.Origin == "https://"+u.Host
	if r.must(ok, "origin"); ok && len(u.Hostname()) > courier.MaxHost {
		r.tell("origin", "a host of more than %d characters does not fit an SMS", courier.MaxHost)
	}
}

func loopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	a, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && a.Unmap().IsLoopback()
}

func (r *reader) listeners(c *Config) {
	l := c.Listen
	host, ok := hostPort(l.Address)
	r.must(ok, "listen.address")
	if ok && c.TLS == nil && c.Proxy == nil && !loopback(host) {
		r.tell("listen.address", "without [tls], and without [proxy], codes would pass in the clear: want an address on loopback, for example \"127.0.0.1:8080\"")
	}
	host, ok = hostPort(l.Admin)
	r.must(ok && (l.AdminPublic || loopback(host) || private(host)), "listen.admin")
	if l.Redirect != "" {
		_, ok = hostPort(l.Redirect)
		r.must(ok, "listen.redirect")
	}
	if c.TLS != nil {
		r.tls(c)
	}
	if c.Proxy != nil {
		r.must(len(c.Proxy.Trusted) > 0, "proxy.trusted")
		r.must(headerName.MatchString(c.Proxy.Header) && !strings.EqualFold(c.Proxy.Header, "Forwarded"), "proxy.header")
	}
}

var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

func (p *Proxy) defaults() { p.Header = "X-Forwarded-For" }

func hostPort(address string) (host string, ok bool) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", false
	}
	n, err := net.LookupPort("tcp", port)
	return host, err == nil && n >= 0
}

func private(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && (a.Unmap().IsPrivate() || a.IsLinkLocalUnicast())
}

func (r *reader) tls(c *Config) {
	r.must(c.TLS.Certificate != "", "tls.certificate")
	r.must(c.TLS.Key != "", "tls.key")
	u, err := url.Parse(c.Origin)
	if c.TLS.Certificate == "" || c.TLS.Key == "" || err != nil {
		return
	}
	if err := Private(c.TLS.Key); err != nil {
		r.tell("tls.key", "%v", err)
		return
	}
	if err := (front.Files{Certificate: c.TLS.Certificate, Key: c.TLS.Key, Host: u.Hostname()}).Check(); err != nil {
		r.tell("tls.certificate", "%v", err)
	}
}

// people checks what citizens and services are told of whom to turn to.
func (r *reader) people(c *Config) {
	r.must(c.Help.Phone != "", "help.phone")
	r.must(c.Help.Address != "", "help.address")
	r.mailbox(c.Help.Mailbox, "help.mailbox")
	r.mailbox(c.Organization.Support, "organization.support")
	if c.Organization.URL != "" || len(c.Organization.Names) > 0 {
		u, err := url.Parse(c.Organization.URL)
		r.must(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "", "organization.url")
		r.must(c.Organization.Names["es"] != "", "organization.names")
	}
}

func (r *reader) mailbox(text, path string) {
	if text == "" {
		return
	}
	if _, err := contact.ParseEmail(text); err != nil {
		r.tell(path, "want an e-mail address, not %q", text)
	}
}

func (r *reader) telemetry(t Telemetry) {
	_, err := telemetry.NewLog(io.Discard, t.Log, "")
	r.must(err == nil && t.Log != "", "telemetry.log")
	_, err = telemetry.NewLog(io.Discard, "", t.Level)
	r.must(err == nil, "telemetry.level")
	if t.Traces != "" {
		u, err := url.Parse(t.Traces)
		r.must(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil, "telemetry.traces")
	}
	r.must(t.Sample <= 1, "telemetry.sample")
}
