package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// TestBackupAndRestore is what an operator does: a copy of every night, and the day when it is needed.
func TestBackupAndRestore(t *testing.T) {
	f := newFolder(t, servedToml)
	f.liveRing()
	id, err := age.GenerateX25519Identity()
	f.must(err)
	f.put("identity", id.String()+"\n")
	f.put("people.jsonl", onePerson)
	f.runs("1 people", "people", "import", "-config", "clave.toml", "people.jsonl")
	f.runs("SAML signs by", "party", "add", "-config", "clave.toml", "-id", "sede", "-name", "Sede", "-certificate", "cert.pem", "-return", "https://sede.example.es/back")
	s := f.serve()
	f.runs("The keys are not in it", "backup", "-config", "clave.toml", "-to", "copy")
	f.runs("examined", "backup", "-database", "clave.db", "-keys", "keys.json", "-recipient", id.Recipient().String(), "-to", "copy.age")
	f.refuses("nothing is overwritten", "backup", "-config", "clave.toml", "-to", "copy")
	f.refuses("-recipient: ", "backup", "-config", "clave.toml", "-to", "other", "-recipient", "age1nobody")
	f.refuses("nothing is overwritten", "restore", "-config", "clave.toml", "-from", "copy")
	f.must(os.Mkdir(f.in("aside"), 0o700))
	for _, part := range []string{"", "-wal", "-shm"} {
		f.must(os.Rename(f.in("clave.db"+part), f.in("aside/clave.db"+part)))
	}
	f.refuses("a node or another command has this database open", "restore", "-config", "clave.toml", "-from", "copy")
	f.must(s.cmd.Process.Signal(os.Interrupt))
	for range s.lines {
	}
	f.must(s.cmd.Wait())
	f.refuses("an age identity is needed", "restore", "-config", "clave.toml", "-from", "copy.age")
	f.runs("is back at clave.db, in epoch 2", "restore", "-database", "clave.db", "-keys", "keys.json", "-from", "copy.age", "-identity", "identity")
	f.runs("sede", "party", "list", "-config", "clave.toml")
	s = f.serve()
	f.must(s.cmd.Process.Signal(os.Interrupt))
	for range s.lines {
	}
	f.must(s.cmd.Wait())
}

// refuses wants the program to fail, and to say why.
func (f *operatorsFolder) refuses(why string, args ...string) {
	f.Helper()
	if out, ok := f.run(args...); ok || !strings.Contains(out, why) {
		f.Errorf("clave %s: %v, %s\nwant %s", strings.Join(args, " "), ok, out, why)
	}
}

// A process dies at the first byte beyond what the system lets it write: at the start, in the middle, while the copy is encrypted.
// Nothing has the final name then, and the next one succeeds.
func TestBackupDiesInTheMiddle(t *testing.T) {
	f := newFolder(t, servedToml)
	f.liveRing()
	f.must(os.Mkdir(f.in("to"), 0o700))
	id, err := age.GenerateX25519Identity()
	f.must(err)
	f.runs("it was at 0.", "migrate", "-config", "clave.toml")
	f.runs("examined", "backup", "-config", "clave.toml", "-to", "whole")
	whole, err := os.Stat(f.in("whole"))
	f.must(err)
	blocks := int(whole.Size() / 512) // of ulimit -f
	for _, most := range []int{8, blocks / 2, blocks - 8, blocks} {
		f.dies(most, "backup", "-config", "clave.toml", "-to", "to/copy", "-recipient", id.Recipient().String())
		f.absent("to/copy")
	}
	for _, most := range []int{8, blocks / 2, blocks - 8} {
		f.dies(most, "restore", "-database", "to/back.db", "-keys", "keys.json", "-from", "whole")
		f.absent("to/back.db")
	}
	f.runs("examined", "backup", "-config", "clave.toml", "-to", "to/copy")
	f.runs("is back at", "restore", "-database", "to/back.db", "-keys", "keys.json", "-from", "to/copy")
}

func (f *operatorsFolder) dies(blocks int, args ...string) {
	f.Helper()
	cmd := f.command(args...)
	limited := exec.CommandContext(context.WithoutCancel(f.Context()), "sh", append([]string{"-c", fmt.Sprintf(`ulimit -f %d; exec "$0" "$@"`, blocks)}, cmd.Args...)...)
	limited.Dir, limited.Env = cmd.Dir, cmd.Env
	if out, err := limited.CombinedOutput(); err == nil {
		f.Errorf("it had room in %d blocks: %s", blocks, out)
	}
}

func (f *operatorsFolder) absent(name string) {
	f.Helper()
	if list, _ := filepath.Glob(f.in(name)); len(list) > 0 {
		f.Errorf("half of it has the name %s", name)
	}
}
