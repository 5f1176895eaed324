package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
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
}

var journeys = []journey{
	{name: "pin-saml", bar: 8, into: overSAML},
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
}

func overSAML(t *town) service    { return t.hall }
func overOIDC(t *town) service    { return t.tax }
func furtherOIDC(t *town) service { return t.further }

// drive runs one journey on a server of its own.
func (j journey) drive(ctx context.Context, o options, out io.Writer) (err error) {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	disk, err := syncedWrites(dir)
	if err != nil {
		return err
	}
	t, key, err := build(ctx, dir, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.house.close()) }()
	people, err := j.people(ctx, t, o)
	if err != nil {
		return err
	}
	result, err := measure(ctx, o, t.house, yardstick{key}, func(ctx context.Context, i int) error {
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
func build(ctx context.Context, dir string, o options) (*town, *rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	t := &town{}
	if t.hall, err = newSAML(key); err != nil {
		return nil, nil, err
	}
	if t.tax, err = newOIDC(taxID, taxOrigin); err != nil {
		return nil, nil, err
	}
	if t.further, err = newOIDC(furtherID, furtherOrigin); err != nil {
		return nil, nil, err
	}
	t.house, err = start(ctx, order{
		Dir: dir, Citizens: max(o.citizens, o.warmup+o.logins), Profile: o.profile,
		Hall: t.hall.config.Certificate.Raw, Tax: t.tax.keys(), Further: t.further.keys(),
	})
	if err != nil {
		return nil, nil, err
	}
	t.hall.config.GatewayCertificates = append(t.hall.config.GatewayCertificates, t.house.certificate)
	return t, key, errors.Join(t.tax.learn(ctx, t.house), t.further.learn(ctx, t.house))
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
