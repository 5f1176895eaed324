package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"filippo.io/age"

	"clave/internal/store"
)

// restore is `clave restore`.
type restore struct {
	place    `embed:""`
	From     string `help:"The backup." required:"" type:"existingfile" placeholder:"FILE"`
	Identity string `help:"The age key that opens it, where it is encrypted." type:"existingfile" placeholder:"FILE"`
}

// Run puts a backup where no database is, and says what is void.
func (c *restore) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *restore) run(ctx context.Context, out io.Writer) error {
	identities, err := c.identities()
	if err != nil {
		return fmt.Errorf("-identity: %w", err)
	}
	ring, err := c.ring("")
	if err != nil {
		return err
	}
	r, err := store.Restore(ctx, c.From, c.Database, store.Options{Kind: ring.Kind(), Ring: ring, Now: time.Now}, identities...)
	if err != nil {
		return err
	}
	return told(out, c.Database, r)
}

func (c *restore) identities() ([]age.Identity, error) {
	if c.Identity == "" {
		return nil, nil
	}
	f, err := os.Open(c.Identity)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return age.ParseIdentities(f)
}

func told(out io.Writer, database string, r store.Restored) error {
	last := "Its record is empty"
	if !r.Last.IsZero() {
		last = "The last entry of its record is of " + r.Last.UTC().Format("2006-01-02 15:04:05 MST")
	}
	next := "docs/operate/backup.md says what to repeat by hand; look at it with clave doctor, start one node, sign in yourself, start the others"
	if r.Rehash {
		next = "run clave keys rehash before a node starts, or put back the key ring of the time of the backup: rows are under a master key that this ring has not, or retired; then " + next
	}
	_, err := fmt.Fprintf(out, `The database is back at %s, in epoch %d; its tables are at version %d, and were at %d.
%s: what happened later is forgotten, blocks and renunciations too.
Void: every session, PIN, code and confirmation that was open. Codes that waited to be sent will not be; notices and letters may leave a second time.
Not void: invitation letters and activation codes that were used since the backup.
Next: %s.
`, database, r.Epoch, r.To, r.From, last, next)
	return err
}
