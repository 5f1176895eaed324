package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clave/internal/census"
	"clave/internal/keyring"
	"clave/internal/store"
)

const register = `{"nif":"12345678Z","given":"Carmen","first":"Ruiz","birth":"1980-01-01","valid":"2030-06-30"}
{"nif":"X1234567L","given":"Jo","first":"Roe","birth":"1980-01-01","support":"E01234567"}
`

func TestPeopleImport(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	ring, err := keyring.Create(in("keys"), keyring.Live, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"register": register, "wrong": register + "{}\n"} {
		if err := os.WriteFile(in(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		kind, file string
		want       string // in the error
	}{
		{"live", "register", ""},
		{"live", "register", ""}, // again
		{"live", "wrong", "imported 2 people, then stopped: census: wrong line 3: "},
		{"demo", "register", "the key ring is live, the database is to be demo"},
		{"live", "absent", "no such file"},
	} {
		err := (&peopleImport{place: place{Database: in("db"), Keys: in("keys")}, Kind: c.kind, File: in(c.file)}).Run(t.Context())
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v", c.kind, c.file, err)
		}
		if (c.file == "wrong") != errors.Is(err, census.ErrLine) {
			t.Errorf("%s: %v", c.file, err)
		}
	}
	s, err := store.Open(t.Context(), in("db"), store.Options{Kind: keyring.Live, Ring: ring, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	if n, err := s.CountPeople(t.Context()); n != 2 || err != nil {
		t.Errorf("%d people, %v", n, err)
	}
}
