package stories_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"clave/internal/federation/saml"
	"clave/internal/keyring"
	"clave/internal/store"
)

// ring is the key ring of the world.
func (w *world) ring() string { return filepath.Join(w.dir, "keys.json") }

// operator runs a command, as an operator does.
func (w *world) operator(args ...string) error {
	file, err := binary()
	if err != nil {
		return err
	}
	if out, err := exec.Command(file, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func (w *world) where() string {
	if w.database == "" {
		return filepath.Join(w.dir, "clave.db")
	}
	return w.database
}

// changeKeys makes every key new: those that sign do so at once, the master key in a minute. It returns when every node has them.
func (s *story) changeKeys([]string) error {
	if err := s.operator("keys", "rotate", "-keys", s.ring(), "-name", "master", "-lead", "1m"); err != nil {
		return err
	}
	for _, name := range keyring.Names() {
		if err := s.operator("keys", "rotate", "-keys", s.ring(), "-name", name, "-lead", "0s"); err != nil {
			return err
		}
	}
	ring, err := keyring.Open(s.ring())
	if err != nil {
		return err
	}
	known, err := ring.Signings("saml") // the last that was changed
	if err != nil {
		return err
	}
	return s.everyNodeNames(known[len(known)-1])
}

// everyNodeNames waits until each node, and they answer in turn, names a signing key in its metadata.
func (s *story) everyNodeNames(key keyring.Signing) error {
	late, tick := time.After(patience), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	want := base64.StdEncoding.EncodeToString(key.Certificate.Raw)
	for inARow := 0; inARow < 9; {
		text, err := s.metadata()
		if err != nil {
			return err
		}
		if inARow++; strings.Contains(strings.Join(strings.Fields(text), ""), want) {
			continue
		}
		inARow = 0
		select {
		case <-late:
			return errors.New("the nodes do not take the new keys up")
		case <-tick.C:
		}
	}
	return nil
}

func (s *story) metadata() (string, error) {
	resp, err := http.Get(s.clave + saml.MetadataPath)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

// rehash brings the database under the master key that seals at the world's time, beside the nodes.
func (s *story) rehash([]string) error {
	ring, err := keyring.Open(s.ring())
	if err != nil {
		return err
	}
	ctx, later := context.Background(), func() time.Time { return time.Now().Add(time.Hour) }
	db, err := store.Open(ctx, s.where(), store.Options{Kind: ring.Kind(), Ring: ring, Now: later})
	if err != nil {
		return err
	}
	changed := 0
	err = db.Rehash(ctx, func(store.Remaining) { changed++ })
	left, errLeft := db.Remaining(ctx)
	if err := errors.Join(err, errLeft, db.Close(ctx)); err != nil {
		return err
	}
	if changed < 5 || len(left) > 0 {
		return fmt.Errorf("%d columns were changed, left are %v", changed, left)
	}
	return nil
}
