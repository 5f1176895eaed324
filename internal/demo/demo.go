// Package demo is the world around Clave, offline: test citizens with their phones and letterboxes, sample public
// services, and a clock that can be moved. One command starts all of it on loopback.
//
// It shows every code to whoever looks, so it refuses live data and keys, listeners beyond loopback, foreign Host headers
// and forwarded headers; and nothing but this package constructs the movable clock and the inbox.
package demo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"clave/internal/authn/pin"
	"clave/internal/crowd"
	"clave/internal/keyring"
	"clave/internal/node"
	"clave/internal/telemetry"
)

// Options say how to start a demonstration. The zero value is a new world on free ports, gone when it ends.
type Options struct {
	Data     string // where the world is kept; empty: a temporary folder, deleted at the end
	Database string // a postgres:// URL; empty: SQLite in Data
	Ports    Ports  // zero: any free one
	PINStyle pin.Style
	Carry    time.Duration // how long an SMS takes to arrive
	Capacity crowd.Limits  // zero: what suits the machine
	TLS      *tls.Config   // nil: plain http, which browsers trust on loopback
	Nodes    int           // how many servers answer, in turn, request by request; zero: 1; more than that needs PostgreSQL
	Traces   string        // a collector of traces, http://127.0.0.1:4318; empty: none
	Requests *slog.Logger  // a line for each request; nil: none
}

// Ports are the listeners of the demonstration, all on loopback.
type Ports struct{ Clave, Sede, World, Tax int }

// Demo is a running demonstration.
type Demo struct {
	Clave string // the addresses of the sites, without a slash at the end
	Sede  string // the town hall and others that speak SAML
	World string
	Tax   string // the tax office, which speaks OpenID Connect
	Clock *Clock
	Inbox *Inbox
	Node  *node.Node // the first of all

	nodes   []*node.Node
	dir     string
	keep    bool
	tracing *telemetry.Tracing
	tenants []tenant
	locked  *os.File
	servers []*http.Server
	stop    context.CancelFunc
	running sync.WaitGroup
	failed  chan error
}

// Start starts everything and returns when it answers.
func Start(ctx context.Context, o Options) (d *Demo, err error) {
	d = &Demo{dir: o.Data, keep: o.Data != "", failed: make(chan error, 4)}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if err := d.folder(); err != nil {
		return d, err
	}
	listeners, err := d.listen(o)
	if err != nil {
		return d, err
	}
	if d.Clock, err = openClock(d.path("clock")); err != nil {
		return d, err
	}
	if d.Inbox, err = openInbox(d.path("inbox.jsonl"), d.Clock.Now, o.Carry); err != nil {
		return d, err
	}
	handlers, err := d.build(ctx, o)
	if err != nil {
		return d, err
	}
	d.serve(listeners, handlers)
	return d, nil
}

func (d *Demo) path(name string) string { return filepath.Join(d.dir, name) }

func (d *Demo) folder() (err error) {
	if !d.keep {
		d.dir, err = os.MkdirTemp("", "clave-demo-")
		return err
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	return d.lock()
}

// lock keeps a second demonstration out of the folder: two would not see each other's clock and messages.
func (d *Demo) lock() (err error) {
	if d.locked, err = os.OpenFile(d.path("lock"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	if err := syscall.Flock(int(d.locked.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("demo: another demonstration is using %s", d.dir)
	}
	return nil
}

// build makes the handlers, in the order of listen: Clave's, the town's, the world's, the tax office's.
func (d *Demo) build(ctx context.Context, o Options) ([]http.Handler, error) {
	list, err := people()
	if err != nil {
		return nil, err
	}
	if d.tracing, err = telemetry.OpenTracing(ctx, telemetry.Traces{Endpoint: o.Traces, Sample: 1, Node: "demo"}); err != nil {
		return nil, err
	}
	if err := d.startNodes(ctx, o); err != nil {
		return nil, err
	}
	if err := seed(ctx, d.Node.Store, list, o.Carry, d.Clock.Now()); err != nil {
		return nil, err
	}
	town, tax, err := d.services(ctx, o)
	if err != nil {
		return nil, err
	}
	world := &world{clock: d.Clock, inbox: d.Inbox, list: list, clave: d.Clave, sede: d.Sede, services: d.listed}
	return []http.Handler{inTurn(d.nodes), town, world.handler(), tax}, nil
}

// openRing opens the demonstration's keys, or makes them; those of an earlier version lack some.
func openRing(path string, now time.Time) (*keyring.Ring, error) {
	ring, err := keyring.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return keyring.Create(path, keyring.Demo, now)
	}
	if err != nil {
		return nil, err
	}
	if ring.Kind() != keyring.Demo {
		return nil, fmt.Errorf("demo: %s holds the keys of a live installation: a demonstration never opens them", path)
	}
	if err := keyring.Complete(path, now); err != nil {
		return nil, err
	}
	return keyring.Open(path)
}

// Failed gives an error that ends the demonstration, for example a commit that failed.
func (d *Demo) Failed() <-chan error { return d.failed }

// Close ends everything. A world that was not to be kept is deleted.
func (d *Demo) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var errs []error
	if d.stop != nil {
		d.stop() // ends the live pages too
	}
	for _, s := range d.servers {
		errs = append(errs, s.Shutdown(ctx))
	}
	d.running.Wait()
	for _, n := range d.nodes {
		errs = append(errs, n.Close(ctx))
	}
	errs = append(errs, d.tracing.Close(ctx))
	if d.Inbox != nil {
		errs = append(errs, d.Inbox.close())
	}
	if d.locked != nil {
		errs = append(errs, d.locked.Close())
	}
	if !d.keep && d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}
