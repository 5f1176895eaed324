// Package node builds one complete server from a configuration.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"clave/internal/assurance"
	"clave/internal/authn/pin"
	"clave/internal/confirm"
	"clave/internal/contact"
	"clave/internal/courier"
	"clave/internal/enrolment"
	"clave/internal/federation/oidc"
	"clave/internal/federation/saml"
	"clave/internal/guide"
	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/relying"
	"clave/internal/store"
	"clave/internal/throttle"
	"clave/internal/web"
)

// Config is everything that differs between one installation and another.
type Config struct {
	Kind     keyring.Kind
	Database string           // a path for SQLite, or a postgres:// URL
	Ring     *keyring.Ring    // of the same kind
	Origin   string           // where citizens reach us, for example "https://clave.example"
	Parties  relying.Registry // nil: those registered in the database
	Census   func(*store.Store) person.Census
	Carriers map[notify.Channel]courier.Carrier
	Policy   assurance.Policy
	PINStyle pin.Style
	PIN      pin.Limits
	Letters  enrolment.Limits
	Help     web.Help
	Now      func() time.Time
	Fatal    func(error) // a commit failed: the process must end
}

// Node is one server.
type Node struct {
	Store   *store.Store
	ring    *keyring.Ring
	parties relying.Registry
	handler http.Handler
	oidc    *oidc.Provider
	courier *courier.Courier
	now     func() time.Time
}

// ErrConfig means that the configuration cannot be served.
var ErrConfig = errors.New("node: wrong configuration")

// Build opens the database and puts the parts together. It starts nothing.
func Build(ctx context.Context, c Config) (*Node, error) {
	origin, err := url.Parse(c.Origin)
	if err != nil || origin.Host == "" || origin.Path != "" {
		return nil, fmt.Errorf("%w: origin: want a scheme and a host, for example https://clave.example", ErrConfig)
	}
	if len(origin.Hostname()) > courier.MaxHost {
		return nil, fmt.Errorf("%w: origin: a host of more than %d characters does not fit an SMS", ErrConfig, courier.MaxHost)
	}
	mailbox, err := contact.ParseEmail(c.Help.Mailbox)
	if err != nil && c.Help.Mailbox != "" {
		return nil, fmt.Errorf("%w: help mailbox: %w", ErrConfig, err)
	}
	if c.Ring.Kind() != c.Kind {
		return nil, fmt.Errorf("%w: the key ring is %s, the database is to be %s", ErrConfig, c.Ring.Kind(), c.Kind)
	}
	if _, err := c.Ring.Signings(samlKeys); err != nil {
		return nil, err
	}
	n := &Node{now: c.Now, ring: c.Ring, courier: &courier.Courier{Carriers: c.Carriers, Now: c.Now}}
	n.Store, err = store.Open(ctx, c.Database, store.Options{Kind: c.Kind, Ring: c.Ring, Now: c.Now, Owed: n.courier.Owed, Fatal: c.Fatal})
	if err != nil {
		return nil, err
	}
	n.courier.Store = n.Store
	if c.Parties == nil {
		c.Parties = &relying.Shelf{Source: n.Store, Now: time.Now}
	}
	if c.Kind == keyring.Live {
		c.Parties = onlyLive{c.Parties}
	}
	c.Parties = relying.WithOwn{Registry: c.Parties}
	n.parties = c.Parties
	census := c.Census(n.Store)
	alarm := &throttle.Alarm{Name: "wrong data and codes", Count: 200, Per: time.Minute}
	warn(c)
	server := &web.Server{
		Origin: c.Origin, Demo: c.Kind == keyring.Demo, Help: c.Help, Store: n.Store, Ring: c.Ring, Parties: c.Parties, Now: c.Now,
		Slow: web.DefaultSlow(c.Now),
		Broker: &login.Broker{
			Store: n.Store, Ring: c.Ring, Parties: c.Parties, Policy: c.Policy, Methods: []assurance.Method{assurance.PIN},
			Limits: login.DefaultLimits(), Origin: c.Origin, Host: origin.Hostname(), Now: c.Now,
		},
		Records: n.Store,
		PIN: &pin.Service{
			Store: n.Store, Ring: c.Ring, Census: census, Limits: c.PIN, Style: c.PINStyle, Host: origin.Hostname(), Origin: c.Origin,
			Alarm: alarm, Now: c.Now,
		},
		Confirm: &confirm.Service{
			Store: n.Store, Ring: c.Ring, Parties: c.Parties, Policy: c.Policy, Methods: []assurance.Method{assurance.PIN},
			Limits: confirm.DefaultLimits(), Host: origin.Hostname(), Now: c.Now,
		},
		Enrolment: &enrolment.Service{
			Store: n.Store, Ring: c.Ring, Census: census, Limits: c.Letters, Origin: c.Origin, Host: origin.Hostname(),
			Alarm: alarm, Now: c.Now,
		},
		SAML: &saml.Gateway{
			Destination: c.Origin + saml.Path, Issuer: c.Origin, Parties: c.Parties, Now: c.Now, Skew: 5 * time.Minute,
			Signing:  func(now time.Time) (keyring.Signing, error) { return c.Ring.Signing(samlKeys, now) },
			Signings: func() ([]keyring.Signing, error) { return c.Ring.Signings(samlKeys) },
		},
	}
	if server.OIDC, err = oidc.New(oidc.Config{
		Issuer: c.Origin, Store: n.Store, Ring: c.Ring, Parties: c.Parties, Sessions: server.Broker, Confirm: server.Confirm, Now: c.Now,
		Begin: server.BeginLogin, End: server.TakeLogout, Problem: server.Refuse,
	}); err != nil {
		return nil, errors.Join(err, n.Store.Close(ctx))
	}
	n.oidc = server.OIDC
	server.Desk = desk(c, mailbox, n.Store)
	n.handler = server.Handler()
	return n, nil
}

