package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/store"
	"clave/internal/store/storetest"
)

func TestFailedStatementDoomsItsUnit(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		execs(t, s, `CREATE TABLE things (id TEXT NOT NULL PRIMARY KEY)`)
		execs(t, s, `INSERT INTO things (id) VALUES ('taken')`)
		err := s.Do(t.Context(), func(ctx context.Context) error {
			insert := func(id string) error { _, err := s.Exec(ctx, `INSERT INTO things (id) VALUES ($1)`, id); return err }
			wants(t, insert("before"), nil)
			if first, second := insert("taken"), insert("after"); first == nil || !errors.Is(second, first) {
				t.Errorf("got %v, then %v", first, second)
			}
			return nil
		})
		if err == nil {
			t.Error("the unit was kept")
		}
		if ids, err := s.Strings(t.Context(), `SELECT id FROM things`); len(ids) != 1 || err != nil {
			t.Errorf("kept %q, %v", ids, err)
		}
	})
}

func TestChangeDisguisedAsRead(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		var epoch int64
		wants(t, s.Get(t.Context(), &epoch, `UPDATE house SET epoch = 9 RETURNING epoch`), store.ErrNoUnit)
		if epoch, err := s.Epoch(t.Context()); epoch != 1 || err != nil {
			t.Errorf("got epoch %d, %v", epoch, err)
		}
	})
}

func TestOneStatementAtATime(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		do(t, s, func(ctx context.Context) error {
			return s.Each(ctx, func() error {
				_, err := s.RaiseEpoch(ctx)
				wants(t, err, store.ErrUnitBusy)
				wants(t, s.Do(ctx, func(context.Context) error { return nil }), store.ErrUnitBusy)
				return nil
			}, `SELECT epoch FROM house FOR UPDATE SKIP LOCKED`)
		})
	})
}

func TestUnitOutOfTime(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		o := options()
		o.Run = 50 * time.Millisecond
		s := open(t, address, o)
		err := s.Do(t.Context(), func(ctx context.Context) error {
			_, err := s.RaiseEpoch(ctx)
			wants(t, err, nil)
			<-ctx.Done()
			_, err = s.RaiseEpoch(ctx)
			return err
		})
		wants(t, err, context.DeadlineExceeded)
		if epoch, err := s.Epoch(t.Context()); epoch != 1 || err != nil {
			t.Errorf("got epoch %d, %v", epoch, err)
		}
	})
}

// A Do inside a unit that is not given the unit's context waits for a turn that its own unit holds.
func TestNoTurn(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		o := options()
		o.Wait, o.Conns = 50*time.Millisecond, 2
		s := open(t, address, o)
		var dig func(context.Context) error
		dig = func(context.Context) error { return s.Do(t.Context(), dig) }
		wants(t, dig(t.Context()), store.ErrBusy)
	})
}

// GHSA-7h8m-vrxx-vr4m: who reads the counter, decides, and then counts, must hold the counter's row meanwhile.
func TestPast02ParallelTriesMeetTheLimit(t *testing.T) {
	const limit = 3
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		execs(t, s, `CREATE TABLE guesses (tries BIGINT NOT NULL)`)
		execs(t, s, `INSERT INTO guesses (tries) VALUES (0)`)
		var compared atomic.Int64
		var guesses sync.WaitGroup
		for range 100 {
			guesses.Go(func() {
				allowed := false
				err := s.Do(t.Context(), func(ctx context.Context) error {
					var tries int64
					if err := s.Get(ctx, &tries, `SELECT tries FROM guesses FOR UPDATE`); err != nil {
						return err
					}
					allowed = tries < limit
					_, err := s.Exec(ctx, `UPDATE guesses SET tries = $1`, tries+1)
					return err
				})
				wants(t, err, nil)
				if allowed {
					compared.Add(1)
				}
			})
		}
		guesses.Wait()
		var tries int64
		err := s.Get(t.Context(), &tries, `SELECT tries FROM guesses`)
		if compared.Load() != limit || tries != 100 || err != nil {
			t.Errorf("%d guesses compared, %d counted, %v", compared.Load(), tries, err)
		}
	})
}

func TestDeadlockIsRunAgain(t *testing.T) {
	s := open(t, storetest.Postgres(t), options())
	execs(t, s, `CREATE TABLE things (id TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)`)
	execs(t, s, `INSERT INTO things (id, n) VALUES ('a', 0), ('b', 0)`)
	var both, units sync.WaitGroup
	both.Add(2)
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		units.Go(func() {
			var once sync.Once
			wants(t, s.Do(t.Context(), func(ctx context.Context) error {
				for _, id := range order {
					if _, err := s.Exec(ctx, `UPDATE things SET n = n + 1 WHERE id = $1`, id); err != nil {
						return errors.New("hidden") // what the unit makes of it does not matter
					}
					once.Do(func() { both.Done(); both.Wait() })
				}
				return nil
			}), nil)
		})
	}
	units.Wait()
	var n int64
	if err := s.Get(t.Context(), &n, `SELECT n FROM things WHERE n = 2 AND id = 'b'`); err != nil {
		t.Error(n, err)
	}
}
