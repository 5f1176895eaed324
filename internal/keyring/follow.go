package keyring

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// ErrForeign means that a changed file holds the keys of another system.
var ErrForeign = errors.New("keyring: the file now holds another system's keys")

const followEvery = time.Second

// Follow takes up what is changed in the file that the ring was read from, within a second, until ctx ends. A file that cannot be read, or
// that is not this ring's, is told once and changes nothing: the keys at hand serve on.
func (r *Ring) Follow(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := r.refresh()
		switch {
		case err != nil && err.Error() != told:
			told = err.Error()
			slog.ErrorContext(ctx, "keys: the file changed and is not taken up", "err", err)
		case err == nil:
			told = ""
		}
		if changed {
			slog.InfoContext(ctx, "keys: the changed file is taken up")
		}
	}
}

// refresh reads the file if it is not the one read last.
func (r *Ring) refresh() (changed bool, err error) {
	info, err := os.Stat(r.file.path)
	if err != nil || same(info, r.file.info) {
		return false, err
	}
	next, err := Open(r.file.path)
	if err != nil {
		return false, err
	}
	if err := r.accepts(next); err != nil {
		return false, fmt.Errorf("%s: %w", r.file.path, err)
	}
	r.keys.Store(next.keys.Load())
	r.file.info = next.file.info
	return true, nil
}

func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// accepts refuses what would stop a running node: another kind, another master key that hashes (what was hashed with this one would not be
// found any more), a name without a signing key.
func (r *Ring) accepts(next *Ring) error {
	has, comes := r.keys.Load(), next.keys.Load()
	if r.kind != next.kind || !has.current.equal(comes.current) {
		return ErrForeign
	}
	for name := range has.signers {
		if _, err := next.Signings(name); err != nil {
			return err
		}
	}
	return nil
}

func (m master) equal(o master) bool {
	return m.id == o.id && subtle.ConstantTimeCompare(m.key, o.key) == 1
}
