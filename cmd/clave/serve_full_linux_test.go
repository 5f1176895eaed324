package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// A disk that is full is named, and leaves a node that starts when there is room again.
func TestServeOnAFullDisk(t *testing.T) {
	f := newFolder(t, strings.Replace(servedToml, `"clave.db"`, `"full/clave.db"`, 1))
	f.liveRing()
	f.must(os.Mkdir(f.in("full"), 0o700))
	if err := syscall.Mount("tmpfs", f.in("full"), "tmpfs", 0, "size=3m"); err != nil {
		t.Log("no disk of a small size can be made here, which root can:", err)
		return
	}
	defer syscall.Unmount(f.in("full"), syscall.MNT_DETACH)
	fill := make([]byte, 4<<20)
	if err := os.WriteFile(f.in("full/fill"), fill, 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	if out, ok := f.run("serve", "-config", "clave.toml"); ok || !strings.Contains(out, "clave: open database: database or disk is full") {
		t.Errorf("%v, %s", ok, out)
	}
	f.must(os.Remove(f.in("full/fill")))
	s := f.serve()
	f.must(s.cmd.Process.Signal(os.Interrupt))
	for range s.lines {
	}
	f.must(s.cmd.Wait())
}
