package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clave/internal/keyring"
	"clave/internal/relying"
	"clave/internal/store"
)

// A master key is replaced by the commands alone, in their order; out of it they refuse.
func TestMasterKeyCommands(t *testing.T) {
	ring, database := newRing(t), filepath.Join(t.TempDir(), "clave.db")
	began := time.Now().Add(-3 * 24 * time.Hour)
	first := masters(t, ring)[0].ID
	err := withMasters(t.Context(), ring.Keys, database, func(s *store.Store) error {
		return s.Do(t.Context(), func(ctx context.Context) error {
			_, err := s.AddParty(ctx, relying.Party{ID: "sede"})
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := (&keysRotate{ringFile: ring, Name: "master"}).rotate(&out, began); err != nil || !strings.Contains(out.String(), "keys rehash") {
		t.Fatalf("%s, %v", out.String(), err)
	}
	check := &keysRehash{place: place{Keys: ring.Keys, Database: database}, Check: true}
	if err := check.Run(t.Context()); !errors.Is(err, errRemains) {
		t.Errorf("a check before: %v", err)
	}
	remove := &keysRemove{ringFile: ring, ID: first}
	if err := remove.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "-database") {
		t.Errorf("removed without a look: %v", err)
	}
	remove.Database = database
	if err := remove.Run(t.Context()); !errors.Is(err, errRemains) {
		t.Errorf("removed while it is needed: %v", err)
	}
	if err := (&keysRehash{place: place{Keys: ring.Keys, Database: database}}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := check.Run(t.Context()); err != nil {
		t.Errorf("a check after: %v", err)
	}
	if err := remove.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := columns(t, ring, time.Now()); !slices.Equal(got[:2], []string{"master hashes", "master now"}) {
		t.Errorf("listed: %v", got)
	}
}

func masters(t *testing.T, ring ringFile) []keyring.Master {
	t.Helper()
	r, err := keyring.Open(ring.Keys)
	if err != nil {
		t.Fatal(err)
	}
	return r.Masters(time.Now())
}
