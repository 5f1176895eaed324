package oidc

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/relying"
)

// A service's new key is found soon, its old ones serve while it is out, but not for ever.
func TestKeyCache(t *testing.T) {
	at, asked := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), 0
	keys, failure := []string{"a"}, error(nil)
	cache := &keyCache{now: func() time.Time { return at }, fetch: func(context.Context, relying.Party) (*goidc.JSONWebKeySet, error) {
		asked++
		set := &goidc.JSONWebKeySet{}
		for _, id := range keys {
			set.Keys = append(set.Keys, goidc.JSONWebKey{KeyID: id})
		}
		return set, failure
	}}
	party := relying.Party{OIDC: &relying.OIDC{KeysURI: "https://sede.example/keys"}}
	for i, step := range []struct {
		wait   time.Duration
		change func()
		id     string
		known  bool // the key that is looked for
		asked  int
	}{
		{0, func() {}, "a", true, 1},
		{5 * time.Minute, func() {}, "a", true, 1},
		{0, func() { keys = []string{"a", "b"} }, "b", true, 2},
		{29 * time.Second, func() {}, "c", false, 2},
		{time.Second, func() {}, "c", false, 3},
		{11 * time.Minute, func() { failure = errors.New("out") }, "b", true, 4},
		{29 * time.Second, func() {}, "b", true, 4},
		{time.Hour, func() {}, "b", true, 5},
		{12 * time.Hour, func() {}, "b", false, 6},
		{time.Minute, func() { failure = nil }, "b", true, 7},
	} {
		at = at.Add(step.wait)
		step.change()
		set, err := cache.get(t.Context(), party, step.id)
		known := false
		if err == nil {
			_, missing := set.Key(step.id)
			known = missing == nil
		}
		if known != step.known || asked != step.asked {
			t.Errorf("step %d: known %v, asked %d times, %v", i, known, asked, err)
		}
	}
}

// Many who ask at once make us knock once, and whoever hangs up leaves no failure to the others.
func TestKeysOneFetchAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer, asked := make(chan struct{}), 0
		cache := &keyCache{now: time.Now, fetch: func(ctx context.Context, _ relying.Party) (*goidc.JSONWebKeySet, error) {
			asked++
			<-answer
			return &goidc.JSONWebKeySet{Keys: []goidc.JSONWebKey{{KeyID: "a"}}}, ctx.Err()
		}}
		party := relying.Party{OIDC: &relying.OIDC{KeysURI: "https://sede.example/keys"}}
		first, hangUp := context.WithCancel(t.Context())
		go cache.get(first, party, "a")
		synctest.Wait()
		impatient, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for i := range 15 {
			ctx := t.Context()
			if i == 0 {
				ctx = impatient
			}
			all.Go(func() {
				if _, err := cache.get(ctx, party, "a"); (err != nil) != (i == 0) {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		synctest.Wait()
		hangUp()
		leave()
		synctest.Wait()
		close(answer)
		all.Wait()
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// Registered keys are read once, and again when the party registers others.
func TestRegisteredKeysAreReadOnce(t *testing.T) {
	p := &Provider{}
	var seen []*goidc.JSONWebKeySet
	for _, id := range []string{"a", "a", "b"} {
		keys := `{"keys":[{"kid":"` + id + `","kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`
		set, err := p.registeredKeys(relying.Party{ID: "sede", OIDC: &relying.OIDC{Keys: []byte(keys)}})
		if err != nil || set.Keys[0].KeyID != id {
			t.Fatalf("%s: %v, %v", id, set, err)
		}
		seen = append(seen, set)
	}
	if seen[0] != seen[1] {
		t.Error("read twice")
	}
}
