package storetest

import (
	"context"
	"testing"
	"time"

	"clave/internal/notify"
	"clave/internal/store"
)

// What a database no longer knows to be used is void, and no void code is sent; what is no code still is.
func distrusted(t *testing.T, s *store.Store) {
	now := s.Now()
	for _, kind := range []notify.Kind{notify.PIN, notify.WelcomeSMS} {
		do(t, s, func(ctx context.Context) error {
			return s.AddMessage(ctx, notify.Message{ID: string(kind), Kind: kind, To: "+34600100200", Lang: "es", Created: now, Until: now.Add(time.Hour)})
		})
	}
	do(t, s, func(ctx context.Context) error {
		epoch, err := s.Distrust(ctx)
		if epoch != 2 {
			t.Errorf("epoch %d", epoch)
		}
		return err
	})
	for kind, want := range map[notify.Kind]notify.State{notify.PIN: notify.Lost, notify.WelcomeSMS: notify.Queued} {
		if state, err := s.MessageState(t.Context(), string(kind)); state != want || err != nil {
			t.Errorf("%s is %s, %v; want %s", kind, state, err, want)
		}
	}
}
