package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// besideSuffix ends the name of a changed ring before it takes the place of the old one.
const besideSuffix = ".new"

// change lets f change the ring in the file. One process at a time; who reads the file meanwhile, or after a power cut, finds the old ring or
// the new one, whole.
func change(path string, f func(*Ring) error) error {
	path, err := filepath.EvalSymlinks(path) // the file is replaced, not the link to it
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	locked, err := lock(path)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	defer locked.Close()
	r, err := read(locked, path, file.ring)
	if err != nil {
		return err
	}
	before, err := encode(r)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if err := f(r); err != nil {
		return err
	}
	after, err := encode(r)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if bytes.Equal(before, after) {
		return nil
	}
	if err := replace(path, r.file.info, after); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return nil
}

// lock opens the file for the one process that may change it. A process that waited may hold what was replaced meanwhile, and begins again.
func lock(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		held, errHeld := f.Stat()
		named, errNamed := os.Stat(path)
		if err := errors.Join(errHeld, errNamed); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if os.SameFile(held, named) {
			return f, nil
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
}

// replace puts the new ring in the place of the old one. What a process that was killed here left beside it is of no use.
func replace(path string, old os.FileInfo, data []byte) error {
	beside := path + besideSuffix
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := write(beside, data); err != nil {
		return err
	}
	if err := keepOwner(beside, old); err != nil {
		return err
	}
	if err := os.Rename(beside, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// keepOwner gives the new file to the old one's owner: when root changes the keys, the nodes must still be able to read them.
func keepOwner(path string, old os.FileInfo) error {
	was, ok := old.Sys().(*syscall.Stat_t)
	if !ok || int(was.Uid) == os.Geteuid() {
		return nil
	}
	return os.Chown(path, int(was.Uid), int(was.Gid))
}
