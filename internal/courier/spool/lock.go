package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"clave/internal/courier"
)

// tryEvery is how often a lock that another node holds is tried.
const tryEvery = 5 * time.Millisecond

// locked does something while nobody else, on any node, moves anything in the folder. A node that dies lets go of the lock.
// Errors: courier.ErrBusy when ctx ended first, or the lock cannot be had; and those of do.
func (c *Carrier) locked(ctx context.Context, do func() error) error {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", courier.ErrBusy, ctx.Err())
	}
	defer func() { <-c.turn }()
	lock, err := os.OpenFile(c.path("lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, c.fileMode())
	if err != nil {
		return fmt.Errorf("%w: %w", courier.ErrBusy, err)
	}
	defer lock.Close() // which lets go of it
	for {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return do()
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("%w: spool: the folder cannot be locked: %w", courier.ErrBusy, err)
		}
		select {
		case <-time.After(tryEvery):
		case <-ctx.Done():
			return fmt.Errorf("%w: another node holds the folder: %w", courier.ErrBusy, ctx.Err())
		}
	}
}

// makeFolder makes a folder durably, if it is missing, with this mode whatever the process's mask, and with the group that the
// operator had it inherit.
func makeFolder(path string, mode os.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(path, mode); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, mode|info.Mode()&os.ModeSetgid); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// move renames a folder durably: it is in the one place or the other.
func move(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(from)), syncFolder(filepath.Dir(to)))
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
