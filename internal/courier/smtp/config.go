package smtp

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"clave/internal/contact"
)

func (c *Carrier) checkServer() (err error) {
	if c.host, _, err = net.SplitHostPort(c.config.Address); err != nil {
		return fmt.Errorf("address: %w", err)
	}
	if cap(c.slots) < 1 {
		return errors.New("connections: want 1 or more")
	}
	switch c.config.Security {
	case TLS, StartTLS:
		c.config.TLS = protected(c.config.TLS, c.host)
		return nil
	case None:
		if ip := net.ParseIP(c.host); c.host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("security %q: only to a server on this machine, not to %s", None, c.host)
		}
		return nil
	}
	return fmt.Errorf("security: want %q, %q or %q", TLS, StartTLS, None)
}

func protected(given *tls.Config, host string) *tls.Config {
	config := &tls.Config{}
	if given != nil {
		config = given.Clone()
	}
	config.ServerName = cmp.Or(config.ServerName, host)
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	return config
}

// checkFrom reads "Cl@ve <no-reply@example.es>" as people write it, with quotes around the name or without.
func (c *Carrier) checkFrom() error {
	name, address, named := strings.Cut(c.config.From, "<")
	if !named {
		name, address = "", c.config.From
	} else if address, named = strings.CutSuffix(strings.TrimSpace(address), ">"); !named {
		return errors.New("from: want an address, or a name and an <address>")
	}
	read, err := contact.ParseEmail(address)
	if err != nil {
		return fmt.Errorf("from: %w", err)
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		return errors.New("from: the name has more than one line")
	}
	c.from = &mail.Address{Name: strings.Trim(name, ` "`), Address: read.Reveal()}
	_, c.domain, _ = strings.Cut(c.from.Address, "@")
	return nil
}

// maxLocal is how long the part of an address before the @ may be (RFC 5321 §4.5.3.1.1).
const maxLocal = 64

// checkBounce makes the addresses that e-mails come back to. An address names its e-mail by its id, of which 80 bits are
// random: only those learn it who carry or read that very e-mail, and whoever forges a bounce with it says that this one
// did not arrive.
func (c *Carrier) checkBounce() error {
	if c.config.Bounce == "" {
		if c.config.Bounces != "" {
			return errors.New("bounces: want an address in bounce too, or nothing comes back")
		}
		c.bounce = func(string) string { return c.from.Address }
		return nil
	}
	address, err := contact.ParseEmail(c.config.Bounce)
	if err != nil {
		return fmt.Errorf("bounce: %w", err)
	}
	local, domain, _ := strings.Cut(address.Reveal(), "@")
	if len(local)+len("+")+len("01ARZ3NDEKTSV4RRFFQ69G5FAV") > maxLocal {
		return fmt.Errorf("bounce: %q is too long before the @", local)
	}
	c.bounce = func(id string) string { return local + "+" + id + "@" + domain }
	c.sentAs = regexp.MustCompile(`(?i)(?:^|[\s<,:;])` + regexp.QuoteMeta(local) + `\+([0-9a-z]{26})@` + regexp.QuoteMeta(domain) + `(?:$|[\s>,;])`)
	return nil
}
