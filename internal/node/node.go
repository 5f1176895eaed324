// Package node builds one complete server from a configuration.
package node

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"clave/internal/assurance"
	"clave/internal/authn/pin"
	"clave/internal/census"
	"clave/internal/confirm"
	"clave/internal/courier"
	"clave/internal/crowd"
	"clave/internal/enrolment"
	"clave/internal/federation/oidc"
	"clave/internal/federation/saml"
	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/relying"
	"clave/internal/store"
	"clave/internal/telemetry"
	"clave/internal/web"
)

// Config is everything that differs between one installation and another.
type Config struct {
	Kind   keyring.Kind
	Origin string           // where citizens reach us, for example "https://clave.example"
	Name   string           // of this node, in metrics, traces and the list of jobs
	Now    func() time.Time // the clock
	Fatal  func(error)      // a commit failed: the process must end

	// Where everything is kept.
	Database    string        // a path for SQLite, or a postgres:// URL
	Connections int           // of PostgreSQL, for changes, and as many for reading; zero: the store's own number
	Migrate     bool          // bring the tables of a PostgreSQL up to date at the start; those of SQLite always are
	Single      bool          // PostgreSQL has no standby, and none is asked for
	Ring        *keyring.Ring // of the same kind

	// The world outside.
	Parties      relying.Registry // nil: those registered in the database
	Census       func(*store.Store) person.Census
	Carriers     map[notify.Channel]courier.Carrier
	Organization saml.Organization // who runs this house, for services; may be zero
	Help         web.Help          // whom people turn to

	// The rules.
	Policy   assurance.Policy
	PINStyle pin.Style
	PIN      pin.Limits
	Letters  enrolment.Limits
	Sessions login.Limits   // zero: the defaults
	Confirm  confirm.Limits // zero: the defaults

	// How much at once.
	Capacity crowd.Limits           // zero: what suits the machine
	Waiting  map[notify.Channel]int // how many messages may wait to be sent before no more are asked for; absent: [MostWaiting]

	// What is told of this node.
	Tracing   *telemetry.Tracing // nil: no traces; whoever opened it closes it, after the node
	Requests  *slog.Logger       // a line for each request; nil: none
	Profiling bool               // the pages of net/http/pprof, among the operator's
}

// Node is one server.
type Node struct {
	Store   *store.Store
	ring    *keyring.Ring
	parties relying.Registry
	handler http.Handler
	seen    *telemetry.Metrics
	tracing *telemetry.Tracing
	profile bool
	oidc    *oidc.Provider
	courier *courier.Courier
	now     func() time.Time
}

// ErrConfig means that the configuration cannot be served.
var ErrConfig = errors.New("node: wrong configuration")

// Build opens the database and puts the parts together. It starts nothing.
func Build(ctx context.Context, c Config) (*Node, error) {
	h, err := c.house()
	if err != nil {
		return nil, err
	}
	n := &Node{now: c.Now, ring: c.Ring, seen: telemetry.New(c.Name), tracing: c.Tracing, profile: c.Profiling}
	n.courier = &courier.Courier{Carriers: c.Carriers, Now: c.Now, Seen: n.seen, Most: c.waiting()}
	n.Store, err = store.Open(ctx, c.Database, store.Options{
		Kind: c.Kind, Ring: c.Ring, Now: c.Now, Owed: n.courier.Owed, Fatal: c.Fatal, Conns: c.Connections, Seen: n.seen,
		Node: c.Name, Migrate: c.Migrate, SingleNode: c.Single,
	})
	if err != nil {
		return nil, err
	}
	warn(h.Config)
	n.courier.Store, h.store, h.seen = n.Store, n.Store, n.seen
	h.crowding = newCrowding(h.Capacity, c.Now, n.seen)
	h.census = census.Calm{Census: watchedCensus{c.Census(n.Store), n.seen}, Lane: h.ofCensus}
	n.parties = c.registry(n.Store)
	h.Parties = n.parties
	server := h.server()
	if n.oidc, err = h.oidc(server); err != nil {
		return nil, errors.Join(err, n.Store.Close(ctx))
	}
	server.Late = n.courier.Late
	server.OIDC, server.Broker.Owed = n.oidc, n.oidc.Wake
	n.handler = telemetry.Watch{Metrics: n.seen, Tracing: c.Tracing, Log: c.Requests}.Handler(server.Handler())
	n.watch()
	return n, nil
}

// Parties are the services that this node answers.
func (n *Node) Parties() relying.Registry { return n.parties }

// Handler serves citizens and services.
func (n *Node) Handler() http.Handler { return n.handler }

// Run carries messages, forgets what has served and takes up changed keys, until ctx ends.
func (n *Node) Run(ctx context.Context) {
	ctx = n.tracing.Within(ctx)
	var jobs sync.WaitGroup
	jobs.Go(func() { n.courier.Run(ctx) })
	jobs.Go(func() { n.forget(ctx) })
	jobs.Go(func() { n.oidc.Run(ctx) })
	jobs.Go(func() { n.ring.Follow(ctx) })
	jobs.Go(func() { n.masters(ctx) })
	jobs.Wait()
}

// Close lets what was begun end, and closes the database.
func (n *Node) Close(ctx context.Context) error { return n.Store.Close(ctx) }
