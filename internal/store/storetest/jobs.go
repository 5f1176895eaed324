package storetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/store"
)

// Of many that look at the same time, one does what is due; what failed is still due.
func jobOnce(t *testing.T, s *store.Store) {
	var done atomic.Int64
	work := func(context.Context) (bool, error) { done.Add(1); return false, nil }
	wants(t, s.Once(t.Context(), "sweep", time.Hour, func(context.Context) (bool, error) { return false, errWrong }), errWrong)
	parallel(16, 100, func(int) { wants(t, s.Once(t.Context(), "sweep", time.Hour, work), nil) })
	if done.Load() != 1 {
		t.Errorf("done %d times", done.Load())
	}
	wants(t, s.Once(t.Context(), "another", time.Hour, work), nil)
	if done.Load() != 2 {
		t.Error("another job waits for the first")
	}
}

// Work that has more to do goes on at once, each time in a unit of its own.
func jobMore(t *testing.T, s *store.Store) {
	left := 3
	wants(t, s.Once(t.Context(), "sweep", time.Hour, func(ctx context.Context) (bool, error) {
		left--
		return left > 0, raise(s)(ctx)
	}), nil)
	raised(t, s, 3)
}

// A job is due again after its time; and when a clock far ahead of ours put it off.
func jobDue(t *testing.T, s *store.Store) {
	at := time.Now()
	s.Wall = func() time.Time { return at }
	done := 0
	for _, c := range []struct {
		move time.Duration
		want int
	}{{0, 1}, {59 * time.Second, 1}, {time.Second, 2}, {24 * time.Hour, 3}, {-24 * time.Hour, 4}, {time.Second, 4}} {
		at = at.Add(c.move)
		wants(t, s.Once(t.Context(), "sweep", time.Minute, func(context.Context) (bool, error) { done++; return false, nil }), nil)
		if done != c.want {
			t.Errorf("after %v: done %d times, want %d", c.move, done, c.want)
		}
	}
}
