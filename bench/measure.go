package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// pieces is into how many parts the measured logins are divided. The yardstick is taken between them, while the server is
// idle, so that a neighbour who is loud for a while spoils one part and not the figure.
const pieces = 5

// piece is what one part of the logins took.
type piece struct {
	logins  int
	whole   time.Duration // of all of them
	cpu     time.Duration // of the server
	signing time.Duration // CPU of one signature, around it
}

// signatures is the server's CPU for one login, in signatures.
func (p piece) signatures() float64 { return float64(p.cpu) / float64(p.logins) / float64(p.signing) }

// result is what a run found out.
type result struct {
	parts   []piece
	took    []time.Duration // each login, sorted
	signing []time.Duration // CPU of one signature, by round
	commits int64
	peak    int64 // bytes of the server's memory
	disk    time.Duration
	db      database // zero: none beside the server
}

// measure warms the server up, and then measures it part by part.
func measure(ctx context.Context, o options, h *house, y yardstick, journey func(ctx context.Context, i int) error) (r result, err error) {
	if _, _, err := load(ctx, 0, o.warmup, o.users, journey); err != nil {
		return r, fmt.Errorf("warm-up: %w", err)
	}
	before, err := h.usage(ctx)
	if err != nil {
		return r, err
	}
	first, was := before, y.rounds()
	r.signing = was
	count := min(pieces, o.logins)
	for p := range count {
		from, to := o.warmup+o.logins*p/count, o.warmup+o.logins*(p+1)/count
		took, whole, err := load(ctx, from, to, o.users, journey)
		if err != nil {
			return r, err
		}
		after, err := h.usage(ctx)
		if err != nil {
			return r, err
		}
		is := y.rounds()
		r.parts = append(r.parts, piece{to - from, whole, after.CPU - before.CPU, median(slices.Concat(was, is))})
		r.took, r.signing = append(r.took, took...), append(r.signing, is...)
		r.commits, r.peak, r.db = after.Commits-first.Commits, after.Peak, after.db.since(first.db)
		before, was = after, is
	}
	slices.Sort(r.took)
	return r, nil
}
