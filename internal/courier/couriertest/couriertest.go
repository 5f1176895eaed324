// Package couriertest tries a carrier as a node uses it: with the real courier, over a real store.
package couriertest

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"clave/internal/courier"
	"clave/internal/keyring"
	"clave/internal/notify"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

// Run has a carrier carry what is owed in a new store, until the test ends.
func Run(t *testing.T, channel notify.Channel, carrier courier.Carrier) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "clave.db"), store.Options{Kind: keyring.Demo, Ring: storetest.Ring(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	c := &courier.Courier{Store: s, Now: time.Now, Carriers: map[notify.Channel]courier.Carrier{channel: carrier}}
	s.Owed = c.Owed
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		if err := s.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Owe adds messages that wait to be sent.
func Owe(t *testing.T, s *store.Store, list ...notify.Message) {
	t.Helper()
	err := s.Do(t.Context(), func(ctx context.Context) error {
		for _, m := range list {
			if err := s.AddMessage(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Becomes waits until a message is in a state.
func Becomes(t *testing.T, s *store.Store, id string, want notify.State) {
	t.Helper()
	Await(t, "a message "+string(want), func() bool {
		state, err := s.MessageState(t.Context(), id)
		return err == nil && state == want
	})
}

// Await asks until something is so. Other processes, folders and sockets send a test no word.
func Await(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
