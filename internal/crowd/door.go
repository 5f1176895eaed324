package crowd

import (
	"context"
	"sync"
	"time"
)

// Door is where a node's requests come in. Make it with [NewDoor].
type Door struct {
	limits Limits
	now    func() time.Time
	held   held

	mu      sync.Mutex
	working int
	aside   int
	queues  queues
	passes  passes
	arrivals
}

// NewDoor makes the door of a node. The clock is that of the tickets.
func NewDoor(limits Limits, now func() time.Time) *Door {
	limits = limits.WithDefaults()
	return &Door{limits: limits, now: now, held: held{most: int64(limits.Held), of: map[string]int64{}}, arrivals: newArrivals(limits.Newcomers, now())}
}

// Enter waits for a place, not long, and returns a context that carries it, and what gives it back. Errors: ErrFull, and ctx's.
func (d *Door) Enter(ctx context.Context, rank Rank) (context.Context, func(), error) {
	w, err := d.queue(rank)
	if err == nil && w != nil {
		err = d.wait(ctx, rank, w, patience(rank))
	}
	if err != nil {
		return nil, nil, err
	}
	p := &place{door: d}
	return context.WithValue(ctx, placeKey{}, p), p.leave, nil
}

func patience(rank Rank) time.Duration {
	if rank == Inside || rank == Asking {
		return insideWait
	}
	return arrivingWait
}

// queue takes a place at once and returns nil, or joins the queue. Errors: ErrFull.
func (d *Door) queue(rank Rank) (*waiter, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.working < d.limits.Work {
		d.working++
		return nil, nil
	}
	if d.queues.of[rank].Len() >= queued*d.limits.Work {
		d.pace.strained = d.pace.strained || rank == Inside
		return nil, ErrFull
	}
	return d.queues.join(rank, time.Now()), nil
}

func (d *Door) wait(ctx context.Context, rank Rank, w *waiter, most time.Duration) error {
	late := time.NewTimer(most)
	defer late.Stop()
	err := ErrFull
	select {
	case <-w.in:
		return nil
	case <-late.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.queues.leave(rank, w) {
		return nil // theirs in this very moment
	}
	d.pace.strained = d.pace.strained || rank == Inside
	return err
}

// free gives a place to whoever is next, or takes it back.
func (d *Door) free() {
	w, rank := d.queues.next()
	if w == nil {
		d.working--
		return
	}
	if rank == Inside && time.Since(w.since) > tooLong {
		d.pace.strained = true
	}
	close(w.in)
}

// State is how a door fares.
type State struct {
	Working   int     // requests that are worked on
	Queueing  int     // requests that wait a moment for a place
	Waiting   uint64  // people on the waiting page
	Newcomers float64 // who may begin each second, as the node has learnt it
}

// State tells how the door fares now.
func (d *Door) State() State {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := State{Working: d.working, Waiting: d.line.Waiting(), Newcomers: d.pace.rate}
	for rank := range d.queues.of {
		s.Queueing += d.queues.of[rank].Len()
	}
	return s
}
