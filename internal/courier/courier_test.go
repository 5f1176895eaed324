package courier_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clave/internal/courier"
	"clave/internal/keyring"
	"clave/internal/notify"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

var ring = storetest.Ring

// post is a carrier that keeps what it got, and answers as the test says.
type post struct {
	answer func(ctx context.Context, p courier.Parcel) (notify.State, error) // nil: delivered

	mu  sync.Mutex
	got []courier.Parcel
}

func (c *post) Send(ctx context.Context, p courier.Parcel) (courier.Taken, error) {
	c.mu.Lock()
	c.got = append(c.got, p)
	c.mu.Unlock()
	if c.answer == nil {
		return courier.Taken{State: notify.Delivered}, nil
	}
	state, err := c.answer(ctx, p)
	return courier.Taken{State: state}, err
}

// times is how often it got a message.
func (c *post) times(id string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.got {
		if p.ID == id {
			n++
		}
	}
	return n
}

func (c *post) all() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.got)
}

// world is a real store and what a courier needs, on a clock that moves only while everybody waits.
type world struct {
	*testing.T
	store *store.Store
	sms   *post
	mail  *post
}

func inWorld(t *testing.T, test func(w *world)) {
	ring() // outside: it is shared
	address := filepath.Join(t.TempDir(), "clave.db")
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), address, store.Options{Kind: keyring.Demo, Ring: ring(), Now: time.Now, Log: slog.Default()})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background())
		test(&world{t, s, &post{}, &post{}})
	})
}

func (w *world) courier() *courier.Courier {
	c := &courier.Courier{Store: w.store, Now: time.Now, Carriers: map[notify.Channel]courier.Carrier{notify.SMS: w.sms, notify.Email: w.mail}}
	w.store.Owed = c.Owed
	return c
}

// run lets couriers work for a while, and returns when they have ended.
func run(d time.Duration, couriers ...*courier.Courier) {
	ctx, stop := context.WithTimeout(context.Background(), d)
	defer stop()
	var all sync.WaitGroup
	for _, c := range couriers {
		all.Go(func() { c.Run(ctx) })
	}
	all.Wait()
}

func (w *world) do(unit func(ctx context.Context) error) {
	w.Helper()
	if err := w.store.Do(context.Background(), unit); err != nil {
		w.Error(err)
	}
}

func (w *world) owe(k notify.Kind) notify.Message {
	w.Helper()
	m := message(k)
	w.do(func(ctx context.Context) error { return w.store.AddMessage(ctx, m) })
	return m
}

func message(k notify.Kind) notify.Message {
	now := time.Now()
	return notify.Message{ID: secret.ID(now), Kind: k, To: "+34600123456", Lang: "es", Created: now, Until: now.Add(10 * time.Minute), Values: map[string]string{
		"code": "123456", "label": "A1B2", "service": "Agencia Tributaria", "host": "clave.example", "url": "https://clave.example", "name": "Ana",
		"phone": "+34 ··· ··· 456",
	}}
}

func (w *world) became(m notify.Message, want notify.State) {
	w.Helper()
	if got, err := w.store.MessageState(context.Background(), m.ID); got != want || err != nil {
		w.Errorf("the %s is %s, %v; want %s", m.Kind, got, err, want)
	}
}

func (w *world) sent(c *post, m notify.Message, want int) {
	w.Helper()
	if n := c.times(m.ID); n != want {
		w.Errorf("the %s was sent %d times, want %d", m.Kind, n, want)
	}
}

func TestCarriedOnTime(t *testing.T) {
	inWorld(t, func(w *world) {
		w.owe(notify.PIN)
		w.sms.answer = func(context.Context, courier.Parcel) (notify.State, error) {
			w.do(func(ctx context.Context) error { return w.store.AddMessage(ctx, message(notify.EmailCode)) })
			return notify.Accepted, nil
		}
		run(time.Second, w.courier()) // shorter than a look: the bell rang
		if w.sms.all() != 1 || w.mail.all() != 1 {
			t.Errorf("sent %d SMS, %d e-mails", w.sms.all(), w.mail.all())
		}
	})
}

