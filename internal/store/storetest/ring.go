package storetest

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"clave/internal/keyring"
)

// Ring is the key ring of a demonstration, one for all tests of a package: making its signing keys takes long.
var Ring = sync.OnceValue(func() *keyring.Ring {
	dir, err := os.MkdirTemp("", "clave-ring-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	r, err := keyring.Create(filepath.Join(dir, "keys"), keyring.Demo, time.Now())
	if err != nil {
		panic(err)
	}
	return r
})
