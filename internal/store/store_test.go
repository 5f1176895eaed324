package store_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clave/internal/keyring"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(doomedAddress); address != "" {
		doomed(address)
	}
	os.Exit(storetest.Main(m))
}

var ring = storetest.Ring

// options are those of a demo world whose clock stands still.
func options() store.Options {
	return store.Options{
		Kind: keyring.Demo,
		Ring: ring(),
		Now:  func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) },
		Log:  slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

func open(t testing.TB, address string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func sqlite(t testing.TB) string { return filepath.Join(t.TempDir(), "clave 100%?#.db") }

// onBoth runs a test on each database, given the address of a new one.
func onBoth(t *testing.T, test func(t *testing.T, address string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, sqlite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, storetest.Postgres(t)) })
}

func do(t testing.TB, s *store.Store, unit func(ctx context.Context) error) {
	t.Helper()
	if err := s.Do(t.Context(), unit); err != nil {
		t.Fatal(err)
	}
}

func execs(t testing.TB, s *store.Store, text string, args ...any) {
	t.Helper()
	do(t, s, func(ctx context.Context) error {
		_, err := s.Exec(ctx, text, args...)
		return err
	})
}

func wants(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func TestSuite(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) *store.Store { return open(t, sqlite(t), options()) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) *store.Store { return open(t, storetest.Postgres(t), options()) })
	})
}

// A counter that was locked, and then not hit, is forgotten: whoever is refused by another limit leaves no row for ever.
func TestALockedCounterIsForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		do(t, s, func(ctx context.Context) error {
			_, err := s.LockHitTimes(ctx, secret.Hash("a counter"))
			return err
		})
		do(t, s, func(ctx context.Context) error { _, err := s.Forget(ctx, s.Now().AddDate(0, 0, 2)); return err })
		var left int
		if err := s.Get(t.Context(), &left, `SELECT COUNT(*) FROM counters`); err != nil || left != 0 {
			t.Errorf("%d counters are left, %v", left, err)
		}
	})
}

func TestRule23BornDemoOrLiveForEver(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		for _, c := range []struct {
			as   keyring.Kind
			want error
		}{
			{"", store.ErrKind}, {"test", store.ErrKind}, {keyring.Demo, nil}, {keyring.Live, store.ErrKind}, {keyring.Demo, nil},
		} {
			o := options()
			o.Kind = c.as
			s, err := store.Open(t.Context(), address, o)
			wants(t, err, c.want)
			if err == nil {
				wants(t, s.Close(t.Context()), nil)
			}
		}
	})
}

func TestValuesComeBack(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		execs(t, s, `CREATE TABLE things (id TEXT NOT NULL PRIMARY KEY, at BIGINT, body BYTEA, open BOOLEAN)`)
		at := time.Date(2026, 3, 29, 2, 30, 0, 123456000, time.UTC)
		execs(t, s, `INSERT INTO things (id, at, body, open) VALUES ($1, $2, $3, $4)`, "01", at, []byte("12"), true)
		execs(t, s, `INSERT INTO things (id, at, body, open) VALUES ($1, $2, $3, $4)`, "02", time.Time{}, []byte{}, false)

		var got time.Time
		var body []byte
		var opened bool
		wants(t, s.Get(t.Context(), &got, `SELECT at FROM things WHERE id = $1`, "01"), nil)
		wants(t, s.Get(t.Context(), &body, `SELECT body FROM things WHERE id = $1`, "01"), nil)
		wants(t, s.Get(t.Context(), &opened, `SELECT open FROM things WHERE open`), nil)
		if !got.Equal(at) || string(body) != "12" || !opened {
			t.Errorf("got %v, %q, %v", got, body, opened)
		}
		wants(t, s.Get(t.Context(), &got, `SELECT at FROM things WHERE at IS NULL`), nil)
		wants(t, s.Get(t.Context(), &body, `SELECT body FROM things WHERE NOT open AND body IS NOT NULL`), nil)
		if !got.IsZero() || len(body) != 0 {
			t.Errorf("got %v, %#v", got, body)
		}
	})
}

func TestOpenedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		first := open(t, address, options())
		execs(t, first, `UPDATE house SET epoch = 7`)
		second := open(t, address, options()) // another node, or a command, meanwhile
		epoch, err := second.Epoch(t.Context())
		if err != nil || epoch != 7 {
			t.Errorf("got epoch %d, %v", epoch, err)
		}
	})
}

func TestSQLiteFilesAreTheOwners(t *testing.T) {
	address := sqlite(t)
	execs(t, open(t, address, options()), `UPDATE house SET epoch = 2`)
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(address), "*"))
	if len(files) != 5 { // with the log, its index, and the two locks
		t.Errorf("found %q", files)
	}
	for _, name := range files {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}
