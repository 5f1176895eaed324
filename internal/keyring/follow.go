package keyring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
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
		changed, err := r.refresh(time.Now())
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
func (r *Ring) refresh(now time.Time) (changed bool, err error) {
	info, err := os.Stat(r.file.path)
	if err != nil || same(info, r.file.info) {
		return false, err
	}
	next, err := Open(r.file.path)
	if err != nil {
		return false, err
	}
	if err := r.accepts(next, now); err != nil {
		return false, fmt.Errorf("%s: %w", r.file.path, err)
	}
	r.keys.Store(next.keys.Load())
	r.file.info = next.file.info
	return true, nil
}

func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// accepts refuses what would stop a running node: another kind, other hashes (nobody would be found any more), no trace of the master key
// that seals now, a name without a signing key.
func (r *Ring) accepts(next *Ring, now time.Time) error {
	has, comes := r.keys.Load(), next.keys.Load()
	seals := has.sealing(now)
	if r.kind != next.kind || !has.hashing.equal(comes.hashing) || !slices.ContainsFunc(comes.masters, seals.equal) {
		return ErrForeign
	}
	for name := range has.signers {
		if _, err := next.Signings(name); err != nil {
			return err
		}
	}
	return nil
}