func TestWhatTheCarrierSays(t *testing.T) {
	unknown := errors.New("cut off")
	for _, c := range []struct {
		name  string
		kind  notify.Kind
		state notify.State // of the first answer
		err   error
		want  notify.State // a minute later
		times int
	}{
		{"accepted", notify.PIN, notify.Accepted, nil, notify.Accepted, 1},
		{"delivered", notify.PIN, notify.Delivered, nil, notify.Delivered, 1},
		{"a refused code", notify.PIN, "", courier.ErrRefused, notify.Refused, 1},
		{"a refused notice", notify.WelcomeSMS, "", fmt.Errorf("no: %w", courier.ErrRefused), notify.Refused, 1},
		{"a code while it is busy", notify.PIN, "", courier.ErrBusy, notify.Delivered, 2},
		{"a notice while it is busy", notify.WelcomeSMS, "", courier.ErrBusy, notify.Delivered, 2},
		{"a code cut off", notify.PIN, "", unknown, notify.Lost, 1},
		{"a phone's code cut off", notify.PhoneCode, "", unknown, notify.Lost, 1},
		{"a notice cut off", notify.WelcomeSMS, "", unknown, notify.Delivered, 2},
		{"nonsense about a code", notify.PIN, notify.Queued, nil, notify.Lost, 1},
		{"a panic with a code", notify.PIN, "", errPanic, notify.Lost, 1},
		{"a panic with a notice", notify.WelcomeSMS, "", errPanic, notify.Delivered, 2},
		{"silence on a code", notify.PIN, "", errSilence, notify.Lost, 1},
		{"silence on a notice", notify.WelcomeSMS, "", errSilence, notify.Delivered, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.sms.answer = first(c.state, c.err)
				m := w.owe(c.kind)
				run(time.Minute, w.courier())
				w.became(m, c.want)
				w.sent(w.sms, m, c.times)
			})
		})
	}
}

var errPanic, errSilence = errors.New("panic"), errors.New("silence")

// first answers once so, and takes everything afterwards.
func first(state notify.State, err error) func(context.Context, courier.Parcel) (notify.State, error) {
	var once sync.Once
	return func(ctx context.Context, _ courier.Parcel) (s notify.State, e error) {
		s = notify.Delivered
		once.Do(func() {
			s, e = state, err
			switch err {
			case errPanic:
				panic("12345678Z")
			case errSilence:
				<-ctx.Done()
				e = ctx.Err()
			}
		})
		return s, e
	}
}

// The process died between the committed claim and the carrier, or between the carrier and the note: nobody knows which.
func TestCodeOfADeadCourierIsNeverSent(t *testing.T) {
	inWorld(t, func(w *world) {
		code, mailed, notice := w.owe(notify.PIN), w.owe(notify.EmailCode), w.owe(notify.WelcomeSMS)
		w.do(func(ctx context.Context) error {
			_, sms := w.store.ClaimMessages(ctx, notify.SMS, time.Now(), 9)
			_, mail := w.store.ClaimMessages(ctx, notify.Email, time.Now(), 9)
			return errors.Join(sms, mail)
		})
		run(5*time.Minute, w.courier())
		w.became(code, notify.Lost)
		w.became(mailed, notify.Lost)
		w.became(notice, notify.Delivered)
		w.sent(w.sms, code, 0)
		w.sent(w.mail, mailed, 0)
		w.sent(w.sms, notice, 1)
	})
}

// forgetful is a store that cannot note outcomes a number of times.
type forgetful struct {
	*store.Store
	left int
}

func (f *forgetful) SettleMessage(ctx context.Context, id string, s notify.State, now time.Time) error {
	if f.left > 0 {
		f.left--
		return errors.New("the disk is full")
	}
	return f.Store.SettleMessage(ctx, id, s, now)
}

func TestCodeWhoseOutcomeCannotBeNotedIsNotSentAgain(t *testing.T) {
	for _, c := range []struct {
		failures int
		want     notify.State
	}{{1, notify.Delivered}, {2, notify.Delivered}, {3, notify.Lost}, {1000, notify.Lost}} {
		inWorld(t, func(w *world) {
			carrying := w.courier()
			carrying.Store = &forgetful{w.store, c.failures}
			m := w.owe(notify.PIN)
			run(5*time.Minute, carrying)
			w.became(m, c.want)
			w.sent(w.sms, m, 1)
		})
	}
}

