package spool_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"clave/internal/courier"
	"clave/internal/courier/spool"
	"clave/internal/keyring"
	"clave/internal/notify"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

// A letter that is owed goes out through the courier, and what the printer says is what whoever asks is told.
func TestThroughTheCourier(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "clave.db"), store.Options{Kind: keyring.Demo, Ring: storetest.Ring(), Now: time.Now, Log: slog.Default()})
	must(t, err)
	defer s.Close(context.WithoutCancel(t.Context()))
	folder := t.TempDir()
	c, err := spool.New(spool.Config{Folder: folder, Node: "a", Most: 1, Every: 10 * time.Millisecond, Look: time.Millisecond})
	must(t, err)
	post := &courier.Courier{Store: s, Now: time.Now, Carriers: map[notify.Channel]courier.Carrier{notify.Letter: c}}
	s.Owed = post.Owed
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		post.Run(ctx)
	}()
	defer func() { stop(); <-ended }()

	now := time.Now()
	m := notify.Message{ID: secret.ID(now), Kind: notify.Invitation, Lang: "es", Created: now, Until: now.Add(time.Hour), Values: map[string]string{
		"name": "Carmen Española", "address": "Calle Mayor, 1\n28013 Madrid", "csv": "KX7PQ2MN8RTW4ZJH", "reference": "REFERENC",
		"url": "https://clave.example.es", "expires": "2027-01-20"}}
	must(t, s.Do(t.Context(), func(ctx context.Context) error { return s.AddMessage(ctx, m) }))
	state := func() notify.State {
		state, err := s.MessageState(t.Context(), m.ID)
		must(t, err)
		return state
	}
	await(t, "a batch", func() bool { return len(names(t, folder, "ready", "*", m.ID+"*")) == 1 })
	await(t, "the courier's note", func() bool { return state() == notify.Accepted })
	printed(t, folder)
	await(t, "what the printer said", func() bool { return state() == notify.Delivered })
	await(t, "the letter to be erased", func() bool { return len(names(t, folder, "*", "*", "*.pdf")) == 0 })
}

// await asks until something is so. A folder sends the test no word.
func await(t *testing.T, what string, so func() bool) {
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
