package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"clave/internal/relying"
	"clave/internal/store"
)

func newParty(id string) relying.Party {
	return relying.Party{
		ID: id, Names: map[string]string{"es": "Sede", "en": "Town & country"}, Test: true,
		OIDC: &relying.OIDC{Auth: relying.None, Redirects: []string{"https://sede.example/back?a&b"}},
	}
}

func keeper(s *store.Store) relying.Keeper {
	return relying.Keeper{Store: s, From: "root@desk", Now: func() time.Time { return at }}
}

func parties(t *testing.T, s *store.Store) {
	k, one, other := keeper(s), newParty("S1"), newParty("S2")
	listed(t, s, 0)
	wants(t, k.Add(t.Context(), other), nil)
	wants(t, k.Add(t.Context(), one), nil)
	wants(t, k.Add(t.Context(), one), relying.ErrExists)
	listed(t, s, 2, one, other)
	got, ok, err := s.PartyByID(t.Context(), one.ID)
	same(t, got, ok, err, one)
	got, ok, err = s.PartyByID(t.Context(), "S3")
	none(t, got, ok, err)

	changed, err := k.Change(t.Context(), one.ID, func(p *relying.Party) error { p.Isolated = true; return nil })
	one.Isolated = true
	same(t, changed, true, err, one)
	_, err = k.Change(t.Context(), "S3", func(p *relying.Party) error { return nil })
	wants(t, err, relying.ErrUnknown)
	listed(t, s, 3, one, other)

	wants(t, k.Remove(t.Context(), other.ID), nil)
	wants(t, k.Remove(t.Context(), other.ID), relying.ErrUnknown)
	listed(t, s, 4, one)
	recorded(t, s, "party.added S2 ", "party.added S1 ", "party.changed S1 isolated", "party.removed S2 ")
}

// partyPut: what is put again unchanged, as by a demonstration at each start, leaves no trace and has no node read anew.
func partyPut(t *testing.T, s *store.Store) {
	k, p := keeper(s), newParty("S1")
	for range 2 {
		wants(t, k.Put(t.Context(), p), nil)
	}
	p.Names = map[string]string{"es": "Otra"}
	p.OIDC.Redirects = []string{"https://otra.example/back"}
	wants(t, k.Put(t.Context(), p), nil)
	listed(t, s, 2, p)
	recorded(t, s, "party.added S1 ", "party.changed S1 names oidc.redirect_uris")
}

// partyRefused: nothing wrong is kept, whichever way it comes.
func partyRefused(t *testing.T, s *store.Store) {
	k, p := keeper(s), newParty("S1")
	wrong := p
	wrong.Names = nil
	missing := relying.Problem{Field: "names.es", Want: "it is missing"}
	wants(t, k.Add(t.Context(), wrong), missing)
	wants(t, k.Put(t.Context(), wrong), missing)
	wants(t, k.Put(t.Context(), p), nil)
	_, err := k.Change(t.Context(), p.ID, func(p *relying.Party) error { p.Names = nil; return nil })
	wants(t, err, missing)
	_, err = k.Change(t.Context(), p.ID, func(p *relying.Party) error { p.Test = false; return errWrong })
	wants(t, err, errWrong)
	listed(t, s, 1, p)
	recorded(t, s, "party.added S1 ")
}

// partyLocked: two operators who change a party at once both have their way.
func partyLocked(t *testing.T, s *store.Store) {
	p := newParty("S1")
	wants(t, keeper(s).Add(t.Context(), p), nil)
	parallel(8, 40, func(int) {
		_, err := keeper(s).Change(t.Context(), p.ID, func(p *relying.Party) error { p.Names["en"] += "!"; return nil })
		wants(t, err, nil)
	})
	p.Names["en"] += "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"
	listed(t, s, 41, p)
}

// partyUndone: no change without its record.
func partyUndone(t *testing.T, s *store.Store) {
	wants(t, s.Do(t.Context(), func(ctx context.Context) error {
		return errors.Join(keeper(s).Add(ctx, newParty("S1")), errWrong)
	}), errWrong)
	listed(t, s, 0)
	recorded(t, s)
}

func listed(t *testing.T, s *store.Store, version int64, want ...relying.Party) {
	t.Helper()
	got, read, err := s.Parties(t.Context())
	now, asked := s.PartiesVersion(t.Context())
	if err := errors.Join(err, asked); err != nil || read != version || now != version {
		t.Errorf("version %d, %d, %v; want %d", read, now, err, version)
	}
	if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("listed\n%+v\nwant\n%+v", got, want)
	}
}

func recorded(t *testing.T, s *store.Store, want ...string) {
	t.Helper()
	entries, err := s.Audits(t.Context(), "", 99)
	seen := map[string]int{}
	for _, e := range entries {
		if e.From != "root@desk" || !e.At.Equal(at) {
			t.Errorf("%+v", e)
		}
		seen[string(e.Event)+" "+e.Party+" "+e.Outcome]++
	}
	for _, line := range want {
		seen[line]--
	}
	for line, n := range seen {
		if n != 0 {
			t.Errorf("%s: %+d", line, n)
		}
	}
	wants(t, err, nil)
}
