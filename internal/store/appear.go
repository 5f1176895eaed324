package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// appear lets a file be made in a folder beside its place, and gives it its name when it is whole and on the disk. A process
// that dies before leaves that folder, .NAME.….part, and nothing under the name. What is there already stays: the name is
// given by a link, which replaces nothing, whoever else comes meanwhile.
func appear(name string, forge func(dir string) (made string, err error)) (err error) {
	if _, err := os.Lstat(name); err == nil {
		return exists(name)
	}
	dir, err := os.MkdirTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.part") // mode 700
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	made, err := forge(dir)
	if err != nil {
		return err
	}
	if err := onDisk(made); err != nil {
		return err
	}
	if err := os.Link(made, name); errors.Is(err, fs.ErrExist) {
		return exists(name)
	} else if err != nil {
		return fmt.Errorf("%w: the folder must be on a disk that knows links; carry the file on from there", err)
	}
	return onDisk(filepath.Dir(name))
}

func exists(name string) error {
	return fmt.Errorf("%s: %w, and nothing is overwritten", name, fs.ErrExist)
}

// onDisk returns when a file, or the names in a folder, would survive a power failure.
func onDisk(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
