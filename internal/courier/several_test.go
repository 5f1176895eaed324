package courier_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"clave/internal/courier"
	"clave/internal/notify"
)

func says(err error) *post {
	return &post{answer: func(context.Context, courier.Parcel) (notify.State, error) { return notify.Accepted, err }}
}

var errCut = errors.New("cut off")

// A code goes to the next carrier only when the one before certainly has not taken it.
func TestSeveral(t *testing.T) {
	for _, c := range []struct {
		name     string
		one, two error
		want     error // nil: accepted; errCut: unknown
		asked    int   // is the second
	}{
		{"the first takes it", nil, nil, nil, 0},
		{"the first is busy", courier.ErrBusy, nil, nil, 1},
		{"the first refuses", courier.ErrRefused, nil, nil, 1},
		{"nobody is there", courier.ErrNobody, nil, courier.ErrRefused, 0},
		{"cut off", errCut, nil, errCut, 0},
		{"busy, then cut off", courier.ErrBusy, errCut, errCut, 1},
		{"refused, then cut off", courier.ErrRefused, errCut, errCut, 1},
		{"both busy", courier.ErrBusy, courier.ErrBusy, courier.ErrBusy, 1},
		{"both refuse", courier.ErrRefused, courier.ErrRefused, courier.ErrRefused, 1},
		{"one may take it yet", courier.ErrBusy, courier.ErrRefused, courier.ErrBusy, 1},
		{"the other may take it yet", courier.ErrRefused, courier.ErrBusy, courier.ErrBusy, 1},
	} {
		one, two := says(c.one), says(c.two)
		_, err := courier.Several(one, two).Send(t.Context(), courier.Parcel{ID: "id"})
		certain := errors.Is(err, courier.ErrBusy) || errors.Is(err, courier.ErrRefused)
		if c.want == errCut && (err == nil || certain) || c.want != errCut && !errors.Is(err, c.want) ||
			errors.Is(err, courier.ErrBusy) && errors.Is(err, courier.ErrRefused) {
			t.Errorf("%s: %v", c.name, err)
		}
		if one.all() != 1 || two.all() != c.asked {
			t.Errorf("%s: asked %d and %d times", c.name, one.all(), two.all())
		}
	}
	if _, err := courier.Several().Send(t.Context(), courier.Parcel{}); !errors.Is(err, courier.ErrBusy) {
		t.Errorf("no carrier at all: %v", err)
	}
}

// A carrier that is dead is left alone, so that it slows no message, and is tried again with one at a time.
func TestDeadCarrierIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := true
		one := &post{answer: func(context.Context, courier.Parcel) (notify.State, error) {
			time.Sleep(time.Second)
			if dead {
				return "", courier.ErrBusy
			}
			return notify.Accepted, nil
		}}
		two := says(nil)
		both := courier.Several(one, two)
		send := func() {
			t.Helper()
			if _, err := both.Send(t.Context(), courier.Parcel{ID: "id"}); err != nil {
				t.Error(err)
			}
		}
		for range 100 {
			send()
		}
		if one.all() != 3 || two.all() != 100 {
			t.Errorf("asked %d and %d times", one.all(), two.all())
		}
		time.Sleep(time.Second)
		for range 10 { // side by side: one of them finds out
			go send()
		}
		synctest.Wait()
		time.Sleep(time.Second)
		if one.all() != 4 {
			t.Errorf("asked %d times", one.all())
		}
		send() // it rests longer
		time.Sleep(time.Second)
		send()
		if one.all() != 4 {
			t.Errorf("asked %d times", one.all())
		}
		dead = false
		time.Sleep(30 * time.Second)
		before := two.all()
		for range 5 {
			send()
		}
		if one.all() != 9 || two.all() != before {
			t.Errorf("asked %d times, and the other %d more", one.all(), two.all()-before)
		}
	})
}

func TestPanicOfACarrierIsItsFailure(t *testing.T) {
	one := &post{answer: func(context.Context, courier.Parcel) (notify.State, error) { panic("x") }}
	two := says(nil)
	both := courier.Several(one, two)
	for range 5 {
		func() {
			defer func() { _ = recover() }()
			both.Send(t.Context(), courier.Parcel{ID: "id"})
		}()
	}
	if one.all() != 3 || two.all() != 2 {
		t.Errorf("asked %d and %d times", one.all(), two.all())
	}
}
