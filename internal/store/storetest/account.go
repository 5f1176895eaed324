package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"clave/internal/account"
	"clave/internal/audit"
	"clave/internal/secret"
	"clave/internal/store"
)

// entries saves entries about a person, one a second from at on, each bent by a change of its own.
func entries(t *testing.T, s *store.Store, bend ...func(*audit.Entry)) (list []audit.Entry) {
	t.Helper()
	for i, change := range bend {
		when := at.Add(time.Duration(i) * time.Second)
		e := audit.Entry{ID: secret.ID(when), At: when, Event: audit.PINAsked, Subject: hash("subject"), From: "192.0.2.1"}
		change(&e)
		list = append(list, e)
	}
	do(t, s, func(ctx context.Context) error {
		for _, e := range list {
			if err := s.AddAudit(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	return list
}

func flow(id string) func(*audit.Entry) { return func(e *audit.Entry) { e.Flow = id } }
func alone(*audit.Entry)                {}
func anothers(e *audit.Entry)           { e.Subject = hash("another") }
func nobodys(e *audit.Entry)            { e.Subject = nil }
func both(one, two func(*audit.Entry)) func(*audit.Entry) {
	return func(e *audit.Entry) { one(e); two(e) }
}

// told: flows lie across each other, and each is told whole, at the place of its last entry.
func told(t *testing.T, s *store.Store) {
	e := entries(t, s, flow("a"), flow("b"), alone, flow("a"), alone, anothers, both(anothers, flow("a")), nobodys)
	for _, c := range []struct {
		before string
		n      int
		want   []audit.Entry
	}{
		{"", 1, []audit.Entry{e[4]}},
		{"", 2, []audit.Entry{e[0], e[3], e[4]}},
		{"", 9, e[:5]},
		{e[4].ID, 1, []audit.Entry{e[0], e[3]}},
		{e[3].ID, 9, []audit.Entry{e[1], e[2]}},
		{e[2].ID, 1, []audit.Entry{e[1]}},
		{e[1].ID, 9, nil},
	} {
		got, err := s.Told(t.Context(), hash("subject"), c.before, c.n)
		same(t, got, true, err, c.want)
	}
	got, err := s.Told(t.Context(), hash("nobody"), "", 9)
	same(t, got, true, err, nil)
}

func givenUp(t *testing.T, s *store.Store) {
	cancelled := func(e *audit.Entry) { e.Event, e.Subject = audit.LoginCancelled, nil }
	e := entries(t, s, both(flow("a"), cancelled), flow("a"), both(flow("b"), cancelled), both(flow("c"), cancelled))
	got, err := s.GivenUp(t.Context(), []string{"a", "c", "z"})
	same(t, got, true, err, []audit.Entry{e[0], e[3]})
	got, err = s.GivenUp(t.Context(), nil)
	same(t, got, true, err, nil)
}

func entriesOf(t *testing.T, s *store.Store) {
	e := entries(t, s, alone, anothers, alone, nobodys, alone)
	got, err := s.EntriesOf(t.Context(), hash("subject"), "", 2)
	same(t, got, true, err, []audit.Entry{e[0], e[2]})
	got, err = s.EntriesOf(t.Context(), hash("subject"), e[2].ID, 2)
	same(t, got, true, err, []audit.Entry{e[4]})
}

func informed(t *testing.T, s *store.Store) {
	at := func(party string, event audit.Event) func(*audit.Entry) {
		return func(e *audit.Entry) { e.Party, e.Event = party, event }
	}
	e := entries(t, s, at("a", audit.LoginCompleted), at("b", audit.ConfirmationUsed), at("a", audit.LoginCompleted),
		at("c", audit.LoginFailed), both(anothers, at("d", audit.LoginCompleted)))
	got, err := s.Informed(t.Context(), hash("subject"), "", e[4].At)
	same(t, got, true, err, []account.Informed{{Party: "a", Times: 2, Last: e[2].At}, {Party: "b", Times: 1, Last: e[1].At}})
	got, err = s.Informed(t.Context(), hash("subject"), e[1].ID, e[1].At)
	same(t, got, true, err, []account.Informed{{Party: "b", Times: 1, Last: e[1].At}})
}

func browsersOf(t *testing.T, s *store.Store) {
	c, other := newCitizen(1), newCitizen(2)
	do(t, s, add(c, s))
	do(t, s, add(other, s))
	do(t, s, func(ctx context.Context) error {
		_, one := s.AddKnownBrowser(ctx, hash("one"), c.ID, at.Add(time.Hour))
		_, two := s.AddKnownBrowser(ctx, hash("two"), c.ID, at)
		_, three := s.AddKnownBrowser(ctx, hash("three"), other.ID, at)
		return errors.Join(one, two, three)
	})
	got, err := s.KnownBrowsers(t.Context(), c.ID)
	same(t, got, true, err, []time.Time{at, at.Add(time.Hour)})
	do(t, s, func(ctx context.Context) error { return s.ForgetBrowsers(ctx, c.ID) })
	got, err = s.KnownBrowsers(t.Context(), c.ID)
	same(t, got, true, err, nil)
	got, err = s.KnownBrowsers(t.Context(), other.ID)
	same(t, got, true, err, []time.Time{at})
	wants(t, s.ForgetBrowsers(t.Context(), c.ID), store.ErrNoUnit)
}
