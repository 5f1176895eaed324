package web

import (
	"os"
	"path/filepath"
	"time"

	"clave/internal/keyring"
)

// sampleRing makes a key ring of a test's own.
func sampleRing() *keyring.Ring {
	dir, err := os.MkdirTemp("", "ring")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ring, err := keyring.Create(filepath.Join(dir, "ring"), keyring.Demo, time.Now())
	if err != nil {
		panic(err)
	}
	return ring
}
