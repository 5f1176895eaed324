package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The short form of make upgrade, with this very program as the one of the release before: the way is tried before there is
// a release, and no release is needed to try it.
func TestUpgrade(t *testing.T) {
	r := copied(t)
	if said := r.previous(); said != "" {
		t.Fatalf("without a tag it names %q", said)
	}
	r.git("tag", "v0.1.0")
	if said := r.previous(); said != "" {
		t.Fatalf("a release comes before itself: %q", said)
	}
	r.git("commit", "--quiet", "--allow-empty", "--message", "what comes after")
	program := r.previous()
	if again := r.previous(); again != program || !filepath.IsAbs(program) {
		t.Fatalf("%q, then %q", program, again)
	}
	for _, c := range []struct{ name, args string }{{"SQLite", "-rounds 5"}, {"PostgreSQL, two nodes", "-rounds 5 -nodes 2 -postgres"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := try(t.Context(), append(strings.Fields("upgrade "+c.args), "-program", program, "-dir", t.TempDir()), &out)
			t.Log(out.String())
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// repository is a new one with the files of this one, as they are now.
type repository struct {
	*testing.T
	dir string
}

func copied(t *testing.T) repository {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	r := repository{t, t.TempDir()}
	r.git("init", "--quiet")
	r.git("--work-tree", root, "add", "--all", root)
	r.git("commit", "--quiet", "--message", "all")
	r.git("reset", "--quiet", "--hard")
	return r
}

func (r repository) git(args ...string) {
	r.Helper()
	cmd := exec.CommandContext(r.Context(), "git", append([]string{"--git-dir", filepath.Join(r.dir, ".git"), "-c", "user.name=test", "-c", "user.email=test@example.es"}, args...)...)
	cmd.Dir = r.dir
	if args[0] == "--work-tree" {
		cmd.Dir = args[1]
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		r.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// previous is what the script prints.
func (r repository) previous() string {
	r.Helper()
	cmd := exec.CommandContext(r.Context(), "bash", filepath.Join(r.dir, "scripts", "previous.sh"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		r.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
