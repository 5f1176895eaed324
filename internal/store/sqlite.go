package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// embedded is an SQLite database: one connection that writes, a few that read.
type embedded struct {
	path    string
	pool    *sql.DB // of readers
	readers *prepared
	db      *sql.DB // of the one writer
	writer  *writer
	here    *presence
}

// The settings of every connection. FULL makes each commit wait until the disk has it. A page that many units change is moved
// from the log into the database file once in 4,000 pages: the rarer, the fewer times.
var settings = []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "trusted_schema(0)",
	"temp_store(MEMORY)", "journal_size_limit(67108864)", "wal_autocheckpoint(4000)"}

// What a connection keeps of the file, in KiB of memory. A reader drops all of it when somebody else has committed, so it would
// have no use of more.
const (
	writerCache = "cache_size(-16000)"
	readerCache = "cache_size(-1000)"
)

func openSQLite(ctx context.Context, path string, o Options) (_ engine, err error) {
	e := &embedded{path: path}
	defer func() {
		if err != nil {
			e.shut()
		}
	}()
	if e.here, err = present(ctx, path); err != nil {
		return nil, err
	}
	if err := touch(path); err != nil {
		return nil, err
	}
	if e.db, err = lite(path, 1, writerCache); err != nil {
		return nil, err
	}
	if err := e.alone(ctx, func() error {
		o.Migrate = true
		return o.settle(ctx, e.db, goose.DialectSQLite3)
	}); err != nil {
		return nil, err
	}
	if e.pool, err = lite(path, max(4, 2*runtime.GOMAXPROCS(0)), "query_only(1)", readerCache); err != nil {
		return nil, err
	}
	e.readers = &prepared{on: e.pool}
	e.writer, err = newWriter(ctx, e.db, o)
	return e, err
}

// touch makes the file readable by its owner only; SQLite gives the files beside it the same mode.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// lite opens a pool of connections to a file. Without _dqs a misspelt column would be read as a string.
func lite(path string, conns int, more ...string) (*sql.DB, error) {
	query := url.Values{"_pragma": append(settings, more...), "_dqs": {"0"}, "_defensive": {"1"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", fileURI(path, query))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func fileURI(path string, query url.Values) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) + "?" + query.Encode()
}

// alone runs f while no other process runs its own. The lock is SQLite's, on an empty file beside the database: it dies with its process.
func (e *embedded) alone(ctx context.Context, f func() error) error {
	if err := touch(e.path + "-lock"); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", fileURI(e.path+"-lock", url.Values{"_pragma": {"busy_timeout(60000)"}, "_txlock": {"exclusive"}}))
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return f()
}

func (e *embedded) do(ctx context.Context, s *Store, work func(context.Context) error) error {
	return e.writer.do(ctx, s, work)
}

// reader runs a statement to its end: one that can be interrupted costs two goroutines, and none reads for long.
func (e *embedded) reader() runner { return wholly{e.readers} }

func (e *embedded) judge(err error) error { return err }

// close moves what the write-ahead log still holds into the database file, which then is all there is.
func (e *embedded) close(ctx context.Context) error {
	e.writer.stop()
	err := e.pool.Close()
	_, checked := e.writer.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return errors.Join(err, checked, e.writer.conn.Close(), e.shut())
}

func (e *embedded) shut() error {
	var err error
	for _, db := range []*sql.DB{e.pool, e.db} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return errors.Join(err, e.here.leave())
}