func TestSlowCarrierSlowsItsOwnChannel(t *testing.T) {
	inWorld(t, func(w *world) {
		w.sms.answer = func(ctx context.Context, _ courier.Parcel) (notify.State, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}
		w.owe(notify.PIN)
		var mails []notify.Message
		for range 100 {
			mails = append(mails, w.owe(notify.EmailCode))
		}
		run(time.Second, w.courier())
		for _, m := range mails {
			w.became(m, notify.Delivered)
		}
	})
}

func TestStopEndsAfterTheBatch(t *testing.T) {
	inWorld(t, func(w *world) {
		stop := func() {}
		w.sms.answer = func(ctx context.Context, _ courier.Parcel) (notify.State, error) {
			stop()
			return notify.Accepted, ctx.Err()
		}
		carrying := w.courier()
		carrying.Batch = 3
		var owed []notify.Message
		for range 5 {
			owed = append(owed, w.owe(notify.PIN))
		}
		ctx, cancel := context.WithCancel(context.Background())
		stop = cancel
		carrying.Run(ctx)
		states := map[notify.State]int{}
		for _, m := range owed {
			state, _ := w.store.MessageState(context.Background(), m.ID)
			states[state]++
		}
		if states[notify.Accepted] != 3 || states[notify.Queued] != 2 {
			t.Errorf("they are %v", states)
		}
	})
}

func TestCarrierThatIsDownIsLeftAlone(t *testing.T) {
	inWorld(t, func(w *world) {
		down := true
		w.sms.answer = func(context.Context, courier.Parcel) (notify.State, error) {
			if down {
				return "", courier.ErrBusy
			}
			return notify.Delivered, nil
		}
		carrying := w.courier()
		asking := func(d time.Duration) {
			var all sync.WaitGroup
			all.Go(func() { run(d, carrying) })
			for range int(d / time.Second) {
				w.owe(notify.PIN)
				time.Sleep(time.Second)
			}
			all.Wait()
		}
		asking(5 * time.Minute)
		if tries := w.sms.all(); tries > 14*32 { // rests of 2, 4, 8, 16, and then of 30 seconds
			t.Errorf("it was asked %d times", tries)
		}
		down = false
		before := w.sms.all()
		asking(4 * time.Minute)
		if got := w.sms.all() - before; got != 9*60 {
			t.Errorf("of 540 codes %d went out afterwards", got)
		}
	})
}

func TestHopelessNoticesAreNotInTheWay(t *testing.T) {
	inWorld(t, func(w *world) {
		w.sms.answer = func(_ context.Context, p courier.Parcel) (notify.State, error) {
			if p.Kind == notify.WelcomeSMS {
				return "", errors.New("cut off")
			}
			return notify.Delivered, nil
		}
		for range 100 {
			w.owe(notify.WelcomeSMS)
		}
		run(5*time.Minute, w.courier())
		m := w.owe(notify.PIN)
		run(10*time.Second, w.courier())
		w.became(m, notify.Delivered)
	})
}

func TestTwoCouriersSendEachMessageOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.do(func(ctx context.Context) error {
			for range 300 {
				if err := w.store.AddMessage(ctx, message(notify.PIN)); err != nil {
					return err
				}
			}
			return nil
		})
		run(time.Second, w.courier(), w.courier())
		seen := map[string]bool{}
		for _, p := range w.sms.got {
			if seen[p.ID] {
				t.Errorf("sent twice: %s", p.ID)
			}
			seen[p.ID] = true
		}
		if len(seen) != 300 {
			t.Errorf("sent %d of 300", len(seen))
		}
	})
}

// What cannot be written is refused, and stops nothing.
func TestMessageWithoutItsValues(t *testing.T) {
	inWorld(t, func(w *world) {
		bad := message(notify.PIN)
		delete(bad.Values, "code")
		w.do(func(ctx context.Context) error { return w.store.AddMessage(ctx, bad) })
		good := w.owe(notify.PIN)
		run(time.Second, w.courier())
		w.became(bad, notify.Refused)
		w.became(good, notify.Delivered)
		w.sent(w.sms, bad, 0)
	})
}
