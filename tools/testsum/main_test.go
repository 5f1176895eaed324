package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each case is a package of its own, tested for real.
func TestRun(t *testing.T) {
	for _, c := range []struct {
		name, source string
		ok           bool
		last         string // line of the output
		shows        string
	}{
		{"good", `func TestA(t *testing.T) { t.Run("b", func(t *testing.T) {}) }`, true, "2 passed, 0 failed", "ok  \tsample\t"},
		{"failing", `func TestA(t *testing.T) {}; func TestB(t *testing.T) { t.Error("why") }`, false, "1 passed, 1 failed", "why"},
		{"skipping", `func TestA(t *testing.T) {}; func TestB(t *testing.T) { t.Skip("no tool") }`, false, "1 passed, 0 failed, 1 skipped", "no tool"},
		{"broken", `func TestA(t *testing.T) { undefined() }`, false, "0 passed, 1 failed", "undefined: undefined"},
		{"vetted", `func TestA(t *testing.T) { t.Errorf("%d", "x") }`, false, "0 passed, 1 failed", "wrong type"},
		{"panicking", `func TestA(t *testing.T) { panic("boom") }`, false, "0 passed, 1 failed", "boom"},
		{"exiting", `func TestA(t *testing.T) { t.Log("said"); os.Exit(3) }`, false, "0 passed, 1 failed", "said"},
		{"empty", ``, false, "0 passed, 0 failed", "no tests to run"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, ok := tested(t, c.source)
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if ok != c.ok || lines[len(lines)-1] != c.last || !strings.Contains(out, c.shows) {
				t.Errorf("ok = %v, output:\n%s", ok, out)
			}
		})
	}
}

// tested is what run says of a package with these tests.
func tested(t *testing.T, source string) (string, bool) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, filepath.Join(dir, "go.mod"), "module sample\n\ngo 1.26.0\n")
	write(t, filepath.Join(dir, "a_test.go"), "package sample\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nvar _ = os.Args\nvar _ testing.TB\n\n"+source+"\n")
	var out bytes.Buffer
	ok, err := run([]string{"-count=1", "./..."}, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), ok
}

func write(t *testing.T, name, text string) {
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
