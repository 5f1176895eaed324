package crowd

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A neighbour that never answers keeps no more than the lane's places, and whoever asks is told in time.
func TestRule09LaneOfANeighbourThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLane("census", 2, time.Second)
		answers := make(chan struct{})
		hang := func(context.Context) (int, error) { <-answers; return 7, nil }
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
				defer cancel()
				began := time.Now()
				_, err := Ask(ctx, l, hang)
				if took := time.Since(began); err == nil || took > 2*time.Second {
					t.Errorf("number %d: %v after %v", i, err, took)
				}
			})
		}
		all.Wait()
		if inside, waiting, refused := l.State(); inside != 2 || waiting != 0 || refused != 2 {
			t.Errorf("%d inside, %d wait, %d refused", inside, waiting, refused)
		}
		close(answers)
		synctest.Wait()
		if got, err := Ask(t.Context(), l, hang); got != 7 || err != nil {
			t.Errorf("after it answered: %d, %v", got, err)
		}
	})
}

func TestLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLane("live", 1, 0)
		err := l.Do(t.Context(), func() error {
			if err := l.Do(t.Context(), func() error { return nil }); !errors.Is(err, ErrFull) {
				t.Errorf("a second: %v", err)
			}
			return errors.New("mine")
		})
		if err == nil || err.Error() != "mine" {
			t.Errorf("%v", err)
		}
		if _, err := Ask(t.Context(), l, func(context.Context) (int, error) { panic("a datum") }); err == nil || err.Error() != errPanic.Error() {
			t.Errorf("%v", err)
		}
		var none *Lane
		if err := none.Do(t.Context(), func() error { return nil }); err != nil {
			t.Errorf("no lane: %v", err)
		}
	})
}
