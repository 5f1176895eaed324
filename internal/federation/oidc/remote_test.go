package oidc

import (
	"context"
	"errors"
	"testing"
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
