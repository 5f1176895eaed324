package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrOpen means that a database cannot be put where one is open.
var ErrOpen = errors.New("store: a node or another command has this database open")

// presence shows other processes, by a lock that dies with this one, that a database file is open here. The lock is SQLite's,
// on an empty file beside: that of the database itself would be gone with the file, which a node goes on writing.
type presence struct {
	db *sql.DB
	tx *sql.Tx
}

// present is what everybody holds who has the database open, side by side.
func present(ctx context.Context, path string) (*presence, error) {
	return enter(ctx, path, url.Values{"_pragma": {"busy_timeout(5000)"}})
}

// absent is held by who must be alone: nobody has the database open, nor can open it meanwhile.
func absent(ctx context.Context, path string) (*presence, error) {
	return enter(ctx, path, url.Values{"_txlock": {"exclusive"}})
}

func enter(ctx context.Context, path string, query url.Values) (p *presence, err error) {
	p = &presence{}
	if err := made(path + "-open"); err != nil {
		return p, err
	}
	defer func() {
		var lite *sqlite.Error
		if errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_BUSY {
			err = ErrOpen
		}
		if err != nil {
			p.leave()
		}
	}()
	if p.db, err = sql.Open("sqlite", fileURI(path+"-open", query)); err != nil {
		return p, err
	}
	if p.tx, err = p.db.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
		return p, err
	}
	var nothing int
	return p, p.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema`).Scan(&nothing)
}

// made leaves an empty file where there is none. One that is there is not opened: closing it would end the locks that this
// process holds on it.
func made(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func (p *presence) leave() error {
	var err error
	if p == nil {
		return err
	}
	if p.tx != nil {
		err = p.tx.Rollback()
	}
	if p.db != nil {
		err = errors.Join(err, p.db.Close())
	}
	return err
}
