package smtp_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clave/internal/courier"
	"clave/internal/keyring"
	"clave/internal/notify"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

// An e-mail that is owed goes out through the courier; one that comes back is told as refused, and the other is not.
func TestThroughTheCourier(t *testing.T) {
	h := startHouse(t)
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "clave.db"), store.Options{Kind: keyring.Demo, Ring: storetest.Ring(), Now: time.Now, Log: slog.Default()})
	must(t, err)
	defer s.Close(context.WithoutCancel(t.Context()))
	post := &courier.Courier{Store: s, Now: time.Now, Carriers: map[notify.Channel]courier.Carrier{notify.Email: carrier(t, h.config())}}
	s.Owed = post.Owed
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		post.Run(ctx)
	}()
	defer func() { stop(); <-ended }()

	now := time.Now()
	ids := map[string]string{}
	must(t, s.Do(t.Context(), func(ctx context.Context) error {
		for _, to := range []string{ana, moved, nobody} {
			ids[to] = secret.ID(now)
			err := s.AddMessage(ctx, notify.Message{ID: ids[to], Kind: notify.AskedAgain, To: to, Lang: "gl", Created: now, Until: now.Add(time.Hour),
				Values: map[string]string{"url": "https://clave.example"}})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	for to, want := range map[string]notify.State{ana: notify.Accepted, moved: notify.Refused, nobody: notify.Refused} {
		await(t, to, func() bool {
			state, err := s.MessageState(t.Context(), ids[to])
			must(t, err)
			return state == want
		})
	}
	if text := h.arrived(t, "ana", 1)[0]; !strings.Contains(text, ids[ana]) || !strings.Contains(text, "https://clave.example") {
		t.Error(text)
	}
	if log := logged.String(); strings.Contains(log, "@correo.example") {
		t.Errorf("the log tells who: %s", log)
	}
}
