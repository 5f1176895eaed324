package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// The free space, in bytes, below which a folder is soon full, and below which it is.
const (
	scarce = 1 << 30
	full   = 100 << 20
)

// folder looks whether a folder can be written, by making an empty file and taking it away again, and how much room it has.
func folder(path string) (found []Finding) {
	f, err := os.CreateTemp(path, ".doctor-")
	if err != nil {
		return []Finding{wrong("Make the folder, and give it to the user that clave serve runs as.", "the folder %s cannot be written: %s", path, brief(err))}
	}
	f.Close()
	_ = os.Remove(filepath.Join(path, filepath.Base(f.Name()))) // an empty file harms nobody
	var disk syscall.Statfs_t
	if err := syscall.Statfs(path, &disk); err != nil {
		return []Finding{warning("Look at the disk with df.", "how much room is left in %s cannot be seen", path)}
	}
	free, whole := disk.Bavail*uint64(disk.Bsize), disk.Blocks*uint64(disk.Bsize)
	const do = "Make room: when the disk is full no change is acknowledged, and nobody signs in."
	switch {
	case free < full:
		return []Finding{wrong(do, "%d MB are left on the disk of %s", free>>20, path)}
	case free < scarce || free < whole/20:
		return []Finding{warning(do, "%d MB are left on the disk of %s", free>>20, path)}
	}
	return []Finding{well("%d GB are left on the disk of %s", free>>30, path)}
}

// Letters looks at the folder of letters, which a node makes at its first start.
func Letters(path string) []Finding {
	above, err := os.Stat(filepath.Dir(path))
	if _, here := os.Stat(path); errors.Is(here, fs.ErrNotExist) && err == nil && above.IsDir() {
		return []Finding{warning("Nothing before the first start. Later: find out who took it away.", "the folder %s is not there yet: clave serve makes it", path)}
	}
	return folder(path)
}
