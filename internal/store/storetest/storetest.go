// Package storetest is the suite that every database passes, and the real PostgreSQL that it is run on. A database that
// does not pass it is not supported.
package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/store"
)

// Run runs the suite. Each call of open returns a new, empty store with a key ring, and closes it when its test ends.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *store.Store)
	}{
		{"a unit is kept", kept},
		{"a failed unit leaves nothing", failed},
		{"nested units are kept together", nested},
		{"a nested failure cannot be swallowed", swallowed},
		{"a panic is an error", panicked},
		{"an ended goroutine is a failure", goneAway},
		{"a visitor who left before is not served", leftBefore},
		{"a visitor who leaves within is counted", leftWithin},
		{"no change outside a unit", outside},
		{"what follows a commit", after},
		{"a thousand parallel tries count as a thousand", thousand},
		{"parallel failures harm nobody", mixed},
		{"closed", closed},

		{"a citizen comes back whole", wholeCitizen},
		{"a citizen with next to nothing", bareCitizen},
		{"a NIF and a phone have one citizen", oneCitizen},
		{"a phone passes from one to another", phonePasses},
		{"a saved citizen undoes nobody's change", citizenLocked},
		{"browsers known", browsers},
		{"a letter is used once", letters},
		{"a freeze code is taken once", freezes},
		{"the register", register},

		{"a challenge comes back whole", wholeChallenge},
		{"a challenge belongs to its flow and browser", foreignChallenge},
		{"a hundred parallel tries count as a hundred", hundredTries},
		{"a raised epoch voids challenges", voidChallenges},
		{"counters", counters},
		{"a hundred parallel hits count as a hundred", hundredHits},
		{"a request is answered once", answeredOnce},
		{"a session comes back whole", wholeSession},
		{"sessions of a person", sessionsOf},
		{"a raised epoch voids sessions", voidSessions},
		{"who relies on a session", participations},
		{"the record", record},

		{"what a person is told of", told},
		{"logins given up", givenUp},
		{"all entries of a person", entriesOf},
		{"services that were told of a person", informed},
		{"browsers of a person", browsersOf},

		{"a confirmation comes back whole", wholeConfirmation},
		{"confirmations of one person", confirmationsOf},
		{"when a party's confirmation ends", confirmationEnds},
		{"one of many units uses a confirmation", confirmationOnce},
		{"a raised epoch voids confirmations", voidConfirmations},
		{"confirmations are forgotten", forgottenConfirmations},

		{"parties", parties},
		{"a party put again", partyPut},
		{"a wrong party is refused", partyRefused},
		{"a changed party undoes nobody's change", partyLocked},
		{"a party undone", partyUndone},

		{"a record of OpenID Connect comes back whole", wholeRecord},
		{"a record is added once", recordOnce},
		{"records that are due", dueRecords},
		{"a raised epoch voids records", voidRecords},
		{"what a sector calls a person", subjects},
		{"who is owed the end of a session", owedLogouts},

		{"a message is claimed whole", wholeMessage},
		{"a message is claimed once", claimedOnce},
		{"a message is retried when due", retried},
		{"a message's state never goes back", neverBack},
		{"a code whose courier died is lost, a notice goes out again", swept},
		{"what is too late expires", expired},
		{"a decoy goes at the pace of real messages", decoys},
		{"the courier is told after the commit", owed},
		{"a receipt finds its message whenever it comes", receipts},
		{"a receipt that comes again changes nothing", receiptAgain},
		{"a receipt by our own id", receiptByID},
		{"receipts are of their channel's messages only", receiptsOfAnotherChannel},
		{"receipts and messages noted side by side", receiptsBeside},
		{"receipts of nothing are forgotten", receiptsOfNothing},
		{"what waits is counted", waiting},
		{"what has served is forgotten", forgotten},

		{"a distrusted database sends no code", distrusted},
		{"a job is done once", jobOnce},
		{"a job that has more to do", jobMore},
		{"a job is due again", jobDue},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

var errWrong = errors.New("wrong")

// The epoch serves as the counter: every store has one, it starts at 1, and raising it needs a unit.
func raise(s *store.Store) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := s.RaiseEpoch(ctx)
		return err
	}
}

func raised(t *testing.T, s *store.Store, want int64) {
	t.Helper()
	epoch, err := s.Epoch(t.Context())
	if err != nil || epoch != 1+want {
		t.Errorf("counted %d, %v; want %d", epoch-1, err, want)
	}
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func kept(t *testing.T, s *store.Store) {
	raised(t, s, 0)
	wants(t, s.Do(t.Context(), raise(s)), nil)
	raised(t, s, 1)
}

func failed(t *testing.T, s *store.Store) {
	wants(t, s.Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(raise(s)(ctx), errWrong)
	}), errWrong)
	raised(t, s, 0)
}

