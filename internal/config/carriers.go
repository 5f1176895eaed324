package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"

	"clave/internal/courier"
	"clave/internal/courier/gateway"
	"clave/internal/courier/smpp"
	"clave/internal/courier/smtp"
	"clave/internal/courier/spool"
	"clave/internal/node"
	"clave/internal/notify"
)

// Carriers are what takes messages out.
type Carriers struct {
	Channels map[notify.Channel]courier.Carrier
	Receipts map[string]http.Handler // of SMS carriers whose receipts come by http, by their names
}

// Carriers makes those that the file names. They connect when they run. It is for the one process that is this node: a
// folder of letters is swept of what a process before it left half written.
func (c *Config) Carriers() (Carriers, error) {
	made := Carriers{Channels: map[notify.Channel]courier.Carrier{}, Receipts: map[string]http.Handler{}}
	var sms []courier.Carrier
	for _, s := range c.SMS {
		one, err := s.carrier()
		if err != nil {
			return Carriers{}, err
		}
		if receipts, ok := one.(http.Handler); ok && !s.Receipts.IsZero() {
			made.Receipts[s.Name] = receipts
		}
		sms = append(sms, one)
	}
	if len(sms) > 0 {
		made.Channels[notify.SMS] = courier.Several(sms...)
	}
	if c.Mail != nil {
		mail, err := c.Mail.carrier()
		if err != nil {
			return Carriers{}, err
		}
		made.Channels[notify.Email] = mail
	}
	if l := c.Letters; l != nil {
		letters, err := spool.New(spool.Config{Folder: l.Folder, Node: c.Node, Recipients: l.Recipients, Every: l.Every, Most: l.Most, Day: l.Day})
		if err != nil {
			return Carriers{}, err
		}
		made.Channels[notify.Letter] = letters
	}
	return made, nil
}

// leastWaiting is what may always wait: however slow a carrier is, it is asked for something.
const leastWaiting = 20

// waitingFor is how many SMS may wait for carriers: what they take in a minute, because a PIN that waits longer grows old.
func waitingFor(list []SMS) int {
	var rate float64 // messages a second
	for _, s := range list {
		rate += s.Rate
	}
	if rate == 0 {
		return node.MostWaiting
	}
	return int(min(max(rate*60, leastWaiting), math.MaxInt32))
}

func (m Mail) carrier() (courier.Carrier, error) {
	vouches, err := Vouched(m.Authority, "")
	if err != nil {
		return nil, err
	}
	return smtp.New(smtp.Config{
		Address: m.Address, User: m.User, Password: m.Password.Reveal(), TLS: vouches, Security: m.Security,
		From: m.From, Bounce: m.Bounce, Bounces: m.Bounces, Connections: m.Connections,
	})
}

func (s SMS) carrier() (courier.Carrier, error) {
	if s.Type == "http" {
		vouches, err := Vouched(s.Authority, "")
		if err != nil {
			return nil, err
		}
		return gateway.New(gateway.Config{
			Name: s.Name, URL: s.URL, Token: s.Token.Reveal(), Receipts: s.Receipts.Reveal(), Rate: s.Rate,
			Client: &http.Client{Transport: &http.Transport{TLSClientConfig: vouches, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: s.Window}},
		})
	}
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	vouches, err := Vouched(s.Authority, host)
	if err != nil {
		return nil, err
	}
	if s.Plain {
		vouches = nil
	}
	return smpp.New(smpp.Config{
		Name: s.Name, Address: s.Address, System: s.System, Password: s.Password.Reveal(), SystemType: s.SystemType, Source: s.Source,
		TLS: vouches, Rate: s.Rate, Window: s.Window, Binds: s.Binds, IDs: s.IDs,
	})
}

// Vouched is TLS to a host whose certificate the authorities of a file vouch for, or the machine's when there is none.
func Vouched(authority, host string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if authority == "" {
		return c, nil
	}
	text, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: no certificate in PEM is in it", authority)
	}
	return c, nil
}

// Warnings are what is allowed and seldom meant.
func (c *Config) Warnings() (list []string) {
	for _, missing := range []struct {
		is   bool
		text string
	}{
		{len(c.SMS) == 0, "no [[sms]]: this node sends no PIN; they wait until another node does"},
		{c.Mail == nil, "no [mail]: this node sends no e-mail; they wait until another node does"},
		{c.Letters == nil, "no [letters]: this node prints no letter; they wait until another node does"},
		{c.TLS == nil && c.Proxy == nil, "neither [tls] nor [proxy]: every visitor has the address of this machine"},
	} {
		if missing.is {
			list = append(list, missing.text)
		}
	}
	return list
}
