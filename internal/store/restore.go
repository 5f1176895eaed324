package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
)

// ErrSealed means that a backup was made for readers, and no identity of theirs was given.
var ErrSealed = errors.New("store: the backup is encrypted: an age identity is needed")

// Restored says what became of a database that was brought back.
type Restored struct {
	Epoch    int64     // the new one
	From, To int64     // the versions of its tables, before and now
	Last     time.Time // of its last entry in the record; what happened later is forgotten
	Rehash   bool      // rows are under a master key that the ring has not, or retired: no node starts on it
}

// Restore puts a backup where no database is. Codes that were used since the backup seem unused in it, so whatever was given
// before is void. Nothing is at the address until all has been done.
func Restore(ctx context.Context, from, address string, o Options, identities ...age.Identity) (r Restored, err error) {
	if isServer(address) {
		return r, ErrServer
	}
	if err := vacant(address); err != nil {
		return r, fmt.Errorf("restore: %w", err)
	}
	alone, err := absent(ctx, address)
	if err != nil {
		return r, fmt.Errorf("restore: %w", err)
	}
	err = appear(address, func(dir string) (file string, err error) {
		file = filepath.Join(dir, "clave.db")
		if err := bring(ctx, from, file, identities); err != nil {
			return "", err
		}
		if err := o.examine(ctx, file); err != nil {
			return "", err
		}
		r, err = o.distrusted(ctx, file)
		return file, err
	})
	if err = errors.Join(err, alone.leave()); err != nil {
		return Restored{}, fmt.Errorf("restore: %w", err)
	}
	return r, nil
}

// vacant refuses a place where a database is, or was: SQLite would play the log of another into the one brought back.
func vacant(address string) error {
	for _, part := range []string{"", "-wal", "-shm", "-journal"} {
		if _, err := os.Lstat(address + part); err == nil {
			return exists(address + part)
		}
	}
	return nil
}

// ageHeader begins every file that age encrypted.
const ageHeader = "age-encryption.org/"

// bring copies a backup, and opens it if it is encrypted.
func bring(ctx context.Context, from, to string, identities []age.Identity) error {
	if _, err := os.Lstat(from + "-wal"); err == nil {
		return fmt.Errorf("%w: %s-wal lies beside it, so it is no backup but a database in use", ErrDamaged, from)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	var plain io.Reader = bufio.NewReader(whileWanted{ctx, in})
	if head, _ := plain.(*bufio.Reader).Peek(len(ageHeader)); string(head) == ageHeader {
		if len(identities) == 0 {
			return ErrSealed
		}
		if plain, err = age.Decrypt(plain, identities...); err != nil {
			return err
		}
	}
	return written(to, func(out io.Writer) error {
		_, err := io.Copy(out, plain)
		return err
	})
}

// distrusted brings the tables up to date and voids what a thief, or the person, may have used since.
func (o Options) distrusted(ctx context.Context, file string) (r Restored, err error) {
	o.AnyMaster = true
	o.migrated = func(from, to int64) { r.From, r.To = from, to }
	s, err := Open(ctx, file, o)
	if err != nil {
		return r, err
	}
	err = s.Do(ctx, func(ctx context.Context) (err error) {
		r.Epoch, err = s.Distrust(ctx)
		return err
	})
	err = errors.Join(err, s.queryRow(ctx, `SELECT MAX(at) FROM audits`).Scan(&r.Last))
	if strange := s.CheckMasters(ctx); errors.Is(strange, ErrRing) {
		r.Rehash = true
	} else {
		err = errors.Join(err, strange)
	}
	if err = errors.Join(err, s.Close(context.WithoutCancel(ctx))); err != nil {
		return r, err
	}
	if log, err := os.Stat(file + "-wal"); err == nil && log.Size() > 0 {
		return r, fmt.Errorf("%w: the new epoch is not in the file yet", ErrDamaged)
	}
	return r, nil
}
