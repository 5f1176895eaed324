package store

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

// unit is one unit of work that is running.
type unit struct {
	mu     sync.Mutex // held while a statement runs
	run    runner
	failed error // the first failure of a statement or of a nested call: the unit is doomed
	over   bool
	wrote  bool
	after  []func()
}

type unitKey struct{ *Store } // two stores may be used side by side

func (s *Store) unit(ctx context.Context) *unit {
	u, _ := ctx.Value(unitKey{s}).(*unit)
	return u
}

// Do runs a unit of work and returns nil once it is durable. The unit gets a context of its own, with which every method
// of the store takes part in it.
//
// A Do that must wait too long for its turn ends with ErrBusy; one whose ctx ends before its turn, with ctx's error. A
// Do inside a unit that is not given that unit's context waits for itself, and ends with ErrBusy.
func (s *Store) Do(ctx context.Context, work func(ctx context.Context) error) error {
	if u := s.unit(ctx); u != nil {
		return s.join(ctx, u, work)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.estranged(ctx); err != nil {
		return err
	}
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	return s.watched(ctx, work)
}

// After has f called once the unit of ctx is durable, before Do returns; never, if the unit is rolled back. Outside a
// unit f is called at once. f must not use the unit's context.
func (s *Store) After(ctx context.Context, f func()) {
	u := s.unit(ctx)
	if u == nil {
		f()
		return
	}
	u.after = append(u.after, f)
}

// join runs work in a unit that has already begun. If it fails, the whole unit does, whatever the caller makes of the
// error: half of a change must not be kept.
func (s *Store) join(ctx context.Context, u *unit, work func(context.Context) error) error {
	if err := u.fail(nil); err != nil {
		return err
	}
	err := s.guard(ctx, work)
	if err != nil {
		u.fail(err)
	}
	return err
}

// attempt runs work as a new unit over a transaction that r runs in, and calls settle with what became of it, also when
// the goroutine is ended inside work. The visitor cannot cancel it.
func (s *Store) attempt(ctx context.Context, r runner, work func(context.Context) error, settle func(*unit, error)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Run)
	u, err := &unit{run: r}, errGone
	defer cancel()
	defer func() { settle(u, u.end(err)) }()
	err = s.guard(context.WithValue(ctx, unitKey{s}, u), work)
}

var errGone = fmt.Errorf("%w: its goroutine ended", ErrPanic)

// guard turns a panic into an error. Its value may be a citizen's datum: it goes nowhere unless the runtime made it.
func (s *Store) guard(ctx context.Context, work func(context.Context) error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			s.Log.Error("unit of work panicked", "panic", p.Error(), "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: %w", ErrPanic, p)
		default:
			s.Log.Error("unit of work panicked", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = fmt.Errorf("%w with a %T", ErrPanic, p)
		}
	}()
	return work(ctx)
}

// fail dooms the unit, if err is not nil, and returns what it is doomed by.
func (u *unit) fail(err error) error {
	if !u.mu.TryLock() {
		return ErrUnitBusy
	}
	defer u.mu.Unlock()
	if u.over {
		return fmt.Errorf("%w: its unit is over", ErrNoUnit)
	}
	if u.failed == nil {
		u.failed = err
	}
	return u.failed
}

// end closes the unit to any further statement, and returns its error, given that of its work.
func (u *unit) end(err error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.over = true
	return cmp.Or(err, u.failed)
}

// durable runs what waited for the commit. A panic in one of them undoes nothing and stops nothing.
func (s *Store) durable(u *unit) {
	for _, f := range u.after {
		if err := s.guard(context.Background(), func(context.Context) error { f(); return nil }); err != nil {
			s.Log.Error("after a commit", "err", err)
		}
	}
}
