package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var files embed.FS

// released is the last migration of the release before this one: this program must serve on those tables too, since a
// rolling upgrade starts it before or after they are migrated. Zero: nothing has been released, and it serves on its own only.
const released = 0

// ErrSchema means that the database's tables are not those that this program works on.
var ErrSchema = errors.New("store: the database's tables do not fit this program")

// known is the newest migration that this program knows.
var known = func() (newest int64) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		panic(err) // our own pattern
	}
	for _, name := range names {
		newest = max(newest, number(name))
	}
	return newest
}()

// number is that of a migration's file.
func number(name string) int64 {
	digits, _, _ := strings.Cut(path.Base(name), "_")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		panic(err) // our own file
	}
	return n
}

// oldest is the first migration without which this program does not work.
func oldest() int64 {
	if released > 0 {
		return released
	}
	return known
}

// fits looks whether the tables are those that this program works on. Newer ones are, unless they say that they are not.
func (s *Store) fits(ctx context.Context) error {
	var version, requires int64
	if err := s.queryRow(ctx, `SELECT MAX(version_id) FROM goose_db_version WHERE is_applied`).Scan(&version); err != nil {
		return err
	}
	if version < oldest() {
		return fmt.Errorf("%w: they are of version %d, and it needs %d: run clave migrate", ErrSchema, version, oldest())
	}
	if err := s.queryRow(ctx, `SELECT requires FROM house`).Scan(&requires); err != nil {
		return err
	}
	if requires > known {
		return fmt.Errorf("%w: they need a program that knows migration %d, and this one knows %d: start a newer program", ErrSchema, requires, known)
	}
	return nil
}

// settle brings a database up to date, if it is new or that was asked for, unless it is of another kind, and lets a new
// one be born. Other processes are kept out meanwhile.
func (o Options) settle(ctx context.Context, db *sql.DB, dialect goose.Dialect) error {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, db, migrations, goose.WithDisableGlobalRegistry(true), goose.WithSlog(o.Log))
	if err != nil {
		return err
	}
	from, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	if from > 0 {
		if err := sameKind(ctx, db, o.Kind); err != nil {
			return err
		}
	}
	to := from
	if from == 0 || o.Migrate && from < known {
		if _, err := p.Up(ctx); err != nil {
			return err
		}
		to = known
	}
	if o.migrated != nil {
		o.migrated(from, to)
	}
	return bear(ctx, db, o)
}

// Migrate brings a database up to date and returns the versions before and after. Programs of the release before go on
// working on it meanwhile and afterwards.
func Migrate(ctx context.Context, address string, o Options) (from, to int64, err error) {
	o.Migrate = true
	o.migrated = func(f, t int64) { from, to = f, t }
	s, err := Open(ctx, address, o)
	if err != nil {
		return from, to, err
	}
	return from, to, s.Close(ctx)
}