func nested(t *testing.T, s *store.Store) {
	wants(t, s.Do(t.Context(), func(ctx context.Context) error {
		if err := s.Do(ctx, raise(s)); err != nil {
			return err
		}
		epoch, err := s.Epoch(ctx)
		if epoch != 2 {
			t.Errorf("the outer unit sees epoch %d", epoch)
		}
		raised(t, s, 0) // and nobody else does
		return errors.Join(err, raise(s)(ctx))
	}), nil)
	raised(t, s, 2)
}

func swallowed(t *testing.T, s *store.Store) {
	wants(t, s.Do(t.Context(), func(ctx context.Context) error {
		wants(t, raise(s)(ctx), nil)
		wants(t, s.Do(ctx, func(ctx context.Context) error { return errWrong }), errWrong)
		wants(t, raise(s)(ctx), errWrong)
		return nil
	}), errWrong)
	raised(t, s, 0)
}

func panicked(t *testing.T, s *store.Store) {
	var nobody *struct{ name string }
	for _, blow := range []func(){func() { panic("12345678Z") }, func() { _ = nobody.name }} {
		err := s.Do(t.Context(), func(ctx context.Context) error {
			wants(t, raise(s)(ctx), nil)
			blow()
			return nil
		})
		wants(t, err, store.ErrPanic)
	}
	raised(t, s, 0)
	wants(t, s.Do(t.Context(), raise(s)), nil)
	raised(t, s, 1)
}

func goneAway(t *testing.T, s *store.Store) {
	var done sync.WaitGroup
	done.Go(func() {
		s.Do(t.Context(), func(ctx context.Context) error {
			wants(t, raise(s)(ctx), nil)
			runtime.Goexit()
			return nil
		})
	})
	done.Wait()
	wants(t, s.Do(t.Context(), raise(s)), nil)
	raised(t, s, 1)
}

func leftBefore(t *testing.T, s *store.Store) {
	ctx, leave := context.WithCancel(t.Context())
	leave()
	wants(t, s.Do(ctx, raise(s)), context.Canceled)
	raised(t, s, 0)
}

func leftWithin(t *testing.T, s *store.Store) {
	ctx, leave := context.WithCancel(t.Context())
	wants(t, s.Do(ctx, func(ctx context.Context) error {
		leave()
		return raise(s)(ctx)
	}), nil)
	raised(t, s, 1)
}

func outside(t *testing.T, s *store.Store) {
	wants(t, raise(s)(t.Context()), store.ErrNoUnit)
	_, err := s.Forget(t.Context(), time.Now())
	wants(t, err, store.ErrNoUnit)
	var escaped context.Context
	wants(t, s.Do(t.Context(), func(ctx context.Context) error { escaped = ctx; return nil }), nil)
	wants(t, raise(s)(escaped), store.ErrNoUnit)
	wants(t, s.Do(escaped, raise(s)), store.ErrNoUnit)
	raised(t, s, 0)
}

func after(t *testing.T, s *store.Store) {
	var told []string
	tell := func(what string) func() { return func() { told = append(told, what) } }
	wants(t, s.Do(t.Context(), func(ctx context.Context) error {
		s.After(ctx, func() { raised(t, s, 1) })
		s.After(ctx, func() { panic("later") })
		s.After(ctx, tell("kept"))
		return s.Do(ctx, func(ctx context.Context) error { s.After(ctx, tell("nested")); return raise(s)(ctx) })
	}), nil)
	wants(t, s.Do(t.Context(), func(ctx context.Context) error { s.After(ctx, tell("failed")); return errWrong }), errWrong)
	s.After(t.Context(), tell("outside"))
	if len(told) != 3 || told[0] != "kept" || told[1] != "nested" || told[2] != "outside" {
		t.Errorf("told %q", told)
	}
}

func thousand(t *testing.T, s *store.Store) {
	parallel(64, 1000, func(int) { wants(t, s.Do(t.Context(), raise(s)), nil) })
	raised(t, s, 1000)
}

func mixed(t *testing.T, s *store.Store) {
	var right atomic.Int64
	parallel(64, 500, func(i int) {
		err := s.Do(t.Context(), func(ctx context.Context) error {
			err := raise(s)(ctx)
			switch i % 5 {
			case 0:
				return errWrong
			case 1:
				panic("wrong")
			}
			return err
		})
		if err == nil {
			right.Add(1)
		}
	})
	if right.Load() != 300 {
		t.Errorf("%d units of 500 were kept, want 300", right.Load())
	}
	raised(t, s, right.Load())
}

func closed(t *testing.T, s *store.Store) {
	wants(t, s.Do(t.Context(), func(ctx context.Context) error {
		left, leave := context.WithCancel(t.Context())
		leave()
		wants(t, s.Close(left), context.Canceled) // this unit has not ended
		return raise(s)(ctx)
	}), nil)
	wants(t, s.Do(t.Context(), raise(s)), store.ErrClosed)
}

// parallel calls f with 0 … n-1 from many goroutines.
func parallel(workers, n int, f func(int)) {
	var all sync.WaitGroup
	var next atomic.Int64
	for range workers {
		all.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				f(int(i - 1))
			}
		})
	}
	all.Wait()
}
