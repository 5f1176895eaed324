package storetest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"clave/internal/notify"
	"clave/internal/secret"
	"clave/internal/store"
)

func newMessage(k notify.Kind) notify.Message {
	return notify.Message{
		ID: secret.ID(at), Kind: k, To: "+34600123456", Lang: "es", Created: at, Until: at.Add(10 * time.Minute), Values: map[string]string{"code": "123456"},
	}
}

// owes saves a message.
func owes(t *testing.T, s *store.Store, m notify.Message) notify.Message {
	t.Helper()
	do(t, s, func(ctx context.Context) error { return s.AddMessage(ctx, m) })
	return m
}

func claim(t *testing.T, s *store.Store, c notify.Channel, now time.Time, n int) (list []notify.Message) {
	t.Helper()
	do(t, s, func(ctx context.Context) (err error) { list, err = s.ClaimMessages(ctx, c, now, n); return err })
	return list
}

func settle(t *testing.T, s *store.Store, m notify.Message, state notify.State, now time.Time) {
	t.Helper()
	do(t, s, func(ctx context.Context) error { return s.SettleMessage(ctx, m.ID, state, now) })
}

func sweep(t *testing.T, s *store.Store, stuck, now time.Time) {
	t.Helper()
	do(t, s, func(ctx context.Context) error { _, _, err := s.SweepMessages(ctx, stuck, now); return err })
}

func became(t *testing.T, s *store.Store, m notify.Message, want notify.State) {
	t.Helper()
	if got, err := s.MessageState(t.Context(), m.ID); got != want || err != nil {
		t.Errorf("the %s is %s, %v; want %s", m.Kind, got, err, want)
	}
}

func wholeMessage(t *testing.T, s *store.Store) {
	m := owes(t, s, newMessage(notify.PIN))
	owes(t, s, newMessage(notify.EmailCode))
	dead := newMessage(notify.PIN)
	dead.Decoy = true
	owes(t, s, dead)
	became(t, s, m, notify.Queued)
	if got := claim(t, s, notify.SMS, at, 9); len(got) != 1 || !reflect.DeepEqual(got[0], m) {
		t.Errorf("claimed %#v", got)
	}
	became(t, s, m, notify.Sending)
	became(t, s, notify.Message{ID: "forgotten"}, notify.Expired)
}

func claimedOnce(t *testing.T, s *store.Store) {
	const messages = 200
	do(t, s, func(ctx context.Context) error {
		for range messages {
			if err := s.AddMessage(ctx, newMessage(notify.PIN)); err != nil {
				return err
			}
		}
		return nil
	})
	var seen sync.Map
	parallel(8, 80, func(int) {
		for _, m := range claim(t, s, notify.SMS, at, 7) {
			if _, before := seen.Swap(m.ID, true); before {
				t.Errorf("claimed twice: %s", m.ID)
			}
		}
	})
	n := 0
	seen.Range(func(any, any) bool { n++; return true })
	if n != messages {
		t.Errorf("claimed %d of %d", n, messages)
	}
}

func retried(t *testing.T, s *store.Store) {
	m := owes(t, s, newMessage(notify.WelcomeSMS))
	claim(t, s, notify.SMS, at, 9)
	due := at.Add(time.Minute)
	do(t, s, func(ctx context.Context) error { return s.RetryMessage(ctx, m.ID, due) })
	became(t, s, m, notify.Queued)
	if early := claim(t, s, notify.SMS, due.Add(-1*time.Microsecond), 9); len(early) != 0 {
		t.Error("claimed before it was due")
	}
	if again := claim(t, s, notify.SMS, due, 9); len(again) != 1 || again[0].ID != m.ID {
		t.Errorf("claimed %v", again)
	}
	settle(t, s, m, notify.Accepted, due)
	do(t, s, func(ctx context.Context) error { return s.RetryMessage(ctx, m.ID, due) }) // by a courier long given up
	became(t, s, m, notify.Accepted)
}

func neverBack(t *testing.T, s *store.Store) {
	for _, c := range []struct{ told, late, want notify.State }{
		{notify.Accepted, notify.Delivered, notify.Delivered},
		{notify.Accepted, notify.Refused, notify.Refused},
		{notify.Accepted, notify.Accepted, notify.Accepted},
		{notify.Delivered, notify.Accepted, notify.Delivered},
		{notify.Delivered, notify.Refused, notify.Delivered},
		{notify.Refused, notify.Delivered, notify.Refused},
		{notify.Lost, notify.Accepted, notify.Lost},
		{notify.Lost, notify.Delivered, notify.Lost},
	} {
		m := owes(t, s, newMessage(notify.PIN))
		settle(t, s, m, notify.Delivered, at) // by somebody who has not claimed it
		became(t, s, m, notify.Queued)
		claim(t, s, notify.SMS, at, 1)
		settle(t, s, m, c.told, at)
		settle(t, s, m, c.late, at)
		became(t, s, m, c.want)
		sweep(t, s, at.Add(time.Hour), at.Add(time.Hour))
		became(t, s, m, c.want)
	}
	m := newMessage(notify.PIN)
	if err := s.Do(t.Context(), func(ctx context.Context) error { return s.SettleMessage(ctx, m.ID, notify.Queued, at) }); err == nil {
		t.Error("queued is no outcome")
	}
}

func swept(t *testing.T, s *store.Store) {
	code, notice := owes(t, s, newMessage(notify.PIN)), owes(t, s, newMessage(notify.WelcomeSMS))
	claim(t, s, notify.SMS, at, 9)
	sweep(t, s, at, at) // it is not yet certain that their courier died
	became(t, s, code, notify.Sending)
	became(t, s, notice, notify.Sending)
	now := at.Add(time.Minute)
	sweep(t, s, at.Add(time.Microsecond), now)
	became(t, s, code, notify.Lost)
	if again := claim(t, s, notify.SMS, now, 9); len(again) != 1 || !reflect.DeepEqual(again[0], notice) {
		t.Errorf("claimed %v", again)
	}
}

