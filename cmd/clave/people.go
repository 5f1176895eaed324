package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"clave/internal/census"
	"clave/internal/keyring"
	"clave/internal/store"
)

// peopleImport is `clave people import`.
type peopleImport struct {
	Database string `help:"Where to: a path, or a postgres:// address." required:"" placeholder:"DATABASE"`
	Keys     string `help:"The key ring, which seals what is imported." required:"" type:"existingfile" placeholder:"FILE"`
	Kind     string `help:"What the database is: demo or live." required:"" enum:"demo,live" placeholder:"demo|live"`
	File     string `arg:"" help:"The register: JSON, one person a line; - reads standard input."`
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
	ring, err := keyring.Open(c.Keys)
	if err != nil {
		return nil, err
	}
	kind := keyring.Kind(c.Kind)
	if ring.Kind() != kind {
		return nil, fmt.Errorf("the key ring is %s, the database is to be %s", ring.Kind(), kind)
	}
	return store.Open(ctx, c.Database, store.Options{Kind: kind, Ring: ring, Now: time.Now})
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
