package storetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/confirm"
	"clave/internal/relying"
	"clave/internal/secret"
	"clave/internal/store"
)

func newConfirmation() confirm.Asked {
	return confirm.Asked{
		ID: secret.ID(at), Party: "party", Subject: hash("subject"), Citizen: "citizen", Message: "Ayuda de la Agencia: su declaración",
		Level: assurance.Substantial, Released: []relying.Attribute{relying.NIF}, At: at, Expires: at.Add(10 * time.Minute), State: confirm.Waiting,
	}
}

// asks saves a confirmation, bent.
func asks(t *testing.T, s *store.Store, bend func(*confirm.Asked)) confirm.Asked {
	t.Helper()
	a := newConfirmation()
	bend(&a)
	do(t, s, func(ctx context.Context) error { return s.AddConfirmation(ctx, a) })
	return a
}

func asIs(*confirm.Asked) {}

func wholeConfirmation(t *testing.T, s *store.Store) {
	a := asks(t, s, asIs)
	got, ok, err := s.Confirmation(t.Context(), a.ID)
	same(t, got, ok, err, a)
	a.State, a.Answered, a.Spent = confirm.Confirmed, at.Add(time.Second), at.Add(time.Minute)
	a.Means = confirm.Means{Session: "session", Method: assurance.PIN, Level: assurance.Substantial, At: at.Add(time.Microsecond)}
	do(t, s, func(ctx context.Context) error { return s.SaveConfirmation(ctx, a) })
	got, ok, err = s.Confirmation(t.Context(), a.ID)
	same(t, got, ok, err, a)
	got, ok, err = s.Confirmation(t.Context(), "another")
	none(t, got, ok, err)
	wants(t, s.SaveConfirmation(t.Context(), a), store.ErrNoUnit)
}

func confirmationsOf(t *testing.T, s *store.Store) {
	first := asks(t, s, func(a *confirm.Asked) { a.ID = secret.ID(at.Add(-time.Minute)) })
	second := asks(t, s, asIs)
	asks(t, s, func(a *confirm.Asked) { a.Citizen = "another" })
	asks(t, s, func(a *confirm.Asked) { a.Citizen = "" })
	asks(t, s, func(a *confirm.Asked) { a.Expires = at })
	asks(t, s, func(a *confirm.Asked) { a.State = confirm.Refused })
	got, err := s.Confirmations(t.Context(), "citizen", at)
	same(t, got, true, err, []confirm.Asked{first, second})
}

func confirmationEnds(t *testing.T, s *store.Store) {
	last := asks(t, s, asIs)
	asks(t, s, func(a *confirm.Asked) { a.Expires = at })
	asks(t, s, func(a *confirm.Asked) { a.Expires, a.State = at.Add(time.Hour), confirm.Reported })
	for _, c := range []struct {
		party, subject string
		want           time.Time
	}{
		{"party", "subject", last.Expires},
		{"another", "subject", time.Time{}},
		{"party", "another", time.Time{}},
	} {
		got, err := s.ConfirmationEnd(t.Context(), c.party, hash(c.subject))
		same(t, got, true, err, c.want)
	}
}

// confirmationOnce reads in many units at once, each of which would use what it read.
func confirmationOnce(t *testing.T, s *store.Store) {
	a := asks(t, s, asIs)
	var used atomic.Int64
	parallel(50, 50, func(int) {
		do(t, s, func(ctx context.Context) error {
			got, _, err := s.Confirmation(ctx, a.ID)
			if err != nil || !got.Spent.IsZero() {
				return err
			}
			got.Spent = at
			s.After(ctx, func() { used.Add(1) })
			return s.SaveConfirmation(ctx, got)
		})
	})
	if used.Load() != 1 {
		t.Errorf("used %d times", used.Load())
	}
}

func voidConfirmations(t *testing.T, s *store.Store) {
	a := asks(t, s, asIs)
	do(t, s, raise(s))
	got, ok, err := s.Confirmation(t.Context(), a.ID)
	none(t, got, ok, err)
	if list, err := s.Confirmations(t.Context(), a.Citizen, at); len(list) > 0 || err != nil {
		t.Errorf("%d wait, %v", len(list), err)
	}
	end, err := s.ConfirmationEnd(t.Context(), a.Party, a.Subject)
	same(t, end, true, err, time.Time{})
}

func forgottenConfirmations(t *testing.T, s *store.Store) {
	a := asks(t, s, asIs)
	for _, c := range []struct {
		now  time.Time
		want bool
	}{{a.Expires.AddDate(0, 0, 1), true}, {a.Expires.AddDate(0, 0, 1).Add(time.Microsecond), false}} {
		do(t, s, func(ctx context.Context) error { _, err := s.Forget(ctx, c.now); return err })
		if _, ok, err := s.Confirmation(t.Context(), a.ID); ok != c.want || err != nil {
			t.Errorf("at %v: there %t, %v", c.now, ok, err)
		}
	}
}