// desk takes people's questions, if it has a mailbox for them.
func desk(c Config, mailbox contact.Email, s *store.Store) *guide.Desk {
	if mailbox.IsZero() {
		return nil
	}
	return &guide.Desk{Store: s, Ring: c.Ring, Mailbox: mailbox, Lang: "es", Limits: guide.DefaultLimits(), Now: c.Now}
}

// samlKeys sign what we answer over SAML.
const samlKeys = "saml"

// onlyLive knows no test party: in a live database one gets only refusals (safety rule 23).
type onlyLive struct{ relying.Registry }

// Party implements relying.Registry.
func (l onlyLive) Party(ctx context.Context, id string) (relying.Party, error) {
	p, err := l.Registry.Party(ctx, id)
	if err == nil && p.Test {
		return relying.Party{}, relying.ErrUnknown
	}
	return p, err
}

// Parties are the services that this node answers.
func (n *Node) Parties() relying.Registry { return n.parties }

// Handler serves citizens and services.
func (n *Node) Handler() http.Handler { return n.handler }

// forgetEvery is how often, in real time, what has served is deleted.
const forgetEvery = time.Minute

// Run carries messages, forgets what has served and takes up changed keys, until ctx ends.
func (n *Node) Run(ctx context.Context) {
	var jobs sync.WaitGroup
	jobs.Go(func() { n.courier.Run(ctx) })
	jobs.Go(func() { n.forget(ctx) })
	jobs.Go(func() { n.oidc.Run(ctx) })
	jobs.Go(func() { n.ring.Follow(ctx) })
	jobs.Wait()
}

func (n *Node) forget(ctx context.Context) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := n.Store.Do(ctx, func(ctx context.Context) error {
			_, err := n.Store.ForgetChanges(ctx, n.now().Add(-time.Hour))
			return errors.Join(err, n.Store.Forget(ctx, n.now()))
		})
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "forget what has served", "err", err)
		}
	}
}

// Close lets what was begun end, and closes the database.
func (n *Node) Close(ctx context.Context) error { return n.Store.Close(ctx) }