func expired(t *testing.T, s *store.Store) {
	m := owes(t, s, newMessage(notify.PIN))
	if late := claim(t, s, notify.SMS, m.Until, 9); len(late) != 0 {
		t.Error("claimed too late")
	}
	sweep(t, s, at, m.Until.Add(-time.Microsecond))
	became(t, s, m, notify.Queued)
	sweep(t, s, at, m.Until)
	became(t, s, m, notify.Expired)
}

func decoys(t *testing.T, s *store.Store) {
	now := s.Now()
	decoy := func(age time.Duration) notify.Message {
		m := newMessage(notify.PIN)
		m.Created, m.Until, m.Decoy = now.Add(-age), now.Add(time.Hour), true
		return owes(t, s, m)
	}
	became(t, s, decoy(0), notify.Queued) // nobody knows the carrier yet
	became(t, s, decoy(time.Second), notify.Accepted)
	became(t, s, decoy(2*time.Second), notify.Delivered)

	real := func(age, accept time.Duration, deliver time.Duration) {
		m := newMessage(notify.PIN)
		m.Created, m.Until = now.Add(-age), now.Add(time.Hour)
		owes(t, s, m)
		claim(t, s, notify.SMS, now, 9)
		settle(t, s, m, notify.Accepted, m.Created.Add(accept))
		if deliver > 0 {
			settle(t, s, m, notify.Delivered, m.Created.Add(deliver))
		}
	}
	real(10*time.Second, 4*time.Second, 0) // young, but all there is
	became(t, s, decoy(3*time.Second), notify.Queued)
	became(t, s, decoy(5*time.Second), notify.Accepted)

	for range 20 {
		real(time.Hour, 20*time.Second, time.Minute)
	}
	became(t, s, decoy(19*time.Second), notify.Queued)
	became(t, s, decoy(59*time.Second), notify.Accepted)
	became(t, s, decoy(time.Minute), notify.Delivered)
	for range 16 {
		real(30*time.Minute, 20*time.Second, 0) // phones that are off
	}
	became(t, s, decoy(5*time.Minute), notify.Accepted)
	if got := claim(t, s, notify.SMS, now, 9); len(got) != 0 {
		t.Errorf("claimed a decoy")
	}
}

func owed(t *testing.T, s *store.Store) {
	rings := 0
	s.Owed = func(notify.Channel) { rings++ }
	wants(t, s.Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(s.AddMessage(ctx, newMessage(notify.PIN)), errWrong)
	}), errWrong)
	dead := newMessage(notify.PIN)
	dead.Decoy = true
	owes(t, s, dead)
	if rings != 0 {
		t.Error("told of a message that is not owed")
	}
	do(t, s, func(ctx context.Context) error {
		err := s.AddMessage(ctx, newMessage(notify.PIN))
		if rings != 0 {
			t.Error("told before the commit")
		}
		return err
	})
	if rings != 1 {
		t.Errorf("told %d times", rings)
	}
}

func forgotten(t *testing.T, s *store.Store) {
	c, ch, m := newCitizen(1), newChallenge(), newMessage(notify.PIN)
	do(t, s, func(ctx context.Context) error {
		_, locked := s.LockHitTimes(ctx, hash("counter"))
		_, consumed := s.Consume(ctx, "party", "request", at)
		x := newSession(c.ID)
		x.Until = at
		return errors.Join(s.AddCitizen(ctx, c), s.AddChallenge(ctx, ch), s.AddMessage(ctx, m), s.AddSession(ctx, x),
			relies(ctx, s, x.ID), locked, consumed, s.SetHitTimes(ctx, hash("counter"), []time.Time{at}, at))
	})
	left := func() (left [5]bool) {
		times, _ := s.HitTimes(t.Context(), hash("counter"))
		old, _ := s.Sessions(t.Context(), c.ID, at.Add(-time.Hour))
		_, found, _ := s.Challenge(t.Context(), ch.ID)
		state, _ := s.MessageState(t.Context(), m.ID)
		var fresh bool
		err := s.Do(t.Context(), func(ctx context.Context) (err error) {
			fresh, err = s.Consume(ctx, "party", "request", at)
			return errors.Join(err, errWrong) // only looking
		})
		wants(t, err, errWrong)
		return [5]bool{len(times) > 0, len(old) > 0, found, !fresh, state == notify.Queued}
	}
	for _, c := range []struct {
		now  time.Time
		want [5]bool
	}{
		{at, [5]bool{true, true, true, true, true}},
		{at.Add(time.Microsecond), [5]bool{false, true, true, true, true}},
		{at.AddDate(0, 0, 1), [5]bool{false, true, true, true, true}},
		{at.AddDate(0, 0, 2), [5]bool{false, false, false, false, true}},
		{at.AddDate(0, 0, 89), [5]bool{false, false, false, false, true}},
		{at.AddDate(0, 0, 91), [5]bool{}},
	} {
		do(t, s, func(ctx context.Context) error { _, err := s.Forget(ctx, c.now); return err })
		if got := left(); got != c.want {
			t.Errorf("at %v: counter, session, challenge, request, message are %v, want %v", c.now, got, c.want)
		}
	}
	if _, ok, err := s.Citizen(t.Context(), c.ID); !ok || err != nil {
		t.Errorf("the citizen is forgotten: %v", err)
	}
}
