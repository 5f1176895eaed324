package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"filippo.io/age"

	"clave/internal/store"
)

// backup is `clave backup`.
type backup struct {
	place     `embed:""`
	To        string   `help:"The new file. Nothing is overwritten." required:"" placeholder:"FILE"`
	Recipient []string `help:"Encrypt it, so that only the holder of this age key opens it; may be repeated." placeholder:"age1…"`
}

// Run copies the embedded database while nodes work on it.
func (c *backup) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *backup) run(ctx context.Context, out io.Writer) error {
	var readers []age.Recipient
	if len(c.Recipient) > 0 {
		var err error
		if readers, err = age.ParseRecipients(strings.NewReader(strings.Join(c.Recipient, "\n"))); err != nil {
			return fmt.Errorf("-recipient: %w", err)
		}
	}
	ring, err := c.ring("")
	if err != nil {
		return err
	}
	o := store.Options{Kind: ring.Kind(), Ring: ring, Now: time.Now}
	if err := store.Backup(ctx, c.Database, c.To, o, readers...); err != nil {
		return err
	}
	made, err := os.Stat(c.To)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %.1f MB, examined, and opened with the key ring. The keys are not in it: keep them elsewhere.\n", c.To, float64(made.Size())/1e6)
	return err
}
