package courier_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"clave/internal/courier"
	"clave/internal/notify"
)

// reporter is a carrier that names what it takes, and reports.
type reporter struct {
	*post
	early   bool // it reports before its answer
	reports chan []courier.Receipt
	answers chan error
}

func newReporter() *reporter {
	return &reporter{post: &post{}, reports: make(chan []courier.Receipt, 99), answers: make(chan error, 99)}
}

func (c *reporter) Send(ctx context.Context, p courier.Parcel) (courier.Taken, error) {
	if _, err := c.post.Send(ctx, p); err != nil {
		return courier.Taken{}, err
	}
	if c.early {
		c.reports <- []courier.Receipt{{Ref: "one:" + p.ID, State: notify.Delivered}}
		time.Sleep(time.Second)
	}
	return courier.Taken{State: notify.Accepted, Ref: "one:" + p.ID}, nil
}

func (c *reporter) Report(ctx context.Context, note func(ctx context.Context, list []courier.Receipt) error) {
	for {
		select {
		case <-ctx.Done():
			return
		case list := <-c.reports:
			c.answers <- note(ctx, list)
		}
	}
}

func (w *world) reporting(c *reporter) *courier.Courier {
	carrying := w.courier()
	carrying.Carriers = map[notify.Channel]courier.Carrier{notify.SMS: courier.Several(c, &post{})}
	return carrying
}

func TestReceiptsAreNoted(t *testing.T) {
	inWorld(t, func(w *world) {
		c := newReporter()
		m, other, early := w.owe(notify.PIN), w.owe(notify.PIN), notify.Message{}
		carrying := w.reporting(c)
		run(5*time.Second, carrying)
		w.became(m, notify.Accepted)
		c.reports <- []courier.Receipt{{Ref: "one:" + m.ID, State: notify.Delivered}, {Ref: "one:" + other.ID, State: notify.Refused}, {Ref: "one:?", State: notify.Delivered}}
		c.reports <- []courier.Receipt{{Ref: "one:" + m.ID, State: notify.Refused}}
		run(5*time.Second, w.reporting(c)) // another node, say
		w.became(m, notify.Delivered)
		w.became(other, notify.Refused)

		c.early = true
		early = w.owe(notify.PIN)
		run(5*time.Second, carrying)
		w.became(early, notify.Delivered)
		for range 3 {
			if err := <-c.answers; err != nil {
				t.Error(err)
			}
		}
	})
}

// What cannot be noted is not answered: the carrier keeps it.
func TestReceiptThatCannotBeNoted(t *testing.T) {
	inWorld(t, func(w *world) {
		c := newReporter()
		carrying := w.reporting(c)
		carrying.Store = &full{w.store}
		c.reports <- []courier.Receipt{{Ref: "one:x", State: notify.Delivered}}
		run(time.Second, carrying)
		if err := <-c.answers; !errors.Is(err, errFull) {
			t.Errorf("it was told %v", err)
		}
	})
}

var errFull = errors.New("the disk is full")

type full struct{ courier.Store }

func (full) NoteReceipt(context.Context, notify.Channel, string, notify.State, time.Time) error {
	return errFull
}

// A carrier that reports lives until what was being sent is sent.
func TestReporterOutlivesWhatIsSent(t *testing.T) {
	inWorld(t, func(w *world) {
		c := newReporter()
		c.early = true
		m := w.owe(notify.PIN)
		run(500*time.Millisecond, w.reporting(c)) // ends while it is sent
		w.became(m, notify.Delivered)
	})
}

func TestStatsAndLate(t *testing.T) {
	inWorld(t, func(w *world) {
		carrying := w.courier()
		carrying.Most = map[notify.Channel]int{notify.SMS: 3}
		answers := []error{nil, courier.ErrRefused, errCut}
		w.sms.answer = func(context.Context, courier.Parcel) (notify.State, error) {
			if len(answers) == 0 {
				return "", courier.ErrBusy
			}
			err := answers[0]
			answers = answers[1:]
			return notify.Delivered, err
		}
		for range 3 {
			w.owe(notify.PIN)
			run(3*time.Second, carrying)
		}
		if s := carrying.Stats(); len(s) != 2 || carrying.Late(notify.SMS) {
			t.Errorf("%+v, late %v", s, carrying.Late(notify.SMS))
		}
		for range 3 {
			w.owe(notify.PIN)
		}
		run(30*time.Second, carrying)
		if !carrying.Late(notify.SMS) || carrying.Late(notify.Email) {
			t.Error("it is not late")
		}
		for _, s := range carrying.Stats() {
			if s.Channel == notify.SMS && (s.Sent != 1 || s.Refused != 1 || s.Lost != 1 || s.Again < 3 || s.Waiting != 3 || s.Oldest < 20*time.Second) {
				t.Errorf("%+v", s)
			}
		}
		run(11*time.Minute, carrying)
		for _, s := range carrying.Stats() {
			if s.Channel == notify.SMS && (s.Expired != 3 || s.Waiting != 0 || s.Oldest != 0) {
				t.Errorf("%+v", s)
			}
		}
		if carrying.Late(notify.SMS) {
			t.Error("it is late still")
		}
	})
}
