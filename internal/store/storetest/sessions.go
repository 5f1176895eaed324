package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clave/internal/assurance"
	"clave/internal/login"
	"clave/internal/secret"
	"clave/internal/store"
)

func newSession(citizen string) login.Session {
	return login.Session{
		ID: secret.ID(at), Citizen: citizen, Token: hash(secret.ID(at)), Held: []login.Held{{Method: assurance.PIN, Level: assurance.Low, At: at, Login: "flow"}},
		Began: at, Seen: at.Add(time.Minute), Until: at.Add(8 * time.Hour), From: "192.0.2.7", Browser: "Firefox, Android",
	}
}

func relies(ctx context.Context, s *store.Store, session string) error {
	_, err := s.AddParticipation(ctx, login.Participation{ID: secret.ID(at), Session: session, Party: "party", Protocol: "saml", At: at, State: login.Open})
	return err
}

func wholeSession(t *testing.T, s *store.Store) {
	c := newCitizen(1)
	do(t, s, add(c, s))
	x := newSession(c.ID)
	do(t, s, func(ctx context.Context) error { return s.AddSession(ctx, x) })
	same := func() {
		t.Helper()
		for name, look := range map[string]func() (login.Session, bool, error){
			"by its id":    func() (login.Session, bool, error) { return s.Session(t.Context(), x.ID) },
			"by its token": func() (login.Session, bool, error) { return s.SessionByToken(t.Context(), x.Token) },
		} {
			got, found, err := look()
			if err != nil || !found || !cmp.Equal(got, x) {
				t.Errorf("%s: %v, %v, %s", name, found, err, cmp.Diff(x, got))
			}
		}
	}
	same()
	old := x.Token
	x.Token, x.Seen, x.Ended, x.From = hash("another"), at.Add(time.Hour), at.Add(2*time.Hour), "192.0.2.8"
	x.Held = append(x.Held, login.Held{Method: "other", Level: assurance.High, At: at, Login: "another"})
	do(t, s, func(ctx context.Context) error { return s.SaveSession(ctx, x) })
	same()
	if _, found, err := s.SessionByToken(t.Context(), old); found || err != nil {
		t.Errorf("the old token: %v, %v", found, err)
	}
	x.ID = "nobody's"
	if err := s.Do(t.Context(), func(ctx context.Context) error { return s.SaveSession(ctx, x) }); err == nil {
		t.Error("saved a session that does not exist")
	}
}

func sessionsOf(t *testing.T, s *store.Store) {
	c, other := newCitizen(1), newCitizen(2)
	do(t, s, add(c, s))
	do(t, s, add(other, s))
	lives, over, ended, others := newSession(c.ID), newSession(c.ID), newSession(c.ID), newSession(other.ID)
	over.Until, ended.Ended = at, at
	for _, x := range []login.Session{lives, over, ended, others} {
		do(t, s, func(ctx context.Context) error { return s.AddSession(ctx, x) })
	}
	list, err := s.Sessions(t.Context(), c.ID, at)
	if err != nil || len(list) != 1 || list[0].ID != lives.ID {
		t.Errorf("%d sessions, %v", len(list), err)
	}
}

func voidSessions(t *testing.T, s *store.Store) {
	c := newCitizen(1)
	do(t, s, add(c, s))
	x := newSession(c.ID)
	do(t, s, func(ctx context.Context) error { return s.AddSession(ctx, x) })
	do(t, s, func(ctx context.Context) error { _, err := s.RaiseEpoch(ctx); return err })
	if _, found, err := s.Session(t.Context(), x.ID); found || err != nil {
		t.Errorf("by its id: %v, %v", found, err)
	}
	if _, found, err := s.SessionByToken(t.Context(), x.Token); found || err != nil {
		t.Errorf("by its token: %v, %v", found, err)
	}
	if list, err := s.Sessions(t.Context(), c.ID, at); len(list) != 0 || err != nil {
		t.Errorf("%d sessions, %v", len(list), err)
	}
}

func participations(t *testing.T, s *store.Store) {
	c := newCitizen(1)
	do(t, s, add(c, s))
	x := newSession(c.ID)
	do(t, s, func(ctx context.Context) error { return s.AddSession(ctx, x) })
	p := login.Participation{ID: secret.ID(at), Session: x.ID, Party: "party", Protocol: "oidc", Subject: "pair", At: at, State: login.Open}
	for range 2 { // noted again it keeps its id
		do(t, s, func(ctx context.Context) error {
			again := p
			again.ID = secret.ID(at)
			id, err := s.AddParticipation(ctx, again)
			if p.ID == "" || err != nil {
				return err
			}
			p.ID = id
			return nil
		})
	}
	want := []login.Participation{p}
	list, err := s.Participations(t.Context(), x.ID)
	if err != nil || !cmp.Equal(list, want) {
		t.Fatalf("%v, %s", err, cmp.Diff(want, list))
	}
	for i, state := range []login.State{login.Owed, login.Told, login.Closed} {
		do(t, s, func(ctx context.Context) error { return s.SetParticipation(ctx, p.ID, state, at.Add(time.Minute)) })
		got, found, err := s.Participation(t.Context(), p.ID)
		if err != nil || !found || got.State != state || got.Tries != i || !got.Due.Equal(at.Add(time.Minute)) {
			t.Errorf("%s: %+v, %v, %v", state, got, found, err)
		}
	}
	if _, found, err := s.Participation(t.Context(), "nobody's"); found || err != nil {
		t.Errorf("nobody's: %v, %v", found, err)
	}
}
