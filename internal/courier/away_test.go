package courier_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clave/internal/courier"
	"clave/internal/notify"
)

// When no carrier takes anything people are told so before they ask; when they are back, or when nothing waits that would find
// out, they may ask again.
func TestLateWhileEveryCarrierIsAway(t *testing.T) {
	inWorld(t, func(w *world) {
		down := errCut
		w.sms.answer = func(context.Context, courier.Parcel) (notify.State, error) { return notify.Delivered, down }
		carrying := w.courier()
		carrying.Carriers[notify.SMS] = courier.Several(w.sms)
		carrying.Most = map[notify.Channel]int{notify.SMS: 1000, notify.Email: 1000}
		late := func(want bool, when string) {
			t.Helper()
			if got := carrying.Late(notify.SMS); got != want || carrying.Late(notify.Email) {
				t.Errorf("%s: late %v, want %v", when, got, want)
			}
		}
		w.owe(notify.PIN) // lost: one failure says nothing yet
		run(20*time.Second, carrying)
		late(false, "after one failure")
		down = courier.ErrBusy
		w.owe(notify.PIN)
		run(20*time.Second, carrying)
		late(true, "nobody takes any")
		run(2*time.Minute, carrying)
		late(true, "nobody takes any yet, and one waits")
		down = nil
		run(3*time.Minute, carrying)
		late(false, "it was taken")

		down = courier.ErrBusy
		w.owe(notify.PIN)
		run(20*time.Second, carrying)
		late(true, "away again")
		time.Sleep(time.Minute)
		late(false, "nobody was asked for a minute")
	})
}

// named is a carrier that says who it is.
type named struct {
	*post
	name string
}

func (n named) String() string { return n.name }

// Our own rate is no failure: it is no line of the log, and the carrier is not left alone for it.
func TestOurOwnRateIsNoFailure(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	synctest.Test(t, func(t *testing.T) {
		full := fmt.Errorf("%w: north", courier.ErrRate)
		one, two := says(full), says(full)
		both := courier.Several(named{one, "north"}, named{two, "south"})
		for range 10 {
			if _, err := both.Send(t.Context(), courier.Parcel{ID: "id"}); !errors.Is(err, courier.ErrRate) || !errors.Is(err, courier.ErrBusy) {
				t.Fatal(err)
			}
		}
		if one.all() != 10 || two.all() != 10 || log.Len() > 0 {
			t.Errorf("asked %d and %d times; %s", one.all(), two.all(), &log)
		}
		courier.Several(named{says(courier.ErrBusy), "north"}, two).Send(t.Context(), courier.Parcel{ID: "id"})
		if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "carrier=north") {
			t.Errorf("%s", &log)
		}
	})
}

// Nor is it a line, or a sign that carriers are away, where messages are sent.
func TestOurOwnRateIsNotToldWhereMessagesAreSent(t *testing.T) {
	inWorld(t, func(w *world) {
		var log bytes.Buffer
		before := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
		defer slog.SetDefault(before)
		w.sms.answer = func(context.Context, courier.Parcel) (notify.State, error) { return "", courier.ErrRate }
		carrying := w.courier()
		carrying.Most = map[notify.Channel]int{notify.SMS: 1000}
		w.owe(notify.PIN)
		run(time.Minute, carrying)
		if w.sms.all() < 3 || carrying.Late(notify.SMS) || log.Len() > 0 {
			t.Errorf("asked %d times, late %v; %s", w.sms.all(), carrying.Late(notify.SMS), &log)
		}
	})
}

// awayStore is a store whose database is away for a time.
type awayStore struct {
	courier.Store
	until time.Time
}

func (s awayStore) Do(ctx context.Context, unit func(context.Context) error) error {
	if time.Now().Before(s.until) {
		return errCut
	}
	return s.Store.Do(ctx, unit)
}

// While the database is away the log says so once for each loop, and once that it is back.
func TestDatabaseAwayIsToldOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		var log bytes.Buffer
		before := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
		defer slog.SetDefault(before)
		carrying := w.courier()
		carrying.Store = awayStore{w.store, time.Now().Add(5 * time.Minute)}
		run(7*time.Minute, carrying)
		for _, line := range []string{"courier: sms: fails from now on", "courier: sms: is well again"} {
			if strings.Count(log.String(), line) != 1 {
				t.Errorf("%q in\n%s", line, &log)
			}
		}
	})
}
