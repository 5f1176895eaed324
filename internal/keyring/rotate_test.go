package keyring_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"clave/internal/keyring"
)

// copied is the shared ring's file in a folder of this test.
func copied(t *testing.T) string {
	t.Helper()
	ring()
	data, err := os.ReadFile(filepath.Join(directory, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func opened(t *testing.T, path string) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func rotated(t *testing.T, path, name string, now time.Time, lead time.Duration) keyring.Signing {
	t.Helper()
	s, err := keyring.Rotate(path, name, now, lead)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ids(t *testing.T, path, name string) (ids []string) {
	t.Helper()
	known, err := opened(t, path).Signings(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range known {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestRotateEveryName(t *testing.T) {
	path := copied(t)
	for _, name := range keyring.Names() {
		s := rotated(t, path, name, noon, time.Hour)
		if !s.Since.Equal(noon.Add(time.Hour)) || s.Certificate.NotBefore.After(noon) {
			t.Errorf("%s: signs since %v with a certificate from %v", name, s.Since, s.Certificate.NotBefore)
		}
		if got := ids(t, path, name); len(got) != 2 || got[1] != s.ID {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !opened(t, path).Hash("otp code", "K7Q").Equal(ring().Hash("otp code", "K7Q")) {
		t.Error("the master key changed")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestRotateRefuses(t *testing.T) {
	path := copied(t)
	waiting := rotated(t, path, "oidc", noon, time.Hour)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what, name string
		now        time.Time
		lead       time.Duration
		err        error
	}{
		{"unknown name", "signature", noon, time.Hour, keyring.ErrNoSigner},
		{"asked twice", "oidc", noon, time.Hour, keyring.ErrWaiting},
		{"asked twice, a little later", "oidc", noon.Add(time.Minute), time.Hour, keyring.ErrWaiting},
		{"when the other just began", "oidc", waiting.Since, 0, keyring.ErrWaiting},
		{"in the past", "oidc", noon, -time.Second, nil},
	} {
		if _, err := keyring.Rotate(path, tt.name, tt.now, tt.lead); err == nil || !errors.Is(err, tt.err) && tt.err != nil {
			t.Errorf("%s: %v, want %v", tt.what, err, tt.err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a refusal changed the file: %v", err)
	}
	stolen := rotated(t, path, "oidc", noon.Add(time.Minute), 0)
	if got := ids(t, path, "oidc"); len(got) != 3 || got[1] != stolen.ID || got[2] != waiting.ID {
		t.Errorf("a shorter lead does not go before: %v", got)
	}
}

// What a replaced key signed is believed for thirty days; then the key goes.
func TestRotateForgets(t *testing.T) {
	path := copied(t)
	first := ids(t, path, "oidc")[0]
	second := rotated(t, path, "oidc", noon, time.Hour)
	replaced := second.Since
	third := rotated(t, path, "oidc", replaced.Add(keyring.Keep), time.Hour)
	if got := ids(t, path, "oidc"); len(got) != 3 || got[0] != first {
		t.Errorf("forgotten too early: %v", got)
	}
	if err := keyring.Complete(path, replaced.Add(keyring.Keep+time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, path, "oidc"); len(got) != 2 || got[0] != second.ID || got[1] != third.ID {
		t.Errorf("not forgotten: %v", got)
	}
}

// A stolen key goes at once, once another signs.
func TestRemove(t *testing.T) {
	path := copied(t)
	stolen := ids(t, path, "oidc")[0]
	next := rotated(t, path, "oidc", noon, time.Minute)
	for _, tt := range []struct {
		name, id string
		now      time.Time
		err      error
	}{
		{"still signs", stolen, noon, keyring.ErrSigns},
		{"unknown", "0000000000000000", noon, keyring.ErrNoSigner},
		{"no id", "", noon, keyring.ErrNoSigner},
		{"the one that signs", next.ID, next.Since, keyring.ErrSigns},
		{"replaced", stolen, next.Since, nil},
		{"twice", stolen, next.Since, keyring.ErrNoSigner},
	} {
		if err := keyring.Remove(path, tt.id, tt.now); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
	if got := ids(t, path, "oidc"); len(got) != 1 || got[0] != next.ID {
		t.Errorf("left: %v", got)
	}
}

// However many ask at once, one new key comes of it, and no change is lost to another.
func TestRotateTogether(t *testing.T) {
	path := copied(t)
	var all sync.WaitGroup
	made := make(chan string, 20)
	for range 10 {
		for _, lead := range []time.Duration{time.Hour, 0} {
			all.Go(func() {
				switch s, err := keyring.Rotate(path, "oidc", noon, lead); {
				case err == nil:
					made <- s.ID
				case !errors.Is(err, keyring.ErrWaiting):
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	close(made)
	known := map[string]bool{}
	for _, id := range ids(t, path, "oidc")[1:] {
		known[id] = true
	}
	asked := 0
	for id := range made {
		asked++
		if !known[id] {
			t.Errorf("%s was promised and is lost", id)
		}
	}
	if asked == 0 || asked > 2 || asked != len(known) {
		t.Errorf("%d keys made, %d kept", asked, len(known))
	}
}

// The file behind a link is changed, not the link: an operator may keep it where the configuration does not point.
func TestRotateFollowsLinks(t *testing.T) {
	path := copied(t)
	link := filepath.Join(t.TempDir(), "keys.json")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	s := rotated(t, link, "oidc", noon, time.Hour)
	if got := ids(t, path, "oidc"); len(got) != 2 || got[1] != s.ID {
		t.Errorf("the file behind the link has %v", got)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
}

// Root changes the keys of a service that runs as somebody else, who must still be able to read them.
func TestRotateKeepsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	path := copied(t)
	if err := os.Chown(path, 4711, 4712); err != nil {
		t.Fatal(err)
	}
	rotated(t, path, "oidc", noon, time.Hour)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 4711 || owner.Gid != 4712 || info.Mode().Perm() != 0o600 {
		t.Errorf("now of %d:%d, mode %v", owner.Uid, owner.Gid, info.Mode())
	}
}

func TestRotateNeedsARing(t *testing.T) {
	damaged := filepath.Join(t.TempDir(), "damaged")
	if err := os.WriteFile(damaged, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	readable := copied(t)
	if err := os.Chmod(readable, 0o640); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		filepath.Join(t.TempDir(), "none"): fs.ErrNotExist, damaged: keyring.ErrFile, readable: keyring.ErrReadable,
	} {
		if _, err := keyring.Rotate(path, "oidc", noon, 0); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

// A process that dies between writing the new ring and putting it in place leaves the old one, whole; what it left is swept by the next.
func TestRotateAfterAKill(t *testing.T) {
	path := copied(t)
	half := []byte(`{"version": 2, "kind": "de`)
	if err := os.WriteFile(path+".new", half, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, path, "oidc"); len(got) != 1 {
		t.Errorf("%v", got)
	}
	rotated(t, path, "oidc", noon, time.Hour)
	if got := ids(t, path, "oidc"); len(got) != 2 {
		t.Errorf("%v", got)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the half-written ring is still there: %v", err)
	}
}

// TestRotateKilled kills processes that do nothing but rotate: every key that they told is in the file.
func TestRotateKilled(t *testing.T) {
	if path := os.Getenv("KEYRING_ROTATE"); path != "" {
		rotateForEver(path)
	}
	path := copied(t)
	for round := range 8 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestRotateKilled$")
		cmd.Env = append(os.Environ(), "KEYRING_ROTATE="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, told := bufio.NewScanner(out), ""
		for range round + 1 {
			if !lines.Scan() {
				t.Fatal("the process ended by itself")
			}
			told = lines.Text()
		}
		_ = cmd.Process.Kill()
		for lines.Scan() {
			told = lines.Text()
		}
		_ = cmd.Wait() // its error is that it was killed
		got := ids(t, path, "oidc")
		if last := got[len(got)-1]; last != told && got[len(got)-2] != told {
			t.Fatalf("round %d: %s was told, the file has %v", round, told, got)
		}
	}
}

// rotateForEver makes a key a second, in a time of its own, and tells each.
func rotateForEver(path string) {
	r, err := keyring.Open(path)
	for now := noon; err == nil; now = now.Add(time.Second) {
		var known []keyring.Signing
		if known, err = r.Signings("oidc"); err != nil {
			break
		}
		if last := known[len(known)-1].Since; !last.Before(now) {
			now = last.Add(time.Second)
		}
		var s keyring.Signing
		if s, err = keyring.Rotate(path, "oidc", now, 0); err == nil {
			fmt.Println(s.ID)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestComplete(t *testing.T) {
	path := copied(t)
	before := opened(t, path)
	stat, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := keyring.Complete(path, noon); err != nil {
		t.Fatal(err)
	}
	if again, err := os.Stat(path); err != nil || !os.SameFile(stat, again) {
		t.Errorf("a complete ring was written again: %v", err)
	}
	for _, name := range keyring.Names() {
		if s, err := before.Signings(name); err != nil || len(s) != 1 {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}
