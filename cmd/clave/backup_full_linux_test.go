package main

import (
	"os"
	"syscall"
	"testing"
)

// A disk that is full is named, nothing half is left on it, and the node goes on.
func TestBackupOnAFullDisk(t *testing.T) {
	f := newFolder(t, servedToml)
	f.liveRing()
	f.runs("it was at 0.", "migrate", "-config", "clave.toml")
	f.must(os.Mkdir(f.in("full"), 0o700))
	if err := syscall.Mount("tmpfs", f.in("full"), "tmpfs", 0, "size=128k"); err != nil {
		t.Log("no disk of a small size can be made here, which root can:", err)
		return
	}
	defer syscall.Unmount(f.in("full"), syscall.MNT_DETACH)
	f.refuses("full", "backup", "-config", "clave.toml", "-to", "full/copy")
	f.runs("examined", "backup", "-config", "clave.toml", "-to", "copy")
	f.refuses("no space left", "restore", "-database", "full/clave.db", "-keys", "keys.json", "-from", "copy")
	list, err := os.ReadDir(f.in("full"))
	f.must(err)
	for _, left := range list {
		if left.Name() != "clave.db-open" {
			t.Errorf("%s was left", left.Name())
		}
	}
}
