package store_test

import (
	"context"
	"testing"
	"time"

	"clave/internal/store/storetest"
)

// A node whose connection dies in the middle of a job has done nothing, and another does it at once.
func TestJobOfANodeThatDies(t *testing.T) {
	var c cutter
	server := storetest.Postgres(t)
	a, b := open(t, c.address(t, server), options()), open(t, server, options())
	err := a.Once(t.Context(), "sweep", time.Hour, func(ctx context.Context) (bool, error) {
		_, err := a.RaiseEpoch(ctx)
		c.cut()
		return false, err
	})
	if err == nil {
		t.Error("the dead node has done it")
	}
	wants(t, b.Once(t.Context(), "sweep", time.Hour, func(ctx context.Context) (bool, error) {
		_, err := b.RaiseEpoch(ctx)
		return false, err
	}), nil)
	if epoch, err := b.Epoch(t.Context()); epoch != 2 || err != nil {
		t.Errorf("done %d times, %v", epoch-1, err)
	}
}

// A node that is paused in the middle of a job gives way, and when it wakes up it has done nothing.
func TestJobOfANodeThatIsPaused(t *testing.T) {
	o := options()
	o.Run = 500 * time.Millisecond
	server := storetest.Postgres(t)
	a, b := open(t, server, o), open(t, server, o)
	inside, wake, woke := make(chan bool), make(chan bool), make(chan error)
	go func() {
		woke <- a.Once(t.Context(), "sweep", time.Hour, func(ctx context.Context) (bool, error) {
			_, err := a.RaiseEpoch(ctx)
			close(inside)
			<-wake
			return false, err
		})
	}()
	<-inside
	done := false
	for !done && t.Context().Err() == nil { // while the other holds it, it is not had
		_ = b.Once(t.Context(), "sweep", time.Hour, func(ctx context.Context) (bool, error) {
			_, err := b.RaiseEpoch(ctx)
			b.After(ctx, func() { done = true })
			return false, err
		})
	}
	close(wake)
	if err := <-woke; err == nil {
		t.Error("the paused node has done it too")
	}
	if epoch, err := b.Epoch(t.Context()); epoch != 2 || err != nil {
		t.Errorf("done %d times, %v", epoch-1, err)
	}
}
