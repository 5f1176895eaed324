package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"clave/internal/keyring"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

func TestVersionIsLookedUpWithoutAChange(t *testing.T) {
	dir := t.TempDir()
	ring, err := keyring.Create(filepath.Join(dir, "keys.json"), keyring.Live, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "clave.db")
	for _, address := range []string{file, storetest.Postgres(t)} {
		has, comes, err := store.Version(t.Context(), address)
		if err != nil || has != 0 || comes < 9 {
			t.Errorf("%s: %d of %d before it is born: %v", address, has, comes, err)
		}
		if _, err := os.Stat(file); address == file && err == nil {
			t.Error("looking made the file")
		}
		s, err := store.Open(t.Context(), address, store.Options{Kind: keyring.Live, Ring: ring, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		if has, _, err := store.Version(t.Context(), address); err != nil || has != comes {
			t.Errorf("%s: %d of %d after it was opened: %v", address, has, comes, err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
