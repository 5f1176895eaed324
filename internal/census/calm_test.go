package census_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"clave/internal/census"
	"clave/internal/crowd"
	"clave/internal/nif"
	"clave/internal/person"
)

// hung is a register that never answers, and heeds no deadline.
type hung chan struct{}

func (h hung) Match(context.Context, nif.NIF, nif.Datum) (person.Answer, error) {
	<-h
	return person.Answer{}, nil
}

// Whoever needs a register that hangs is told at their deadline; meanwhile their place at the door is another's.
func TestRule09CensusThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := make(hung)
		door := crowd.NewDoor(crowd.Limits{Work: 1}, time.Now)
		ctx, leave, err := door.Enter(t.Context(), crowd.Inside)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		go func() {
			time.Sleep(time.Second)
			_, other, err := door.Enter(t.Context(), crowd.Newcomer)
			if err != nil {
				t.Errorf("the census keeps others out: %v", err)
				return
			}
			other()
		}()
		began := time.Now()
		_, err = census.Calm{Census: h, Lane: crowd.NewLane("census", 1, time.Second)}.Match(ctx, nif.NIF{}, nif.Datum{})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		leave()
		close(h)
	})
}
