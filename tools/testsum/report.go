package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is a line of "go test -json"; "go doc test2json" and "go help buildjson" describe it.
type event struct {
	Action, Package, Test, ImportPath, Output string
}

// test names one test, or with an empty name its package's own output.
type test struct{ pkg, name string }

func (t test) String() string { return strings.TrimSpace(t.pkg + " " + t.name) }

type report struct {
	out             io.Writer
	held            map[test]string // output of tests that still run
	passed          int
	failed, skipped []test
}

func newReport(out io.Writer) *report { return &report{out: out, held: map[test]string{}} }

// line takes one line of the stream. What is no event (a complaint of the go command) is passed on.
func (r *report) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil || e.Action == "" {
		_, _ = r.out.Write(line)
		return
	}
	r.take(e)
}

func (r *report) take(e event) {
	t := test{e.Package, e.Test}
	switch {
	case e.Action == "build-output":
		fmt.Fprint(r.out, e.Output)
	case e.Action == "output" && e.Test == "":
		r.packageOutput(e.Output)
	case e.Action == "output":
		r.held[t] += e.Output
	case e.Action == "fail" && e.Test == "":
		r.packageFailed(e.Package)
	case e.Test == "": // a package that passed, or has no tests
	case e.Action == "pass":
		r.passed++
		delete(r.held, t)
	case e.Action == "fail":
		r.failed = append(r.failed, t)
		r.show(t)
	case e.Action == "skip":
		r.skipped = append(r.skipped, t)
		r.show(t)
	}
}

// packageOutput leaves out the bare verdict that go test itself hides before "ok".
func (r *report) packageOutput(s string) {
	if s != "PASS\n" && s != "FAIL\n" {
		fmt.Fprint(r.out, s)
	}
}

// packageFailed shows what tests cut short had said, and counts the package itself when no test of it failed: it did not compile,
// or it exited or raced outside its tests.
func (r *report) packageFailed(pkg string) {
	for _, t := range slices.SortedFunc(maps.Keys(r.held), func(a, b test) int { return strings.Compare(a.name, b.name) }) {
		if t.pkg == pkg {
			r.show(t)
		}
	}
	if !slices.ContainsFunc(r.failed, func(t test) bool { return t.pkg == pkg }) {
		r.failed = append(r.failed, test{pkg: pkg})
	}
}

func (r *report) show(t test) {
	fmt.Fprint(r.out, r.held[t])
	delete(r.held, t)
}

func (r *report) good() bool { return r.passed > 0 && len(r.failed) == 0 && len(r.skipped) == 0 }

// close names what went wrong and writes the sum, the last line.
func (r *report) close() {
	for _, t := range r.failed {
		fmt.Fprintln(r.out, "failed:", t)
	}
	for _, t := range r.skipped {
		fmt.Fprintln(r.out, "skipped, which counts as a failure here:", t)
	}
	fmt.Fprintf(r.out, "%d passed, %d failed", r.passed, len(r.failed))
	if n := len(r.skipped); n > 0 {
		fmt.Fprintf(r.out, ", %d skipped", n)
	}
	fmt.Fprintln(r.out)
}
