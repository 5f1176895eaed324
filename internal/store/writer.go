package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"

	"clave/internal/telemetry"
)

// The bounds of what shares a commit: the last unit waits for the first no longer than this.
const (
	batchUnits = 256
	batchTime  = 5 * time.Millisecond
)

// writer is the one who changes an SQLite database. It gives the units their turn, one after the other, and commits for
// all those that came while it was busy.
type writer struct {
	conn  *sql.Conn
	run   wholly
	queue chan *member
	ran   chan error // from the unit whose turn it is: its work is over
	seen  *telemetry.Metrics
	quit  chan struct{} // closed by stop
	ended chan struct{} // closed when the writer has ended
	batch []*member     // whose turn has been, since the transaction began
	lost  error         // a commit failed: what is on the disk is not known, nothing more is promised
	fatal func(error)
}

// member is a unit that shares a commit with others.
type member struct {
	taken  atomic.Bool // by its turn, or by giving up
	signal chan signal
	err    error // of its own work
}

// signal tells a member that it is its turn, or what became of it.
type signal struct {
	turn bool
	err  error
}

func newWriter(ctx context.Context, db *sql.DB, o Options) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, run: wholly{&prepared{on: conn}}, queue: make(chan *member, batchUnits), ran: make(chan error),
		quit: make(chan struct{}), ended: make(chan struct{}), fatal: o.Fatal, seen: o.Seen}
	go w.serve()
	return w, nil
}

// do waits for the unit's turn, runs it, and waits for the commit. The visitor may leave before the turn, not after.
func (w *writer) do(ctx context.Context, s *Store, work func(context.Context) error) error {
	m := &member{signal: make(chan signal, 2)}
	sig, err := w.turn(ctx, m, s.Wait)
	if err != nil || !sig.turn {
		return cmp.Or(err, sig.err)
	}
	var u *unit
	s.attempt(ctx, w.run, work, func(ended *unit, err error) { u = ended; w.ran <- err })
	if sig = <-m.signal; sig.err == nil {
		s.durable(u)
	}
	return sig.err
}

func (w *writer) turn(ctx context.Context, m *member, wait time.Duration) (signal, error) {
	late := time.NewTimer(wait)
	defer late.Stop()
	queue := w.queue
	for {
		var err error
		select {
		case queue <- m:
			queue = nil
			continue
		case sig := <-m.signal:
			return sig, nil
		case <-ctx.Done():
			err = ctx.Err()
		case <-late.C:
			err = ErrBusy
		}
		if m.taken.CompareAndSwap(false, true) {
			return signal{}, err
		}
		return <-m.signal, nil
	}
}

func (w *writer) serve() {
	defer close(w.ended)
	for {
		select {
		case m := <-w.queue:
			w.share(m)
		case <-w.quit:
			return
		}
	}
}

// stop ends the writer. Nobody is waiting for it any more.
func (w *writer) stop() {
	close(w.quit)
	<-w.ended
}

// share runs a unit and those waiting behind it in one transaction.
func (w *writer) share(first *member) {
	err := w.lost
	if err == nil {
		err = w.sql("BEGIN IMMEDIATE")
	}
	if err != nil {
		if first.taken.CompareAndSwap(false, true) {
			first.signal <- signal{err: err}
		}
		return
	}
	began := time.Now()
	for m := first; m != nil && err == nil; m = w.next(began) {
		err = w.member(m)
	}
	if err != nil {
		w.sql("ROLLBACK")
		w.answer(fmt.Errorf("%w: %w", ErrRolledBack, err))
		return
	}
	w.commit()
}

// next is who joins the transaction, if there is somebody, and room.
func (w *writer) next(began time.Time) *member {
	if len(w.batch) == batchUnits || time.Since(began) > batchTime {
		return nil
	}
	select {
	case m := <-w.queue:
		return m
	default:
		return nil
	}
}

// member lets one unit run, and undoes it if it failed. An error says that the transaction is gone, and with it
// everything that the members before have done.
func (w *writer) member(m *member) error {
	if !m.taken.CompareAndSwap(false, true) {
		return nil
	}
	w.batch = append(w.batch, m)
	if err := w.sql("SAVEPOINT unit"); err != nil {
		return err
	}
	m.signal <- signal{turn: true}
	if m.err = <-w.ran; m.err != nil {
		if err := w.sql("ROLLBACK TO unit"); err != nil {
			return err
		}
	}
	return w.sql("RELEASE unit")
}

// commit makes durable what the members have done, and only then tells them, also those who failed: their failure may
// have come of another's change.
func (w *writer) commit() {
	if err := w.sql("COMMIT"); err != nil {
		w.lost = fmt.Errorf("%w: %w", ErrCommit, err)
		w.sql("ROLLBACK")
		w.answer(w.lost)
		go w.fatal(w.lost)
		return
	}
	w.seen.Commit(len(w.batch))
	w.answer(nil)
}

// answer tells all members the outcome: the transaction's, or else their own.
func (w *writer) answer(err error) {
	for _, m := range w.batch {
		m.signal <- signal{err: cmp.Or(err, m.err)}
	}
	clear(w.batch)
	w.batch = w.batch[:0]
}

func (w *writer) sql(text string) error {
	_, err := w.run.ExecContext(context.Background(), text)
	return err
}
