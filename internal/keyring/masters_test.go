package keyring_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"clave/internal/keyring"
)

func rotatedMaster(t *testing.T, path string, now time.Time, lead time.Duration) keyring.Master {
	t.Helper()
	m, err := keyring.RotateMaster(path, now, lead)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A master key opens for everybody before it seals for anybody, and hashes never change.
func TestRule19MasterKnownBeforeItSeals(t *testing.T) {
	path := copied(t)
	before := opened(t, path)
	m := rotatedMaster(t, path, noon, time.Hour)
	r := opened(t, path)
	if !r.Hash("otp", "x").Equal(before.Hash("otp", "x")) {
		t.Error("a hash changed")
	}
	for _, tt := range []struct {
		name string
		now  time.Time
		new  bool
	}{
		{"at once", noon, false},
		{"a second before", m.Since.Add(-time.Second), false},
		{"when it begins", m.Since, true},
		{"long after", m.Since.AddDate(1, 0, 0), true},
		{"a clock far behind", noon.AddDate(-30, 0, 0), false},
	} {
		sealed := r.Seal(tt.now, "state", "1", []byte("x"))
		if got := bytes.HasPrefix(sealed, m.Prefix()); got != tt.new {
			t.Errorf("%s: under the new key: %v", tt.name, got)
		}
		if plain, err := r.Unseal("state", "1", sealed); err != nil || string(plain) != "x" {
			t.Errorf("%s: opened %q, %v", tt.name, plain, err)
		}
		h := r.Hash("otp", "x")
		forms := r.Stored(h, tt.now)
		if len(forms) != 2 || bytes.Equal(forms[0], h) == tt.new {
			t.Errorf("%s: stored in %d forms", tt.name, len(forms))
		}
	}
}

func TestRotateMasterRefuses(t *testing.T) {
	path := copied(t)
	if _, err := keyring.RotateMaster(path, noon, time.Second); err == nil {
		t.Error("a second is no time to learn of a key")
	}
	rotatedMaster(t, path, noon, time.Hour)
	if _, err := keyring.RotateMaster(path, noon, 2*time.Hour); !errors.Is(err, keyring.ErrWaiting) {
		t.Errorf("asked twice: %v", err)
	}
}

func TestRetire(t *testing.T) {
	path := copied(t)
	first := opened(t, path).Masters(noon)[0].ID
	second := rotatedMaster(t, path, noon, time.Hour)
	replaced := second.Since.Add(keyring.MasterKeep)
	for _, tt := range []struct {
		name, id string
		now      time.Time
		err      error
	}{
		{"it seals", first, noon, keyring.ErrSigns},
		{"it is about to", second.ID, noon, keyring.ErrNeeded},
		{"replaced a moment ago", first, second.Since, keyring.ErrNeeded},
		{"replaced, and the other seals", second.ID, replaced, keyring.ErrSigns},
		{"unknown", "0000000000000000", replaced, keyring.ErrNoSigner},
		{"replaced a day ago", first, replaced, nil},
		{"twice", first, replaced, keyring.ErrNoSigner},
	} {
		if err := keyring.MayRetire(path, tt.id, tt.now); !errors.Is(err, tt.err) {
			t.Errorf("%s: may it? %v, want %v", tt.name, err, tt.err)
		}
		if err := keyring.Retire(path, tt.id, tt.now); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
	r := opened(t, path)
	if list := r.Masters(replaced); len(list) != 2 || !list[0].Retired || !list[0].Hashes || len(r.Stored(r.Hash("x"), replaced)) != 1 {
		t.Errorf("left: %+v", list)
	}
	third := rotatedMaster(t, path, replaced, time.Hour)
	if err := keyring.Retire(path, second.ID, third.Since.Add(keyring.MasterKeep)); err != nil {
		t.Fatal(err)
	}
	if list := opened(t, path).Masters(third.Since); len(list) != 2 || list[1].ID != third.ID {
		t.Errorf("one that does not hash stays: %+v", list)
	}
}

// A ring of version 2, whose one master key hashes and seals, is read as it was.
func TestVersion2(t *testing.T) {
	path := copied(t)
	before := opened(t, path)
	id := before.Masters(noon)[0].ID
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.Replace(data, []byte(`"version": 3`), []byte(`"version": 2`), 1)
	data = bytes.Replace(data, []byte(`"hashing": "`+id), []byte(`"current": "`+id), 1)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	m := rotatedMaster(t, path, noon, time.Hour)
	after := opened(t, path)
	if !after.Hash("otp", "x").Equal(before.Hash("otp", "x")) {
		t.Error("a hash changed")
	}
	if plain, err := after.Unseal("state", "1", before.Seal(noon, "state", "1", []byte("x"))); err != nil || string(plain) != "x" {
		t.Errorf("opened %q, %v", plain, err)
	}
	if !bytes.HasPrefix(after.Seal(m.Since, "state", "1", nil), m.Prefix()) {
		t.Error("the new key does not seal")
	}
}

func TestCheck(t *testing.T) {
	path := copied(t)
	if got := opened(t, path).Check(noon); len(got) != 0 {
		t.Errorf("wrong with a new ring: %v", got)
	}
	ending := opened(t, path).Check(noon.AddDate(10, 0, -59))
	if len(ending) != len(keyring.Names()) || ending[0].Fatal {
		t.Errorf("59 days before the certificates end: %v", ending)
	}
	if ended := opened(t, path).Check(noon.AddDate(10, 0, 1)); len(ended) == 0 || !ended[0].Fatal {
		t.Errorf("a day after: %v", ended)
	}
	m := rotatedMaster(t, path, noon, time.Hour)
	if got := opened(t, path).Check(m.Since.Add(keyring.MasterKeep + time.Second)); len(got) != 1 || got[0].Fatal {
		t.Errorf("a change half done: %v", got)
	}
}
