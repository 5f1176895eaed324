package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
)

// journey is what is driven and compared: people who enter a public service.
type journey struct {
	name string
	bar  float64 // signatures that one login may cost; zero: nobody said
	// into is the service that they enter.
	into func(*town) service
	// before is where they have identified themselves already, in the same browser; nil: nowhere.
	before func(*town) service
	// postgres keeps it all in PostgreSQL; otherwise the database is the embedded one.
	postgres bool
}

var journeys = []journey{
	{name: "pin-saml", bar: 5, into: overSAML},
	{name: "pin-saml-postgres", bar: 6, into: overSAML, postgres: true},
	{name: "pin-oidc", bar: 5, into: overOIDC},
	{name: "sso", bar: 2, into: furtherOIDC, before: overOIDC},
	{name: "sso-saml", into: overSAML, before: overOIDC},
}

// service is a public service that people enter. It fails unless they come back as who they are.
type service interface {
	enter(ctx context.Context, v *visitor) error
}

// town is the server and the services around it.
type town struct {
	house   *house
	hall    *samlService
	tax     *oidcService
	further *oidcService
	key     *rsa.PrivateKey // signs what the yardstick times
}

func overSAML(t *town) service    { return t.hall }
func overOIDC(t *town) service    { return t.tax }
func furtherOIDC(t *town) service { return t.further }

// drive runs one journey on a server of its own.
func (j journey) drive(ctx context.Context, o options, out *sheet) error {
	return inFolder(o.dir, func(dir string) error { return j.driveIn(ctx, dir, o, out) })
}

// inFolder gives a folder that is deleted at the end.
func inFolder(parent string, work func(dir string) error) error {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(parent, "bench-")
	if err != nil {
		return err
	}
	return errors.Join(work(dir), os.RemoveAll(dir))
}

func (j journey) driveIn(ctx context.Context, dir string, o options, out *sheet) (err error) {
	disk, err := syncedWrites(dir)
	if err != nil {
		return err
	}
	to := order{Dir: dir, Citizens: max(o.citizens, o.warmup+o.logins), Profile: o.profile}
	var beside *postgres
	if j.postgres {
		if beside, err = startPostgres(ctx); err != nil {
			return err
		}
		defer beside.stop()
		to.Database = beside.address
	}
	t, err := build(ctx, to)
	if err != nil {
		return err
	}
	t.house.beside = beside
	defer func() { err = errors.Join(err, t.house.close()) }()
	people, err := j.people(ctx, t, o)
	if err != nil {
		return err
	}
	result, err := measure(ctx, o, t.house, yardstick{t.key}, func(ctx context.Context, i int) error {
		v := people(i)
		defer v.browser.close()
		return j.into(t).enter(ctx, v)
	})
	if err != nil {
		return err
	}
	result.disk = disk
	return result.print(out, j, o)
}

// build starts the server, with its services registered.
func build(ctx context.Context, to order) (t *town, err error) {
	t = &town{}
	if t.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	if t.hall, err = newSAML(t.key); err != nil {
		return nil, err
	}
	if t.tax, err = newOIDC(taxID, taxOrigin); err != nil {
		return nil, err
	}
	if t.further, err = newOIDC(furtherID, furtherOrigin); err != nil {
		return nil, err
	}
	to.Hall, to.Tax, to.Further = t.hall.config.Certificate.Raw, t.tax.keys(), t.further.keys()
	if t.house, err = start(ctx, to); err != nil {
		return nil, err
	}
	t.hall.config.GatewayCertificates = append(t.hall.config.GatewayCertificates, t.house.certificate)
	return t, errors.Join(t.tax.learn(ctx, t.house), t.further.learn(ctx, t.house))
}

// people gives citizen number i, with a new browser, or with the one in which they identified themselves before.
func (j journey) people(ctx context.Context, t *town, o options) (func(i int) *visitor, error) {
	if j.before == nil {
		return func(i int) *visitor { return newVisitor(t.house, i) }, nil
	}
	known := make([]*visitor, o.warmup+o.logins)
	_, _, err := load(ctx, 0, len(known), o.users, func(ctx context.Context, i int) error {
		known[i] = newVisitor(t.house, i)
		defer known[i].browser.close()
		return j.before(t).enter(ctx, known[i])
	})
	if err != nil {
		return nil, fmt.Errorf("the first login: %w", err)
	}
	return func(i int) *visitor {
		known[i].known = true
		return known[i]
	}, nil
}
