package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"clave/internal/contact"
	"clave/internal/keyring"
	"clave/internal/store"
)

// trial is an installation whose parts die: `clave serve`, in processes of its own, with neighbours that misbehave, and
// people who go on all the while.
type trial struct {
	dir, program, database string
	previous               string // the program of the release before, if it takes part
	ring                   *keyring.Ring
	house                  *house // as the people see it: the front, and their phones
	hall                   *samlService
	tax                    *oidcService
	gateway                *gateway
	front                  *front
	nodes                  []*process
	ledger                 ledger

	citizens int // registered
	next     atomic.Int64
}

// openTrial builds the program, registers people and services, and starts so many nodes, of the program of before if one is
// given. An empty database is an SQLite file.
func openTrial(ctx context.Context, dir, database, previous string, nodes, citizens int) (t *trial, err error) {
	t = &trial{dir: dir, program: filepath.Join(dir, "clave"), previous: previous, database: database, house: &house{}, citizens: citizens}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close())
		}
	}()
	if database == "" {
		t.database = t.path("clave.db")
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", t.program, "clave/cmd/clave")
	if out, err := build.CombinedOutput(); err != nil {
		return t, fmt.Errorf("build clave: %w\n%s", err, out)
	}
	if t.gateway, err = openGateway(&t.house.phones); err != nil {
		return t, err
	}
	if t.front, err = openFront(); err != nil {
		return t, err
	}
	t.house.Address = t.front.address()
	if err := t.populate(ctx); err != nil {
		return t, err
	}
	for i := range nodes {
		p, err := t.newProcess(string(rune('a' + i)))
		if err != nil {
			return t, err
		}
		t.nodes = append(t.nodes, p)
		if err := t.begin(ctx, p); err != nil {
			return t, err
		}
	}
	return t, t.tax.learn(ctx, t.house)
}

func (t *trial) path(name string) string { return filepath.Join(t.dir, name) }

// populate makes the keys and the database, as an operator does before the first start.
func (t *trial) populate(ctx context.Context) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	if t.hall, err = newSAML(key); err != nil {
		return err
	}
	if t.tax, err = newOIDC(taxID, taxOrigin); err != nil {
		return err
	}
	if err := t.keys(ctx); err != nil {
		return err
	}
	signing, err := t.ring.Signing("saml", time.Now())
	if err != nil {
		return err
	}
	t.hall.config.GatewayCertificates = append(t.hall.config.GatewayCertificates, signing.Certificate)
	return t.inside(ctx, func(s *store.Store) error {
		registry := &server{order: order{Hall: t.hall.config.Certificate.Raw, Tax: t.tax.keys(), Further: t.tax.keys()}}
		if err := registry.register(ctx, s); err != nil {
			return err
		}
		return errors.Join(seed(ctx, s, 0, t.citizens, time.Now()), t.withoutMail(ctx, s))
	})
}

func (t *trial) keys(ctx context.Context) (err error) {
	if t.previous == "" {
		t.ring, err = keyring.Create(t.path("keys.json"), keyring.Live, time.Now())
		return err
	}
	if err := t.before(ctx); err != nil {
		return err
	}
	t.ring, err = keyring.Open(t.path("keys.json"))
	return err
}

// withoutMail takes the e-mail addresses away, so that every notice goes to a phone, where the trial sees it.
func (t *trial) withoutMail(ctx context.Context, s *store.Store) error {
	for i := range t.citizens {
		err := s.Do(ctx, func(ctx context.Context) error {
			c, _, err := s.CitizenByNIF(ctx, somebody(i).NIF)
			c.Email = contact.Email{}
			return errors.Join(err, s.SaveCitizen(ctx, c))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// inside opens the database beside, or instead of, the nodes.
func (t *trial) inside(ctx context.Context, f func(*store.Store) error) error {
	s, err := store.Open(ctx, t.database, store.Options{Kind: keyring.Live, Ring: t.ring, Now: time.Now})
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Close(ctx))
}

func (t *trial) begin(ctx context.Context, p *process) error {
	if _, err := p.start(ctx); err != nil {
		return err
	}
	t.front.add(p.address)
	return nil
}

func (t *trial) end(p *process, s os.Signal) error {
	t.front.remove(p.address)
	return p.end(s)
}

func (t *trial) close() error {
	var errs []error
	for _, p := range t.nodes {
		if p.running != nil {
			errs = append(errs, t.end(p, syscall.SIGTERM))
		}
		errs = append(errs, p.log.Close())
	}
	if t.gateway != nil {
		errs = append(errs, t.gateway.Close())
	}
	if t.front != nil {
		errs = append(errs, t.front.listener.Close())
	}
	return errors.Join(errs...)
}

// people lets so many people at once go in and out until the context ends; it returns a function that waits for them.
func (t *trial) people(ctx context.Context, users int, live func(ctx context.Context, v *visitor)) (wait func()) {
	var busy sync.WaitGroup
	for range users {
		busy.Go(func() {
			for ctx.Err() == nil {
				i := int(t.next.Add(1) - 1)
				if i >= t.citizens || t.front.wait(ctx) != nil {
					return
				}
				v := newVisitor(t.house, i)
				live(ctx, v)
				v.browser.close()
			}
		})
	}
	return busy.Wait
}

// chance is a number from 0 (inclusive) to n (exclusive).
func chance(n int) int { return int(must(rand.Int(rand.Reader, big.NewInt(int64(n)))).Int64()) }
