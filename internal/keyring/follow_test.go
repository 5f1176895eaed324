package keyring

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clave/internal/secret"
)

// onDisk opens the sample after one change.
func onDisk(t *testing.T, change func(*file)) *Ring {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := write(path, changed(t, change)); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// put replaces the file of a ring, as an operator would.
func put(t *testing.T, r *Ring, data []byte) {
	t.Helper()
	if err := replace(r.file.path, r.file.info, data); err != nil {
		t.Fatal(err)
	}
}

// An old ring gets the keys that it lacks and keeps those that it has.
func TestCompleteVersion1(t *testing.T) {
	r := onDisk(t, func(f *file) {
		f.Version, f.Current, f.Hashing, f.Signers = 1, f.Hashing, "", f.Signers[2:]
		f.Signers[0].ID, f.Signers[0].Since = "", 0
	})
	now := morning.AddDate(1, 0, 0)
	if err := Complete(r.file.path, now); err != nil {
		t.Fatal(err)
	}
	if changed, err := r.refresh(morning); err != nil || !changed {
		t.Fatalf("taken up: %v, %v", changed, err)
	}
	for _, name := range Names() {
		s, err := r.Signings(name)
		if err != nil || len(s) != 1 || s[0].Since.After(now) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	if s, _ := r.Signing("saml", now); !s.Since.Equal(morning.Add(-clockSkew)) {
		t.Errorf("another key signs for saml, since %v", s.Since)
	}
}

func TestRefreshRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		data []byte
		err  error
	}{
		{"half a file", sample()[:len(sample())/2], ErrFile},
		{"another kind", changed(t, func(f *file) { f.Kind = Live }), ErrForeign},
		{"another master key", changed(t, func(f *file) { f.Masters[0].Key[0] ^= 1 }), ErrForeign},
		{"hashed with another", changed(t, func(f *file) {
			f.Hashing = "00000000000000ff"
			f.Masters = append(f.Masters, fileMaster{ID: f.Hashing, Key: bytes.Repeat([]byte{7}, secret.KeySize)})
		}), ErrForeign},
		{"a name gone", changed(t, func(f *file) { f.Signers = f.Signers[:2] }), ErrNoSigner},
	} {
		r := onDisk(t, func(*file) {})
		before := r.keys.Load()
		put(t, r, tt.data)
		for range 2 { // it stays refused
			if taken, err := r.refresh(morning); taken || !errors.Is(err, tt.err) || r.keys.Load() != before {
				t.Errorf("%s: taken up %v, %v", tt.name, taken, err)
			}
		}
		put(t, r, sample())
		if taken, err := r.refresh(morning); !taken || err != nil {
			t.Errorf("%s: mended, and taken up %v, %v", tt.name, taken, err)
		}
		if taken, err := r.refresh(morning); taken || err != nil {
			t.Errorf("%s: taken up twice: %v, %v", tt.name, taken, err)
		}
	}
}

// An operator may also write into the file, or add an older master key that unseals.
func TestRefreshInPlace(t *testing.T) {
	r := onDisk(t, func(*file) {})
	data := changed(t, func(f *file) {
		f.Masters = append(f.Masters, fileMaster{ID: "00000000000000ff", Key: bytes.Repeat([]byte{7}, secret.KeySize)})
	})
	if err := os.WriteFile(r.file.path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if taken, err := r.refresh(morning); !taken || err != nil || len(r.keys.Load().masters) != 2 {
		t.Errorf("taken up %v, %v", taken, err)
	}
}

// A running node knows a new key within a second, and serves on with its own while the file is wrong, which it tells once.
func TestFollow(t *testing.T) {
	r := onDisk(t, func(*file) {})
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		go r.Follow(ctx)
		wait := func(d time.Duration) {
			time.Sleep(d) // of the bubble's clock
			synctest.Wait()
		}
		made, err := Rotate(r.file.path, "oidc", morning, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		wait(followEvery)
		if s, err := r.Signing("oidc", morning.Add(time.Hour)); err != nil || s.ID != made.ID {
			t.Errorf("%s signs, want %s; %v", s.ID, made.ID, err)
		}
		put(t, r, []byte("{}"))
		wait(5 * followEvery)
		if s, err := r.Signing("oidc", morning.Add(time.Hour)); err != nil || s.ID != made.ID {
			t.Errorf("with a wrong file %s signs, want %s; %v", s.ID, made.ID, err)
		}
		stop()
		synctest.Wait()
	})
	levels := []string{}
	for line := range strings.Lines(log.String()) {
		var entry struct{ Level string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		levels = append(levels, entry.Level)
	}
	if strings.Join(levels, " ") != "INFO ERROR" {
		t.Errorf("told: %s", log.String())
	}
}
