package web

import (
	"context"
	"sync"
	"time"

	"clave/internal/crowd"
	"clave/internal/throttle"
)

// Slow makes visitors wait who fail or ask often, by network address. It never refuses: a town hall's citizens share one
// address. It counts in this node's memory only, because it is not what stops an attacker (the budgets per person are);
// it makes their work long.
type Slow struct {
	Free  int           // hits that cost nothing, in any window
	Every time.Duration // the window
	Step  time.Duration // what each further hit costs
	Most  time.Duration // the longest wait
	Now   func() time.Time

	mu   sync.Mutex
	hits map[string]window
}

type window struct {
	began time.Time
	count int
}

// DefaultSlow lets 120 hits in ten minutes pass, and then takes up to four seconds each.
func DefaultSlow(now func() time.Time) *Slow {
	return &Slow{Free: 120, Every: 10 * time.Minute, Step: 50 * time.Millisecond, Most: 4 * time.Second, Now: now}
}

// maxNetworks bounds the memory: beyond it, windows that are over are forgotten.
const maxNetworks = 100_000

// Hit counts one, and waits as long as the address has earned, or until the visitor leaves.
func (s *Slow) Hit(ctx context.Context, address string) {
	wait := s.count(throttle.Network(address))
	if wait == 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	crowd.Aside(ctx, func() {
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	})
}

func (s *Slow) count(key string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	if s.hits == nil || len(s.hits) >= maxNetworks {
		s.forget(now)
	}
	w := s.hits[key]
	if now.Sub(w.began) >= s.Every {
		w = window{began: now}
	}
	w.count++
	s.hits[key] = w
	return min(s.Most, time.Duration(max(0, w.count-s.Free))*s.Step)
}

func (s *Slow) forget(now time.Time) {
	kept := map[string]window{}
	for key, w := range s.hits {
		if now.Sub(w.began) < s.Every && len(kept) < maxNetworks/2 {
			kept[key] = w
		}
	}
	s.hits = kept
}
