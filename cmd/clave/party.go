package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"clave/internal/relying"
	"clave/internal/store"
)

// partyCommands are `clave party …`. They may run while nodes do: those see within seconds what changed.
type partyCommands struct {
	Add    partyAdd    `cmd:"" help:"Register a service."`
	List   partyList   `cmd:"" help:"Show the services that are registered."`
	Show   partyShow   `cmd:"" help:"Show all that a service has registered."`
	Rotate partyRotate `cmd:"" help:"Let a service replace its key or its secret, old and new side by side for a while."`
	Remove partyRemove `cmd:"" help:"Strike a service off: its requests are refused."`
}

// partyBook is where services are registered.
type partyBook struct {
	place `embed:""`

	out io.Writer // nil: standard output
}

// open runs do on the database.
func (b *partyBook) open(ctx context.Context, do func(*store.Store) error) (err error) {
	ring, err := b.ring("")
	if err != nil {
		return err
	}
	if !strings.Contains(b.Database, "://") {
		if _, err := os.Stat(b.Database); err != nil {
			return fmt.Errorf("-database: %w (the server makes it when it first starts)", err)
		}
	}
	s, err := store.Open(ctx, b.Database, store.Options{Kind: ring.Kind(), Ring: ring, Now: time.Now})
	if err != nil {
		return err
	}
	defer func() {
		if closed := s.Close(context.WithoutCancel(ctx)); err == nil {
			err = closed
		}
	}()
	return do(s)
}

// change runs do with the one who keeps the services, and says what to do about an error.
func (b *partyBook) change(ctx context.Context, do func(relying.Keeper) error) error {
	return advised(b.open(ctx, func(s *store.Store) error { return do(keeper(s)) }))
}

func keeper(s *store.Store) relying.Keeper {
	return relying.Keeper{Store: s, From: operator(), Now: time.Now}
}

func (b *partyBook) print(lines ...any) {
	out := b.out
	if out == nil {
		out = os.Stdout
	}
	fmt.Fprintln(out, lines...)
}

// operator is who acts, for the record: whoever the system says runs this, and where.
func operator() string {
	name, host := "somebody", "somewhere"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return "clave party, " + name + "@" + host
}

// advised says what to do about the errors that an operator can do something about.
func advised(err error) error {
	_, problem := errors.AsType[relying.Problem](err)
	switch {
	case errors.Is(err, relying.ErrUnknown):
		return errors.New("no service is registered with this id; clave party list shows those that are")
	case errors.Is(err, relying.ErrExists):
		return errors.New("a service with this id is registered already; -replace makes it what this one is")
	case problem:
		return fmt.Errorf("this cannot be registered:\n  %s", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	return err
}

// partyList is `clave party list`.
type partyList struct {
	partyBook `embed:""`
}

// Run prints one line for each service.
func (c *partyList) Run(ctx context.Context) error {
	return c.open(ctx, func(s *store.Store) error {
		list, _, err := s.Parties(ctx)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			c.print("No service is registered. clave party add registers one.")
			return nil
		}
		c.print(listed(list, time.Now()))
		return nil
	})
}

// partyShow is `clave party show`.
type partyShow struct {
	partyBook `embed:""`
	ID        string `arg:"" help:"Of the service."`
	JSON      bool   `help:"As clave party add -json reads it."`
}

// Run prints all that is registered of one service.
func (c *partyShow) Run(ctx context.Context) error {
	return advised(c.open(ctx, func(s *store.Store) error {
		p, ok, err := s.PartyByID(ctx, c.ID)
		switch {
		case err != nil:
			return err
		case !ok:
			return relying.ErrUnknown
		case c.JSON:
			c.print(strings.TrimSuffix(string(p.JSON()), "\n"))
		default:
			c.print(shown(p, time.Now()))
		}
		return nil
	}))
}

// partyRemove is `clave party remove`.
type partyRemove struct {
	partyBook `embed:""`
	ID        string `arg:"" help:"Of the service."`
}

// Run strikes a service off.
func (c *partyRemove) Run(ctx context.Context) error {
	return c.change(ctx, func(k relying.Keeper) error {
		if err := k.Remove(ctx, c.ID); err != nil {
			return err
		}
		c.print(c.ID + " is removed. Every node refuses its requests within seconds.")
		return nil
	})
}
