package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"clave/internal/store"
)

// epochRaise is `clave epoch raise`.
type epochRaise struct {
	place `embed:""`
}

// Run voids every code, session and confirmation: the database was restored, or a primary promoted that lacked commits, and
// what was used may seem unused.
func (c *epochRaise) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *epochRaise) run(ctx context.Context, out io.Writer) error {
	ring, err := c.ring("")
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, c.Database, store.Options{Kind: ring.Kind(), Ring: ring, Now: time.Now})
	if err != nil {
		return err
	}
	defer s.Close(context.WithoutCancel(ctx))
	var epoch int64
	err = s.Do(ctx, func(ctx context.Context) (err error) {
		epoch, err = s.Distrust(ctx)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The database is in epoch %d: what was given before opens nothing any more.\n", epoch)
	return err
}
