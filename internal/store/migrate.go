package store

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var files embed.FS

// settle brings a database up to date, unless it is of another kind, and lets a new one be born. Other processes are
// kept out meanwhile.
func settle(ctx context.Context, db *sql.DB, dialect goose.Dialect, o Options) error {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, db, migrations, goose.WithDisableGlobalRegistry(true), goose.WithSlog(o.Log))
	if err != nil {
		return err
	}
	version, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	if version > 0 {
		if err := sameKind(ctx, db, o.Kind); err != nil {
			return err
		}
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	return bear(ctx, db, o)
}
