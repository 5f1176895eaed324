package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"clave/internal/keyring"
	"clave/internal/store"
)

const (
	doomedAddress = "CLAVE_STORE_TEST_DOOMED"
	doomedRing    = "CLAVE_STORE_TEST_RING" // the file of the database's key ring
)

// withRing are options with the ring of a file: another process has it too.
func withRing(path string) (store.Options, error) {
	o := options()
	var err error
	o.Ring, err = keyring.Open(path)
	return o, err
}

// doomed writes, from many goroutines, and says what was acknowledged, until it is killed.
func doomed(address string) {
	o, errRing := withRing(os.Getenv(doomedRing))
	s, err := store.Open(context.Background(), address, o)
	if err := errors.Join(errRing, err); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var out sync.Mutex
	for worker := range 16 {
		go func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%d-%d", worker, n)
				err := s.Do(context.Background(), func(ctx context.Context) error {
					_, err := s.Exec(ctx, `INSERT INTO kept (id) VALUES ($1)`, id)
					return err
				})
				if err != nil {
					id = err.Error()
				}
				out.Lock()
				fmt.Println(id)
				out.Unlock()
			}
		}()
	}
	select {}
}

func TestWhatWasAcknowledgedSurvivesKill(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		path := filepath.Join(t.TempDir(), "keys.json")
		_, err := keyring.Create(path, keyring.Demo, options().Now())
		wants(t, err, nil)
		o, err := withRing(path)
		wants(t, err, nil)
		s := open(t, address, o)
		execs(t, s, `CREATE TABLE kept (id TEXT NOT NULL PRIMARY KEY)`)
		wants(t, s.Close(t.Context()), nil)
		said := killed(t, address, path, 500)

		s = open(t, address, o)
		ids, err := s.Strings(t.Context(), `SELECT id FROM kept`)
		wants(t, err, nil)
		kept := make(map[string]bool)
		for _, id := range ids {
			kept[id] = true
		}
		for _, id := range said {
			if !kept[id] {
				t.Errorf("%s was acknowledged and is lost", id)
			}
		}
		t.Logf("%d acknowledged, %d kept", len(said), len(ids))
	})
}

// killed starts a process that writes, ends it by SIGKILL once it has acknowledged enough, and returns all that it did.
func killed(t *testing.T, address, ring string, enough int) (said []string) {
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), doomedAddress+"="+address, doomedRing+"="+ring)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if said = append(said, lines.Text()); len(said) == enough {
			child.Process.Kill()
		}
	}
	child.Wait()
	if len(said) < enough {
		t.Fatalf("it ended by itself: %q", said)
	}
	return said
}
