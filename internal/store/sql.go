package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// runner runs statements: in a transaction, or for reading only.
type runner interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// exec changes rows and returns how many. It needs a unit.
func (s *Store) exec(ctx context.Context, text string, args ...any) (n int64, err error) {
	u := s.unit(ctx)
	if u == nil {
		return 0, ErrNoUnit
	}
	text, args = s.forms(text, args)
	err = u.statement(text, func(r runner) error {
		result, err := r.ExecContext(ctx, text, plain(args)...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// query gives each row to a function. While it runs, the unit takes no other statement: whoever needs the rows for
// further statements uses all.
func (s *Store) query(ctx context.Context, each func(row) error, text string, args ...any) error {
	u := s.unit(ctx)
	text, args = s.forms(text, args)
	if u == nil {
		if err := s.estranged(ctx); err != nil {
			return err
		}
		return s.engine.judge(readOnly(s.scanAll(ctx, s.engine.reader(), each, text, args)))
	}
	return u.statement(text, func(r runner) error { return s.scanAll(ctx, r, each, text, args) })
}

// all returns every row, each read by scan.
func all[T any](ctx context.Context, s *Store, scan func(row) (T, error), text string, args ...any) (list []T, err error) {
	err = s.query(ctx, func(r row) error {
		one, err := scan(r)
		list = append(list, one)
		return err
	}, text, args...)
	return list, err
}

// queryRow is a row that its Scan asks for: sql.ErrNoRows if there is none, which dooms no unit.
func (s *Store) queryRow(ctx context.Context, text string, args ...any) row {
	return firstRow{s, ctx, text, args}
}

// locked lets a unit lock the row that a query finds: it may save all of it again, and must not undo what another saved
// meanwhile. Outside a unit nothing is locked.
func (s *Store) locked(ctx context.Context, text string) string {
	if s.unit(ctx) == nil {
		return text
	}
	return text + ` FOR UPDATE`
}

// row is what a scan function reads: one of many, or the only one.
type row interface{ Scan(dest ...any) error }

type firstRow struct {
	s    *Store
	ctx  context.Context
	text string
	args []any
}

func (f firstRow) Scan(dest ...any) error {
	found := false
	err := f.s.query(f.ctx, func(r row) error {
		if found {
			return nil
		}
		found = true
		return r.Scan(dest...)
	}, f.text, f.args...)
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

func (s *Store) scanAll(ctx context.Context, r runner, each func(row) error, text string, args []any) error {
	rows, err := r.QueryContext(ctx, text, plain(args)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(hashRow{rows, s.Ring}); err != nil {
			return err
		}
	}
	return rows.Err()
}

// statement runs one statement of a unit. A doomed unit runs no more of them: after some failures (a full disk) SQLite
// is no longer in a transaction, and the next change would be kept at once, alone.
func (u *unit) statement(text string, do func(runner) error) error {
	if !u.mu.TryLock() {
		return ErrUnitBusy
	}
	defer u.mu.Unlock()
	if u.over {
		return fmt.Errorf("%w: its unit is over", ErrNoUnit)
	}
	if u.failed == nil {
		u.wrote = u.wrote || !strings.HasPrefix(strings.TrimSpace(text), "SELECT")
		u.failed = do(u.run)
	}
	return u.failed
}

// readOnly says ErrNoUnit when the database refused a change outside a unit.
func readOnly(err error) error {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	if errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_READONLY || errors.As(err, &pg) && pg.Code == "25006" {
		return fmt.Errorf("%w: %v", ErrNoUnit, err)
	}
	return err
}

// twice says that a change would have made a second row of what is unique.
func twice(err error) bool {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	return errors.As(err, &lite) && lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || errors.As(err, &pg) && pg.Code == "23505"
}
