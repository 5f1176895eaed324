package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"filippo.io/age"
)

// What can be wrong with a backup, beside what can be wrong with a database.
var (
	ErrServer  = errors.New("store: PostgreSQL is copied and brought back by its own tools (pg_basebackup, pgBackRest); after bringing it back, run clave epoch raise")
	ErrDamaged = errors.New("store: this is not a whole database of Clave")
)

// Backup copies an SQLite database into a new file, mode 600, while nodes work on it: all that was acknowledged before it
// began, and of later units all or nothing. The copy has been examined, with the key ring, when it gets its name. Its readers, if
// there are any, are the only ones who can open it. No key of the ring is in it.
func Backup(ctx context.Context, address, to string, o Options, readers ...age.Recipient) error {
	if isServer(address) {
		return ErrServer
	}
	if _, err := os.Stat(address); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	err := appear(to, func(dir string) (string, error) {
		plain, sealed := filepath.Join(dir, "plain"), filepath.Join(dir, "sealed")
		if err := copyOut(ctx, address, plain); err != nil {
			return "", err
		}
		if err := o.examine(ctx, plain); err != nil || len(readers) == 0 {
			return plain, err
		}
		return sealed, encipher(ctx, plain, sealed, readers)
	})
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

// copyOut reads one state of the database and writes it as a file that holds nothing of what was deleted. Nobody waits for it;
// the write-ahead log grows meanwhile.
func copyOut(ctx context.Context, address, to string) error {
	if err := touch(to); err != nil { // its mode; SQLite takes an empty file for a new one
		return err
	}
	to, err := filepath.Abs(to) // "file:…" would be a URI
	if err != nil {
		return err
	}
	db, err := lite(address, 1, readerCache)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	return errors.Join(err, db.Close())
}

// examine looks whether a file that nobody writes is a whole database, of this kind and of this key ring. It changes nothing.
func (o Options) examine(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", fileURI(path, url.Values{"mode": {"ro"}, "immutable": {"1"}, "_pragma": {"trusted_schema(0)"}}))
	if err != nil {
		return err
	}
	defer db.Close()
	var found string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, found)
	}
	if err := sameKind(ctx, db, o.Kind); errors.Is(err, ErrKind) {
		return err
	} else if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	s := &Store{Options: o, engine: &embedded{readers: &prepared{on: db}}}
	return s.ownRing(ctx)
}

func encipher(ctx context.Context, from, to string, readers []age.Recipient) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return written(to, func(out io.Writer) error {
		sealing, err := age.Encrypt(out, readers...)
		if err != nil {
			return err
		}
		_, err = io.Copy(sealing, whileWanted{ctx, in})
		return errors.Join(err, sealing.Close())
	})
}

// written makes a new file of mode 600.
func written(name string, write func(io.Writer) error) error {
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(out), out.Close())
}

// whileWanted ends a long copy when its context does.
type whileWanted struct {
	ctx context.Context
	in  io.Reader
}

func (w whileWanted) Read(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.in.Read(b)
}
