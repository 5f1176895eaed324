package keyring_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clave/internal/keyring"
)

// directory holds the rings that all tests share.
var directory string

func TestMain(m *testing.M) {
	var err error
	if directory, err = os.MkdirTemp("", "keyring"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(directory)
	for _, end := range keyring.AtEnd {
		end()
	}
	os.Exit(code)
}

func TestOpenReadsWhatCreateWrote(t *testing.T) {
	made := ring()
	opened, err := keyring.Open(filepath.Join(directory, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	if opened.Kind() != keyring.Demo || !opened.Hash("otp code", "K7Q").Equal(made.Hash("otp code", "K7Q")) {
		t.Error("another ring came back")
	}
	if plain, err := opened.Unseal("state", "1", made.Seal(noon, "state", "1", []byte("x"))); err != nil || string(plain) != "x" {
		t.Errorf("unsealed %q, %v", plain, err)
	}
	for _, name := range keyring.Names() {
		a, errA := made.Signing(name, noon)
		b, errB := opened.Signing(name, noon)
		if err := errors.Join(errA, errB); err != nil || a.ID != b.ID || !a.Since.Equal(b.Since) || !a.Certificate.Equal(b.Certificate) {
			t.Errorf("%s: another key came back: %v", name, err)
		}
	}
}

func TestRule23KindIsForEver(t *testing.T) {
	for _, kind := range []keyring.Kind{"", "test", "DEMO"} {
		path := filepath.Join(t.TempDir(), "ring")
		if _, err := keyring.Create(path, kind, noon); err == nil {
			t.Errorf("made a ring of kind %q", kind)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("kind %q left a file: %v", kind, err)
		}
	}
	if ring().Kind() != keyring.Demo || otherRing().Kind() != keyring.Live {
		t.Error("a ring changed its kind")
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ring")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Create(path, keyring.Demo, noon); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over a file: %v, want ErrExist", err)
	}
	if kept, err := os.ReadFile(path); err != nil || string(kept) != "precious" {
		t.Errorf("the file is now %q, %v", kept, err)
	}
}

func TestFileMode(t *testing.T) {
	ring()
	info, err := os.Stat(filepath.Join(directory, "demo.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("made with mode %v, %v", info.Mode(), err)
	}
	data, err := os.ReadFile(filepath.Join(directory, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		mode fs.FileMode
		err  error
	}{
		{0o600, nil},
		{0o400, nil},
		{0o640, keyring.ErrReadable},
		{0o604, keyring.ErrReadable},
		{0o620, keyring.ErrReadable}, // who may write it may put in a key of their own
		{0o601, keyring.ErrReadable},
		{0o644, keyring.ErrReadable},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "ring")
		if err := errors.Join(os.WriteFile(path, data, 0o600), os.Chmod(path, tt.mode)); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.Open(path)
		if !errors.Is(err, tt.err) {
			t.Errorf("mode %o: %v, want %v", tt.mode, err, tt.err)
		}
		if err != nil && !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %o: the error does not say what to do: %v", tt.mode, err)
		}
	}
}

func TestOpenWithoutFile(t *testing.T) {
	if _, err := keyring.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := keyring.Open(t.TempDir()); err == nil {
		t.Error("a directory opened")
	}
	if _, err := keyring.Create(filepath.Join(t.TempDir(), "none", "ring"), keyring.Demo, noon); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}
