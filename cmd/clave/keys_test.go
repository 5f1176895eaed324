package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"clave/internal/keyring"
)

var day = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func newRing(t *testing.T) ringFile {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := keyring.Create(path, keyring.Live, day); err != nil {
		t.Fatal(err)
	}
	return ringFile{Keys: path}
}

// columns are the lines of a list, each without its ids and dates.
func columns(t *testing.T, ring ringFile, now time.Time) (lines []string) {
	t.Helper()
	var out strings.Builder
	if err := (&keysList{ringFile: ring}).print(&out, now); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		fields := strings.Fields(line)
		lines = append(lines, fields[0]+" "+fields[2])
	}
	return lines[1:]
}

func TestKeysRotate(t *testing.T) {
	ring := newRing(t)
	if err := (&keysRotate{ringFile: ring, Name: "oidc"}).rotate(&strings.Builder{}, day); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{
		{0, "master now, oidc now, oidc next, oidc-rs256 now, saml now"},
		{time.Hour - time.Second, "master now, oidc now, oidc next, oidc-rs256 now, saml now"},
		{time.Hour, "master now, oidc old, oidc now, oidc-rs256 now, saml now"},
	} {
		if got := strings.Join(columns(t, ring, day.Add(tt.after)), ", "); got != tt.want {
			t.Errorf("after %v: %s, want %s", tt.after, got, tt.want)
		}
	}
	if err := (&keysRotate{ringFile: ring, Name: "oidc"}).rotate(&strings.Builder{}, day); !errors.Is(err, keyring.ErrWaiting) {
		t.Errorf("asked twice: %v", err)
	}
}

func TestKeysRotateSaysWhen(t *testing.T) {
	short, past, soon := time.Minute, day.Add(-time.Second), day.Add(72*time.Hour)
	for _, tt := range []struct {
		name    string
		command keysRotate
		want    string // in what is printed, or in the error
		warns   bool
	}{
		{"usual for saml", keysRotate{Name: "saml"}, "signs from 2026-03-04T12:00:00Z on", false},
		{"usual for oidc", keysRotate{Name: "oidc-rs256"}, "signs from 2026-03-02T13:00:00Z on", false},
		{"a lead", keysRotate{Name: "oidc", Lead: &short}, "signs from 2026-03-02T12:01:00Z on", true},
		{"a time", keysRotate{Name: "saml", Since: &soon}, "signs from 2026-03-05T12:00:00Z on", false},
		{"a time that has passed", keysRotate{Name: "saml", Since: &past}, "a time that has passed", false},
	} {
		var out strings.Builder
		tt.command.ringFile = newRing(t)
		if err := tt.command.rotate(&out, day.Add(300*time.Millisecond)); err != nil {
			out.WriteString(err.Error())
		}
		if !strings.Contains(out.String(), tt.want) || strings.Contains(out.String(), "is usual") != tt.warns {
			t.Errorf("%s: %s", tt.name, out.String())
		}
	}
}

// What is printed may be shown to anybody.
func TestKeysPrintNoSecret(t *testing.T) {
	ring := newRing(t)
	var out strings.Builder
	err := errors.Join(
		(&keysRotate{ringFile: ring, Name: "saml"}).rotate(&out, day),
		(&keysList{ringFile: ring, Certificates: true}).print(&out, day),
	)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "BEGIN CERTIFICATE"); n != 4 {
		t.Errorf("%d certificates", n)
	}
	data, err := os.ReadFile(ring.Keys)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Masters, Signers []struct{ Key string }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	printed := strings.ReplaceAll(out.String(), "\n", "")
	for _, k := range append(file.Masters, file.Signers...) {
		if half := k.Key[len(k.Key)/2:]; len(half) < 20 || strings.Contains(printed, half) {
			t.Error("a key is printed")
		}
	}
}

func TestKeysRemove(t *testing.T) {
	ring := newRing(t)
	opened, err := keyring.Open(ring.Keys)
	if err != nil {
		t.Fatal(err)
	}
	old, err := opened.Signing("oidc", day)
	if err != nil {
		t.Fatal(err)
	}
	remove := &keysRemove{ringFile: ring, ID: old.ID}
	if err := remove.Run(t.Context()); !errors.Is(err, keyring.ErrSigns) {
		t.Errorf("removed the key that signs: %v", err)
	}
	if err := (&keysRotate{ringFile: ring, Name: "oidc"}).rotate(&strings.Builder{}, day); err != nil {
		t.Fatal(err)
	}
	if err := remove.Run(t.Context()); err != nil {
		t.Error(err)
	}
	if got := strings.Join(columns(t, ring, time.Now()), ", "); got != "master now, oidc now, oidc-rs256 now, saml now" {
		t.Error(got)
	}
}

// A ring that lacks a key says so, and what to do.
func TestKeysComplete(t *testing.T) {
	ring := newRing(t)
	data, err := os.ReadFile(ring.Keys)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	file["signers"] = file["signers"].([]any)[1:] // all but oidc
	if data, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ring.Keys, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(columns(t, ring, day), ", "); got != "master now, oidc run, oidc-rs256 now, saml now" {
		t.Error(got)
	}
	if err := (&keysRotate{ringFile: ring, Name: "oidc"}).rotate(&strings.Builder{}, day); !errors.Is(err, keyring.ErrNoSigner) {
		t.Errorf("rotated what is missing: %v", err)
	}
	for range 2 {
		if err := (&keysComplete{ringFile: ring}).Run(); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(columns(t, ring, time.Now()), ", "); got != "master now, oidc now, oidc-rs256 now, saml now" {
		t.Error(got)
	}
}

func TestKeysFlags(t *testing.T) {
	ring := newRing(t)
	for line, ok := range map[string]bool{
		"list -keys FILE":                        true,
		"list -keys FILE -certificates":          true,
		"list":                                   false,
		"remove -keys FILE":                      false,
		"remove -keys FILE -id 9f2c":             true,
		"list -keys nowhere":                     false,
		"complete -keys FILE":                    true,
		"rotate -keys FILE -name oidc":           true,
		"rotate -keys FILE":                      false,
		"rotate -keys FILE -name dsa":            false,
		"rotate -keys FILE -name saml -lead 72h": true,
		"rotate -keys FILE -name saml -lead 3":   false,
		"rotate -keys FILE -name saml -since 2026-12-01T03:00:00Z":           true,
		"rotate -keys FILE -name saml -since tomorrow":                       false,
		"rotate -keys FILE -name saml -since 2026-12-01T03:00:00Z -lead 72h": false,
	} {
		var c struct {
			List     keysList     `cmd:""`
			Rotate   keysRotate   `cmd:""`
			Remove   keysRemove   `cmd:""`
			Complete keysComplete `cmd:""`
		}
		args := strings.Fields(strings.ReplaceAll(line, "FILE", ring.Keys))
		if _, err := kong.Must(&c).Parse(doubled(args)); (err == nil) != ok {
			t.Errorf("%s: %v", line, err)
		}
	}
}
