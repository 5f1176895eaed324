// Package store keeps everything, in SQLite or in PostgreSQL, with one SQL text for both.
//
// A change happens in a unit of work ([Store.Do]) and nowhere else; when Do returns nil, the change has been durably
// committed, and until then nobody is told anything. The transaction travels in the context:
//
//   - A unit that fails in any way (an error, a panic, a statement that failed, a nested Do that failed) leaves nothing
//     behind, and harms no other unit.
//   - Nested calls join: they are kept together or not at all.
//   - Once begun, a unit cannot be cancelled by the visitor: a wrong try is counted even if they hang up.
//   - A unit may run twice, and belongs to one goroutine. Inside it: no network, hash, signature, PDF or XML.
//   - [Store.After] is for what may happen only once the unit is durable.
//
// On SQLite, units run one after the other, and those that wait at the same time share one durable commit. On PostgreSQL
// each has its own transaction, at READ COMMITTED. SERIALIZABLE would make each collision on a counter a rerun of the
// unit, and the counters are what an attacker hammers: there, colliding units queue for the row instead. The price is
// that a unit locks what it decides on.
//
// # How to write a method
//
// Each kind of thing has one file here (letters.go, say), and its tables one migration. Methods use exec, queryRow,
// query and all, which find the unit in the context; outside a unit they may read, never write.
//
//	func (s *Store) Letter(ctx context.Context, id string) (enrolment.Letter, error) {
//		return scanLetter(s.queryRow(ctx, `SELECT id, asked_at FROM letters WHERE id = $1 FOR UPDATE`, id))
//	}
//
//	func scanLetter(r row) (l enrolment.Letter, err error) {
//		return l, r.Scan(&l.ID, &l.Asked)
//	}
//
// The SQL is PostgreSQL's, as far as SQLite understands it:
//
//   - Column types are TEXT, BIGINT, BOOLEAN and BYTEA. Identifiers are made by secret.ID. Write NOT NULL, also for a
//     primary key. Foreign keys are never DEFERRABLE: a commit must have no reason to fail.
//   - Times are BIGINT, microseconds of Unix time. Pass and scan time.Time: the zero time is NULL.
//   - FOR UPDATE, with or without SKIP LOCKED, is written wherever a unit decides on what it reads; SQLite, where units
//     run one by one, is not shown it. A row that may not exist yet is locked by INSERT … ON CONFLICT (key) DO UPDATE …
//     RETURNING, which makes it.
//   - A failed statement dooms its unit, so what may collide is written with ON CONFLICT DO NOTHING, and the number of
//     rows that exec returns says whether it did.
package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"clave/internal/crowd"
	"clave/internal/keyring"
	"clave/internal/notify"
	"clave/internal/telemetry"
)

// What can go wrong with the store itself. Except after ErrUnknownOutcome, nothing of the unit has been kept.
var (
	ErrKind           = errors.New("store: the database is of another kind")
	ErrRing           = errors.New("store: the key ring does not open what the database holds: it is another's, or a new one")
	ErrNoUnit         = errors.New("store: a change outside a unit of work")
	ErrUnitBusy       = errors.New("store: a unit of work runs one statement at a time")
	ErrPanic          = errors.New("store: the unit of work panicked")
	ErrBusy           = fmt.Errorf("store: too many units of work are waiting: %w", crowd.ErrFull)
	ErrRolledBack     = errors.New("store: the database gave up the transaction")
	ErrCommit         = errors.New("store: the commit failed")
	ErrUnknownOutcome = errors.New("store: it is not known whether the commit happened")
	ErrAway           = errors.New("store: the database cannot work just now")
	ErrClosed         = errors.New("store: closed")
)

// Options say how a database is opened.
type Options struct {
	Kind  keyring.Kind         // the kind it must have, or is born with
	Ring  *keyring.Ring        // seals and hashes what is stored
	Owed  func(notify.Channel) // told, after the commit, that a message waits to be sent; may be nil
	Now   func() time.Time     // the clock of this world; required
	Log   *slog.Logger         // nil: slog.Default
	Fatal func(error)          // called when a commit failed on SQLite: the process must end, and start anew; nil: it is logged
	Wait  time.Duration        // how long a unit may wait for its turn; zero: 10 seconds
	Run   time.Duration        // how long a unit may then run; zero: 10 seconds
	Conns int                  // PostgreSQL connections for units, and as many for reads; zero: 16
	Seen  *telemetry.Metrics   // counts units; nil: nobody
	Node  string               // what this node is called in the list of jobs
	Wall  func() time.Time     // real time, where Now can be moved; nil: time.Now

	Migrate    bool // bring the tables of a PostgreSQL up to date; those of SQLite, and a new database's, always are
	SingleNode bool // PostgreSQL may acknowledge what no standby has: a lost machine then loses it

	migrated func(from, to int64) // told what became of the tables

	// AnyMaster opens a database whose rows may be under retired master keys, as those of an old backup are: for Rehash only.
	AnyMaster bool
}

// Store is an open database. Its methods may be called from many goroutines.
type Store struct {
	Options // as it was opened with
	engine  engine
	gate    gate
	end     sync.Once
	strange atomic.Bool // rows may be under a master key that the ring has not
	paces   paces       // of the messages that went out last
}

// engine is what differs between the two databases.
type engine interface {
	// do runs a unit in a transaction, through s.attempt.
	do(ctx context.Context, s *Store, unit func(context.Context) error) error
	// reader runs statements that are in no unit, and lets them change nothing.
	reader() runner
	// ready says what makes the database unfit to answer from, although it answers.
	ready(ctx context.Context, s *Store) error
	// judge gives an error of a read its name.
	judge(error) error
	// seen shows what the engine holds.
	seen(m *telemetry.Metrics)
	// close frees everything; no unit is running any more.
	close(ctx context.Context) error
}

// usable refuses tables and a key ring that do not go with the program and the database.
func (s *Store) usable(ctx context.Context) error {
	if err := s.fits(ctx); err != nil {
		return err
	}
	return s.own(ctx)
}

// Open opens a database, or creates it. Tables of an earlier version are brought up to date in SQLite, which no other
// program uses, and where Options.Migrate says so. The address is either a postgres:// URL or the
// path of an SQLite file.
func Open(ctx context.Context, address string, o Options) (*Store, error) {
	if o.Kind != keyring.Demo && o.Kind != keyring.Live {
		return nil, fmt.Errorf("%w: it can be demo or live, not %q", ErrKind, o.Kind)
	}
	o.Log = cmp.Or(o.Log, slog.Default())
	o.Wait, o.Run = cmp.Or(o.Wait, 10*time.Second), cmp.Or(o.Run, 10*time.Second)
	o.Conns = cmp.Or(o.Conns, 16)
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Fatal == nil {
		o.Fatal = func(err error) { o.Log.Error("the process must be started anew", "err", err) }
	}
	open := openSQLite
	if isServer(address) {
		open = openPostgres
	}
	e, err := open(ctx, address, o)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s := &Store{Options: o, engine: e}
	if err := s.usable(ctx); err != nil {
		return nil, fmt.Errorf("open database: %w", errors.Join(err, e.close(ctx)))
	}
	e.seen(o.Seen)
	return s, nil
}

// Close lets the units that have begun or are waiting end, refuses new ones, and closes the database. When ctx ends
// first, it is left open, and Close may be called again; a process may also just end, for what was acknowledged is durable.
func (s *Store) Close(ctx context.Context) error {
	err := s.gate.close(ctx)
	if err == nil {
		s.end.Do(func() { err = s.engine.close(ctx) })
	}
	if err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}
