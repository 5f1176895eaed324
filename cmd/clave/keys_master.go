package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"clave/internal/keyring"
	"clave/internal/store"
)

// masterLead is long enough for the file to be brought to every node.
const masterLead = time.Hour

// rotateMaster is `clave keys rotate -name master`.
func (c *keysRotate) rotateMaster(out io.Writer, now time.Time, lead time.Duration) error {
	m, err := keyring.RotateMaster(c.Keys, now, lead)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "master %s seals from %s on. Every node must have this file by then: one that has not stops.\n"+
		"Afterwards run clave keys rehash, and a day later clave keys remove for the one before.\n", m.ID, at(m.Since))
	return nil
}

func printMasters(table io.Writer, ring *keyring.Ring, now time.Time) {
	list := ring.Masters(now)
	seals := slices.IndexFunc(list, func(m keyring.Master) bool { return m.Seals })
	for i, m := range list {
		state := "old"
		switch {
		case m.Seals:
			state = "now"
		case m.Retired:
			state = "hashes only"
		case i > seals:
			state = "next"
		}
		fmt.Fprintf(table, "master\t%s\t%s\t%s\t-\n", m.ID, state, at(m.Since))
	}
}

// keysRehash is `clave keys rehash`.
type keysRehash struct {
	place `embed:""`
	Check bool `help:"Only say what is still under an old master key."`
}

// errRemains makes a check fail while rows are left.
var errRemains = errors.New("rows are still under an old master key: run clave keys rehash")

// Run brings the rows of the database under the master key that seals now. Nodes may serve meanwhile; stopped, it is run again.
func (c *keysRehash) Run(ctx context.Context) error {
	return withMasters(ctx, c.Keys, c.Database, func(s *store.Store) error { return c.rehash(ctx, os.Stdout, s) })
}

func (c *keysRehash) rehash(ctx context.Context, out io.Writer, s *store.Store) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	tell := func(r store.Remaining) { fmt.Fprintf(table, "%s\t%s\t%d\n", r.Table, r.Column, r.Rows) }
	if !c.Check {
		return errors.Join(s.Rehash(ctx, tell), table.Flush())
	}
	left, err := s.Remaining(ctx)
	for _, r := range left {
		tell(r)
	}
	if err == nil && len(left) > 0 {
		err = errRemains
	}
	return errors.Join(err, table.Flush())
}

// removeMaster ends a master key on which no row depends any more. The database is told first: a node that still had the key would tell it
// again that rows may be under it.
func (c *keysRemove) removeMaster(ctx context.Context, now time.Time) error {
	if c.Config != "" {
		database, _, err := located(c.Config, "", "")
		if err != nil {
			return err
		}
		c.Database = database
	}
	if c.Database == "" {
		return errors.New("-database: a master key goes only when no row depends on it")
	}
	return withMasters(ctx, c.Keys, c.Database, func(s *store.Store) error {
		if err := keyring.MayRetire(c.Keys, c.ID, now); err != nil {
			return err
		}
		left, err := s.Remaining(ctx)
		if err != nil {
			return err
		}
		if len(left) > 0 {
			return errRemains
		}
		if err := s.Do(ctx, func(ctx context.Context) error { return s.EndMaster(ctx, c.ID) }); err != nil {
			return err
		}
		return keyring.Retire(c.Keys, c.ID, now)
	})
}

// withMasters opens a database whatever master keys its rows are under.
func withMasters(ctx context.Context, keys, database string, f func(*store.Store) error) error {
	ring, err := keyring.Open(keys)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, database, store.Options{Kind: ring.Kind(), Ring: ring, Now: time.Now, AnyMaster: true})
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Close(context.WithoutCancel(ctx)))
}

// isMaster tells whether an id is that of a master key.
func (c *keysRemove) isMaster(now time.Time) (bool, error) {
	ring, err := keyring.Open(c.Keys)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(ring.Masters(now), func(m keyring.Master) bool { return m.ID == c.ID }), nil
}
