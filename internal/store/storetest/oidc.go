package storetest

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"time"

	"clave/internal/federation/oidc"
	"clave/internal/login"
	"clave/internal/secret"
	"clave/internal/store"
)

func newRecord(key string) oidc.Record {
	return oidc.Record{Kind: "grant", Key: key, Body: []byte(`{"a":1}`), Until: at.Add(time.Minute), Due: at}
}

func addRecord(t *testing.T, s *store.Store, r oidc.Record) (added bool) {
	t.Helper()
	do(t, s, func(ctx context.Context) (err error) { added, err = s.AddRecord(ctx, r); return err })
	return added
}

func record1(t *testing.T, s *store.Store, kind oidc.Kind, key string) (oidc.Record, bool) {
	t.Helper()
	r, found, err := s.Record(t.Context(), kind, key)
	wants(t, err, nil)
	return r, found
}

func wholeRecord(t *testing.T, s *store.Store) {
	r := newRecord("k")
	if !addRecord(t, s, r) {
		t.Fatal("not added")
	}
	if got, found := record1(t, s, "grant", "k"); !found || !reflect.DeepEqual(got, r) {
		t.Errorf("%+v, %v", got, found)
	}
	do(t, s, func(ctx context.Context) error {
		got, found, err := s.Record(ctx, "grant", "k")
		if !found || !reflect.DeepEqual(got, r) {
			t.Errorf("in a unit: %+v, %v", got, found)
		}
		return err
	})
	if _, found := record1(t, s, "pushed", "k"); found {
		t.Error("another kind has the key")
	}
	bare := oidc.Record{Kind: "used", Key: "k", Until: at}
	addRecord(t, s, bare)
	if got, found := record1(t, s, "used", "k"); !found || len(got.Body) != 0 || !got.Due.IsZero() {
		t.Errorf("%+v, %v", got, found)
	}
	r.Body, r.Until, r.Due = []byte("changed"), at.Add(time.Hour), time.Time{}
	do(t, s, func(ctx context.Context) error { return s.SaveRecord(ctx, r) })
	if got, _ := record1(t, s, "grant", "k"); !reflect.DeepEqual(got, r) {
		t.Errorf("%+v", got)
	}
}

func recordOnce(t *testing.T, s *store.Store) {
	var mu sync.Mutex
	added := 0
	parallel(16, 50, func(int) {
		if addRecord(t, s, newRecord("k")) {
			mu.Lock()
			added++
			mu.Unlock()
		}
	})
	if added != 1 {
		t.Errorf("added %d times", added)
	}
}

func dueRecords(t *testing.T, s *store.Store) {
	late, never, other := newRecord("late"), newRecord("never"), newRecord("other")
	late.Due, never.Due, other.Kind = at.Add(time.Second), time.Time{}, "ping"
	for _, r := range []oidc.Record{newRecord("due"), late, never, other} {
		addRecord(t, s, r)
	}
	do(t, s, func(ctx context.Context) error {
		list, err := s.DueRecords(ctx, "grant", at, 9)
		if len(list) != 1 || list[0].Key != "due" {
			t.Errorf("%+v", list)
		}
		return err
	})
	do(t, s, func(ctx context.Context) error {
		list, err := s.DueRecords(ctx, "grant", at.Add(time.Hour), 1)
		if len(list) != 1 || list[0].Key != "due" {
			t.Errorf("%+v", list)
		}
		return err
	})
	do(t, s, func(ctx context.Context) error { _, err := s.ForgetRecords(ctx, at.Add(2*time.Minute)); return err })
	if _, found := record1(t, s, "grant", "due"); found {
		t.Error("not forgotten")
	}
}

func voidRecords(t *testing.T, s *store.Store) {
	addRecord(t, s, newRecord("k"))
	wants(t, s.Do(t.Context(), raise(s)), nil)
	if _, found := record1(t, s, "grant", "k"); found {
		t.Error("a grant of another epoch opens something")
	}
}

// subjects: the first login of a person at the services of a sector draws what they are called, once.
func subjects(t *testing.T, s *store.Store) {
	c := newCitizen(1)
	do(t, s, add(c, s))
	var mu sync.Mutex
	seen := map[string]bool{}
	parallel(16, 50, func(i int) {
		do(t, s, func(ctx context.Context) error {
			subject, err := s.Subject(ctx, "sede.example", c.ID, "subject"+string(rune('A'+i)))
			mu.Lock()
			seen[subject] = true
			mu.Unlock()
			return err
		})
	})
	if len(seen) != 1 {
		t.Errorf("called %v", seen)
	}
	do(t, s, func(ctx context.Context) error {
		unknown, err := s.Subject(ctx, "other.example", c.ID, "")
		if err != nil {
			return err
		}
		subject, err := s.Subject(ctx, "other.example", c.ID, "other")
		if unknown != "" || subject != "other" {
			t.Errorf("%q, then %q", unknown, subject)
		}
		return err
	})
}

// participates is a service that relies on a session.
func participates(t *testing.T, s *store.Store) login.Participation {
	t.Helper()
	c := newCitizen(1)
	do(t, s, add(c, s))
	x := newSession(c.ID)
	p := login.Participation{ID: secret.ID(at), Session: x.ID, Party: "party", Protocol: "oidc", At: at, State: login.Open}
	do(t, s, func(ctx context.Context) error { return s.AddSession(ctx, x) })
	do(t, s, func(ctx context.Context) error { _, err := s.AddParticipation(ctx, p); return err })
	return p
}

func owedLogouts(t *testing.T, s *store.Store) {
	p := participates(t, s)
	claim := func(protocol string, now time.Time) (list []oidc.Owed) {
		t.Helper()
		do(t, s, func(ctx context.Context) (err error) {
			list, err = s.ClaimLogouts(ctx, protocol, now, now.Add(time.Minute), 9)
			return err
		})
		return list
	}
	if list := claim("oidc", at); len(list) != 0 {
		t.Errorf("owed while it is open: %+v", list)
	}
	do(t, s, func(ctx context.Context) error { return s.SetParticipation(ctx, p.ID, login.Owed, at) })
	if list := claim("saml", at); len(list) != 0 {
		t.Errorf("claimed for another protocol: %+v", list)
	}
	var mu sync.Mutex
	var claimed []oidc.Owed
	parallel(8, 16, func(int) {
		list := claim("oidc", at)
		mu.Lock()
		claimed = append(claimed, list...)
		mu.Unlock()
	})
	if len(claimed) != 1 || claimed[0].ID != p.ID || claimed[0].Citizen == "" || claimed[0].Party != p.Party {
		t.Fatalf("claimed %+v", claimed)
	}
	if list := claim("oidc", at.Add(time.Minute)); len(list) != 1 {
		t.Errorf("what nobody settled is not due again: %+v", list)
	}
	do(t, s, func(ctx context.Context) error { return s.SetParticipation(ctx, p.ID, login.Closed, time.Time{}) })
	if list := claim("oidc", at.Add(time.Hour)); len(list) != 0 {
		t.Errorf("claimed when closed: %+v", list)
	}
}
