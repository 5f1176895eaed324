package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"clave/internal/store"
)

// migrate is `clave migrate`.
type migrate struct {
	place  `embed:""`
	ToShow bool `help:"Only say what would be done."`
}

// Run brings the tables up to date; run again, it changes nothing. A node does the same by itself on the embedded database, and on
// a PostgreSQL that is new; on one that is in use it does not, because nodes of the version before may be running.
func (c *migrate) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *migrate) run(ctx context.Context, out io.Writer) error {
	has, comes, err := store.Version(ctx, c.Database)
	switch {
	case err != nil:
		return err
	case has > comes:
		return fmt.Errorf("the database is at version %d, and this program knows %d: it is older than the database", has, comes)
	case c.ToShow || has == comes:
		_, err = fmt.Fprintln(out, shownVersions(has, comes))
		return err
	}
	ring, err := c.ring("")
	if err != nil {
		return err
	}
	from, to, err := store.Migrate(ctx, c.Database, store.Options{Kind: ring.Kind(), Ring: ring, Now: time.Now})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The database is at version %d; it was at %d.\n", to, from)
	return err
}

func shownVersions(has, comes int64) string {
	if has == comes {
		return fmt.Sprintf("The database is at version %d: up to date.", has)
	}
	return fmt.Sprintf("The database is at version %d; it would come to %d.", has, comes)
}
