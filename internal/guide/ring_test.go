package guide_test

import (
	"path/filepath"
	"testing"
	"time"

	"clave/internal/keyring"
)

func newRing(t *testing.T) *keyring.Ring {
	t.Helper()
	ring, err := keyring.Create(filepath.Join(t.TempDir(), "ring"), keyring.Demo, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ring
}
