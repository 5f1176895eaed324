package crowd

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// Lane lets so many do one thing at once; a few more wait a moment for it. It is what stands between us and a neighbour, or a
// thing that takes long. A nil Lane lets everybody.
type Lane struct {
	Name    string // for metrics: "census"
	places  chan struct{}
	wait    time.Duration
	waiting atomic.Int64
	refused atomic.Int64
}

var errPanic = errors.New("crowd: asking a neighbour panicked")

// laneQueue is how many may wait, for each that is let.
const laneQueue = 16

// NewLane makes a lane that lets width do it at once, and makes others wait so long for it.
func NewLane(name string, width int, wait time.Duration) *Lane {
	return &Lane{Name: name, places: make(chan struct{}, width), wait: wait}
}

// Do does it, when there is a place. Errors: ErrFull, those of ctx, and f's.
func (l *Lane) Do(ctx context.Context, f func() error) error {
	if l == nil {
		return f()
	}
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer func() { <-l.places }()
	return f()
}

// Ask asks a neighbour, and waits for the answer no longer than ctx lives. One that never answers keeps its place: no more than
// the lane is wide ever hang. Errors: ErrFull, those of ctx, and ask's.
func Ask[T any](ctx context.Context, l *Lane, ask func(context.Context) (T, error)) (answer T, err error) {
	type told struct {
		answer T
		err    error
	}
	if l != nil {
		if err := l.enter(ctx); err != nil {
			return answer, err
		}
	}
	heard := make(chan told, 1)
	go func() {
		if l != nil {
			defer func() { <-l.places }()
		}
		var t told
		defer func() {
			if recover() != nil { // what it says may be somebody's datum
				t.err = errPanic
			}
			heard <- t
		}()
		t.answer, t.err = ask(ctx)
	}()
	select {
	case t := <-heard:
		return t.answer, t.err
	case <-ctx.Done():
		return answer, ctx.Err()
	}
}

func (l *Lane) enter(ctx context.Context) error {
	select {
	case l.places <- struct{}{}:
		return nil
	default:
	}
	if l.wait == 0 || l.waiting.Add(1) > int64(laneQueue*cap(l.places)) {
		if l.wait > 0 {
			l.waiting.Add(-1)
		}
		l.refused.Add(1)
		return ErrFull
	}
	defer l.waiting.Add(-1)
	late := time.NewTimer(l.wait)
	defer late.Stop()
	select {
	case l.places <- struct{}{}:
		return nil
	case <-late.C:
		l.refused.Add(1)
		return ErrFull
	case <-ctx.Done():
		return ctx.Err()
	}
}

// State is how many do it now, how many wait for it, and how many it has refused since the start.
func (l *Lane) State() (inside, waiting int, refused int64) {
	return len(l.places), int(l.waiting.Load()), l.refused.Load()
}
