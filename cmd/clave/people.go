package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"clave/internal/census"
	"clave/internal/store"
)

// peopleImport is `clave people import`.
type peopleImport struct {
	place `embed:""`
	Kind  string `help:"What the database is, demo or live; the configuration's is live." enum:",demo,live" default:"" placeholder:"demo|live"`
	File  string `arg:"" help:"The register: JSON, one person a line; - reads standard input."`
}

// Run imports the register, and replaces who is there already: an import that ended early is done again.
func (c *peopleImport) Run(ctx context.Context) (err error) {
	file := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		file = f
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closed := s.Close(context.WithoutCancel(ctx)); err == nil {
			err = closed
		}
	}()
	return c.read(ctx, s, file)
}

func (c *peopleImport) open(ctx context.Context) (*store.Store, error) {
	if c.Kind == "" && c.Config == "" {
		return nil, errors.New("say by -kind what the database is: demo or live")
	}
	ring, err := c.ring(c.Kind)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, c.Database, store.Options{Kind: ring.Kind(), Ring: ring, Now: time.Now})
}

func (c *peopleImport) read(ctx context.Context, s *store.Store, file io.Reader) error {
	began := time.Now()
	tell := func(saved int) {
		fmt.Fprintf(os.Stderr, "%d people after %s\n", saved, time.Since(began).Round(time.Second))
	}
	saved, err := census.Import(ctx, file, s.PutPeople, tell)
	if err != nil {
		return fmt.Errorf("imported %d people, then stopped: %w", saved, err)
	}
	tell(saved)
	return nil
}
