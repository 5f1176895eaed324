package storetest

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"clave/internal/audit"
	"clave/internal/otp"
	"clave/internal/secret"
	"clave/internal/store"
)

func newChallenge() otp.Challenge {
	return otp.Challenge{
		ID: secret.ID(at), Purpose: otp.SignIn, Flow: "flow", Browser: hash("browser"), Subject: hash("subject"), Budget: "\x00\xffbudget",
		Citizen: "citizen", Label: "A1B2", Code: hash("code"), Message: "message", Max: 3, Created: at, Expires: at.Add(10 * time.Minute), State: otp.Open,
	}
}

// challenged saves a challenge.
func challenged(t *testing.T, s *store.Store, ch otp.Challenge) otp.Challenge {
	t.Helper()
	do(t, s, func(ctx context.Context) error { return s.AddChallenge(ctx, ch) })
	return ch
}

func wholeChallenge(t *testing.T, s *store.Store) {
	ch := challenged(t, s, newChallenge())
	got, ok, err := s.Challenge(t.Context(), ch.ID)
	same(t, got, ok, err, ch)
	do(t, s, func(ctx context.Context) error { return s.SetChallengeState(ctx, ch.ID, otp.Proven) })
	ch.State = otp.Proven
	got, ok, err = s.Challenge(t.Context(), ch.ID)
	same(t, got, ok, err, ch)
	got, ok, err = s.Challenge(t.Context(), "another")
	none(t, got, ok, err)
}

func foreignChallenge(t *testing.T, s *store.Store) {
	ch := challenged(t, s, newChallenge())
	for _, c := range []struct {
		name, id, flow string
		browser        secret.Hash
	}{
		{"another id", "another", ch.Flow, ch.Browser},
		{"another flow", ch.ID, "another", ch.Browser},
		{"another browser", ch.ID, ch.Flow, hash("another")},
		{"no browser", ch.ID, ch.Flow, nil},
	} {
		do(t, s, func(ctx context.Context) error {
			if _, ok, err := s.TryChallenge(ctx, c.id, c.flow, c.browser); ok || err != nil {
				t.Errorf("%s: found %t, %v", c.name, ok, err)
			}
			return nil
		})
	}
	_, _, err := s.TryChallenge(t.Context(), ch.ID, ch.Flow, ch.Browser)
	wants(t, err, store.ErrNoUnit)
	got, ok, err := s.Challenge(t.Context(), ch.ID) // none of them was counted
	same(t, got, ok, err, ch)
}

func hundredTries(t *testing.T, s *store.Store) {
	ch := challenged(t, s, newChallenge())
	var seen sync.Map
	parallel(100, 100, func(int) {
		do(t, s, func(ctx context.Context) error {
			got, ok, err := s.TryChallenge(ctx, ch.ID, ch.Flow, ch.Browser)
			s.After(ctx, func() {
				if _, before := seen.Swap(got.Tries, true); before || !ok {
					t.Errorf("two tries were the %d.", got.Tries)
				}
			})
			return err
		})
	})
	if got, _, err := s.Challenge(t.Context(), ch.ID); got.Tries != 100 || err != nil {
		t.Errorf("counted %d, %v", got.Tries, err)
	}
}

func voidChallenges(t *testing.T, s *store.Store) {
	ch := challenged(t, s, newChallenge())
	do(t, s, raise(s))
	got, ok, err := s.Challenge(t.Context(), ch.ID)
	none(t, got, ok, err)
	do(t, s, func(ctx context.Context) error {
		got, ok, err := s.TryChallenge(ctx, ch.ID, ch.Flow, ch.Browser)
		none(t, got, ok, err)
		return nil
	})
	next := challenged(t, s, newChallenge())
	got, ok, err = s.Challenge(t.Context(), next.ID)
	same(t, got, ok, err, next)
}

func counters(t *testing.T, s *store.Store) {
	times := []time.Time{at, at.Add(time.Microsecond), at.AddDate(0, 0, 1)}
	hits := func(want int) {
		t.Helper()
		if got, err := s.HitTimes(t.Context(), hash("counter")); err != nil || len(got) != want {
			t.Errorf("got %v, %v, want %d", got, err, want)
		}
	}
	hits(0)
	do(t, s, func(ctx context.Context) error {
		none, err := s.LockHitTimes(ctx, hash("counter"))
		if len(none) != 0 {
			t.Errorf("a new counter stands at %v", none)
		}
		return errors.Join(err, s.SetHitTimes(ctx, hash("counter"), times, at))
	})
	do(t, s, func(ctx context.Context) error {
		got, err := s.LockHitTimes(ctx, hash("counter"))
		if !reflect.DeepEqual(got, times) {
			t.Errorf("got %v, want %v", got, times)
		}
		return err
	})
	hits(3)
	do(t, s, func(ctx context.Context) error { return s.SetHitTimes(ctx, hash("counter"), nil, time.Time{}) })
	hits(0)
	_, err := s.LockHitTimes(t.Context(), hash("counter"))
	wants(t, err, store.ErrNoUnit)
}

func hundredHits(t *testing.T, s *store.Store) {
	parallel(100, 100, func(int) {
		do(t, s, func(ctx context.Context) error {
			times, err := s.LockHitTimes(ctx, hash("new"))
			return errors.Join(err, s.SetHitTimes(ctx, hash("new"), append(times, at), time.Time{}))
		})
	})
	if got, err := s.HitTimes(t.Context(), hash("new")); len(got) != 100 || err != nil {
		t.Errorf("counted %d, %v", len(got), err)
	}
}

func answeredOnce(t *testing.T, s *store.Store) {
	for _, request := range [][2]string{{"party", "request"}, {"party", "another"}, {"another", "request"}} {
		parallelOnce(t, 50, func(ctx context.Context) (bool, error) { return s.Consume(ctx, request[0], request[1], at) }, s)
	}
}

func record(t *testing.T, s *store.Store) {
	var want []audit.Entry
	for i := range 5 {
		want = append(want, audit.Entry{ID: secret.ID(at.Add(time.Duration(i) * time.Second)), At: at, Event: audit.PINAsked})
	}
	want[1] = audit.Entry{
		ID: want[1].ID, At: at, Event: audit.LoginCompleted, Subject: hash("subject"), Citizen: "citizen", Party: "party", Flow: "flow", From: "192.0.2.1", Outcome: "pin",
	}
	for _, i := range []int{3, 0, 4, 2, 1} {
		do(t, s, func(ctx context.Context) error { return s.AddAudit(ctx, want[i]) })
	}
	got, err := s.Audits(t.Context(), want[0].ID, 3)
	same(t, got, true, err, want[1:4])
	got, err = s.Audits(t.Context(), want[4].ID, 3)
	same(t, got, true, err, nil)
}
