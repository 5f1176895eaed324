package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a person waits for one login to end, also where there are too many.
const patience = 2 * time.Minute

// load runs the journeys numbered from (inclusive) to (exclusive), a few at once, and returns how long each took, and all
// together. The first that fails ends them all.
func load(ctx context.Context, from, to, users int, journey func(ctx context.Context, i int) error) ([]time.Duration, time.Duration, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	took := make([]time.Duration, to-from)
	var next atomic.Int64
	next.Store(int64(from))
	var busy sync.WaitGroup
	began := time.Now()
	for range min(users, to-from) {
		busy.Go(func() {
			for i := next.Add(1) - 1; i < int64(to) && ctx.Err() == nil; i = next.Add(1) - 1 {
				start := time.Now()
				if err := within(ctx, int(i), journey); err != nil {
					fail(fmt.Errorf("login %d: %w", i, err))
					return
				}
				took[int(i)-from] = time.Since(start)
			}
		})
	}
	busy.Wait()
	return took, time.Since(began), context.Cause(ctx)
}

func within(ctx context.Context, i int, journey func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return journey(ctx, i)
}

// percentile takes sorted times: p of a hundred took no longer.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}
