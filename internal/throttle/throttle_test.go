package throttle_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"clave/internal/keyring"
	"clave/internal/store"
	"clave/internal/store/storetest"
	"clave/internal/throttle"
)

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func open(t *testing.T) *store.Store {
	t.Helper()
	ring := storetest.Ring()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "clave.db"), store.Options{
		Kind: keyring.Demo, Ring: ring, Now: func() time.Time { return start },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func take(t *testing.T, s *store.Store, l throttle.Limit, now time.Time, parts ...string) (wait time.Duration) {
	t.Helper()
	err := s.Do(t.Context(), func(ctx context.Context) (err error) {
		wait, err = l.Take(ctx, s, l.Key(s.Ring, parts...), now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

// TestExact draws hits at random times and holds the limit to its promise: no window of its length, wherever it begins,
// ever has more hits than the limit counts, and whoever waits as long as told gets through.
func TestExact(t *testing.T) {
	s := open(t)
	draw := rand.New(rand.NewPCG(1, 2))
	for _, l := range []throttle.Limit{
		{Name: "one", Count: 1, Per: time.Hour}, {Name: "three", Count: 3, Per: time.Hour}, {Name: "ten", Count: 10, Per: time.Minute},
	} {
		var taken []time.Time
		now := start
		for range 200 {
			now = now.Add(time.Duration(draw.Int64N(int64(l.Per) / int64(l.Count))).Truncate(time.Microsecond))
			wait := take(t, s, l, now)
			if wait > 0 {
				if early := now.Add(wait - time.Microsecond); take(t, s, l, early) == 0 {
					t.Fatalf("%s: let through %v before its time", l.Name, time.Microsecond)
				}
				if now = now.Add(wait); take(t, s, l, now) > 0 {
					t.Fatalf("%s: %v were not enough", l.Name, wait)
				}
			}
			taken = append(taken, now)
		}
		for i := l.Count; i < len(taken); i++ {
			if taken[i].Sub(taken[i-l.Count]) < l.Per {
				t.Fatalf("%s: %d hits within %v", l.Name, l.Count+1, taken[i].Sub(taken[i-l.Count]))
			}
		}
	}
}

// TestThousand lets a thousand through at once, of whom the limit lets as many as it says.
func TestThousand(t *testing.T) {
	s := open(t)
	l := throttle.Limit{Name: "pins", Count: 10, Per: time.Hour}
	var mu sync.Mutex
	var group sync.WaitGroup
	through := 0
	for range 1000 {
		group.Go(func() {
			if take(t, s, l, start, "carmen") == 0 {
				mu.Lock()
				through++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if through != l.Count {
		t.Errorf("%d got through, want %d", through, l.Count)
	}
}

func TestForever(t *testing.T) {
	s := open(t)
	l := throttle.Limit{Name: "blocked", Count: 2}
	take(t, s, l, start)
	take(t, s, l, start)
	if wait := take(t, s, l, start.AddDate(100, 0, 0)); wait != throttle.Forever {
		t.Errorf("wait %v, want for ever", wait)
	}
	if wait := take(t, s, l, start, "another"); wait != 0 {
		t.Errorf("another key waits %v", wait)
	}
	if err := s.Do(t.Context(), func(ctx context.Context) error { return l.Clear(ctx, s, l.Key(s.Ring)) }); err != nil {
		t.Fatal(err)
	}
	if wait := take(t, s, l, start); wait != 0 {
		t.Errorf("wait %v after it was cleared", wait)
	}
}

// TestTakeAll counts on every budget or on none: who is refused by one does not pay at the others.
func TestTakeAll(t *testing.T) {
	s := open(t)
	wide, tight := throttle.Limit{Name: "wide", Count: 5, Per: time.Hour}, throttle.Limit{Name: "tight", Count: 1, Per: 30 * time.Minute}
	budgets := []throttle.Budget{{Limit: wide, Key: wide.Key(s.Ring)}, {Limit: tight, Key: tight.Key(s.Ring)}}
	for i, want := range []time.Duration{0, 30 * time.Minute, 30 * time.Minute} {
		err := s.Do(t.Context(), func(ctx context.Context) error {
			wait, err := throttle.TakeAll(ctx, s, start, budgets...)
			if wait != want {
				t.Errorf("call %d: wait %v, want %v", i, wait, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if times, err := s.HitTimes(t.Context(), budgets[0].Key); len(times) != 1 || err != nil {
		t.Errorf("%d hits on the wide budget, %v; want 1", len(times), err)
	}
}
