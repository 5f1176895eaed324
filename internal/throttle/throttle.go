// Package throttle counts tries and requests, and says who must wait.
//
// A limit is exact: it keeps the times of the last hits, not an estimate, so that "three in an hour" means three in any
// hour. Hits are counted inside the caller's transaction, which locks the counter's row: a thousand parallel tries count
// as a thousand.
package throttle

import (
	"context"
	"time"

	"clave/internal/keyring"
	"clave/internal/secret"
)

// Limit is how many hits one key may make in any period of a length.
type Limit struct {
	Name  string        // part of every key: two limits never share a counter
	Count int           // hits, at most 200
	Per   time.Duration // zero: until Clear
}

// Store keeps counters.
type Store interface {
	// HitTimes returns the times of a counter's hits, oldest first.
	HitTimes(ctx context.Context, key secret.Hash) ([]time.Time, error)
	// LockHitTimes does the same, and makes every other unit of work that locks the counter wait. It needs a unit.
	LockHitTimes(ctx context.Context, key secret.Hash) ([]time.Time, error)
	// SetHitTimes replaces them. The counter may be forgotten after the moment given; zero means never. It needs a unit.
	SetHitTimes(ctx context.Context, key secret.Hash, times []time.Time, forget time.Time) error
	// ClearHitTimes forgets them. It needs a unit.
	ClearHitTimes(ctx context.Context, key secret.Hash) error
}

// Key is the counter of this limit for what the parts name. It is a keyed hash: the table of counters names nobody.
func (l Limit) Key(ring *keyring.Ring, parts ...string) secret.Hash {
	return ring.Hash(keyUse, append([]string{l.Name}, parts...)...)
}

const keyUse keyring.Use = "throttle"

// Take counts one hit and returns zero, or counts nothing and returns how long to wait until the next would be
// counted. A limit without a period waits for ever: Take then returns Forever.
func (l Limit) Take(ctx context.Context, s Store, key secret.Hash, now time.Time) (wait time.Duration, err error) {
	return TakeAll(ctx, s, now, Budget{l, key})
}

// Watch says how long to wait, as Take does, and counts the hit only if there was one. It locks and writes the counter in
// any case: whether there was a hit must not show in the rows or in the time.
func (l Limit) Watch(ctx context.Context, s Store, key secret.Hash, hit bool, now time.Time) (wait time.Duration, err error) {
	times, err := s.LockHitTimes(ctx, key)
	if err != nil {
		return 0, err
	}
	times = l.recent(times, now)
	if wait = l.wait(times, now); wait == 0 && hit {
		times = append(times, now)
	}
	return wait, s.SetHitTimes(ctx, key, times, l.forget(now))
}

// Budget is a limit with the counter it is held against.
type Budget struct {
	Limit Limit
	Key   secret.Hash
}

// TakeAll counts one hit on every budget, or none on any and returns the longest wait. It locks every counter before it
// decides, in the order given: callers that share counters name them in one order.
func TakeAll(ctx context.Context, s Store, now time.Time, budgets ...Budget) (longest time.Duration, err error) {
	hits := make([][]time.Time, len(budgets))
	for i, b := range budgets {
		times, err := s.LockHitTimes(ctx, b.Key)
		if err != nil {
			return 0, err
		}
		hits[i] = b.Limit.recent(times, now)
		longest = max(longest, b.Limit.wait(hits[i], now))
	}
	if longest > 0 {
		return longest, nil
	}
	for i, b := range budgets {
		if err := s.SetHitTimes(ctx, b.Key, append(hits[i], now), b.Limit.forget(now)); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// forget is when a counter that was hit now has served: never, for a limit without a period.
func (l Limit) forget(now time.Time) time.Time {
	if l.Per == 0 {
		return time.Time{}
	}
	return now.Add(l.Per)
}

// Wait says how long Take would make the caller wait, and counts nothing.
func (l Limit) Wait(ctx context.Context, s Store, key secret.Hash, now time.Time) (time.Duration, error) {
	times, err := s.HitTimes(ctx, key)
	return l.wait(l.recent(times, now), now), err
}

// Clear forgets every hit of the key.
func (l Limit) Clear(ctx context.Context, s Store, key secret.Hash) error {
	return s.ClearHitTimes(ctx, key)
}

// Forever is the wait of a limit without a period: only Clear ends it.
const Forever = time.Duration(1<<63 - 1)

func (l Limit) wait(times []time.Time, now time.Time) time.Duration {
	if len(times) < l.Count {
		return 0
	}
	if l.Per == 0 {
		return Forever
	}
	return max(times[len(times)-l.Count].Add(l.Per).Sub(now), time.Microsecond)
}

// recent drops the hits that have left the period.
func (l Limit) recent(times []time.Time, now time.Time) []time.Time {
	for l.Per > 0 && len(times) > 0 && !now.Before(times[0].Add(l.Per)) {
		times = times[1:]
	}
	return times
}
