package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in a file.
type Problem struct {
	File string
	Line int
	Key  string // with its sections, for example "listen.admin"; may be empty
	Text string // what was expected, or what to do

	Cause error // for errors.Is; often nil
}

// Problems are all that is wrong in a file, in the order of its lines.
type Problems []Problem

// Error implements error, one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Unwrap are their causes.
func (p Problems) Unwrap() (causes []error) {
	for _, one := range p {
		if one.Cause != nil {
			causes = append(causes, one.Cause)
		}
	}
	return causes
}

// String says where, which key, and what was expected.
func (p Problem) String() string {
	where := fmt.Sprintf("%s:%d: ", p.File, p.Line)
	if p.Key != "" {
		where += p.Key + ": "
	}
	return where + p.Text
}

// end is what became of reading.
func (r *reader) end() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return r.problems
}

// tell notes a problem with a key, the first one of each.
func (r *reader) tell(path, text string, args ...any) {
	if r.told[path] {
		return
	}
	r.told[path] = true
	r.problems = append(r.problems, Problem{File: r.file, Line: r.line(path), Key: shown(path), Text: fmt.Sprintf(text, args...)})
}

// must tells what a key is to be, unless it is that.
func (r *reader) must(ok bool, path string) {
	if !ok {
		r.tell(path, "%s", r.wanted(path))
	}
}

// wanted says what was expected of a key, and what stands there. It never repeats a secret.
func (r *reader) wanted(path string) string {
	want := "want " + r.wants[path]
	if value, ok := r.given[path]; !ok {
		return "missing: " + want
	} else if text := printed(value); text != "" && !r.hidden[path] {
		want += ", not " + text
	}
	return want
}

const printedMost = 60 // characters of a value that an error repeats

func printed(value any) string {
	switch v := value.(type) {
	case string:
		if len(v) > printedMost {
			v = v[:printedMost] + "…"
		}
		return fmt.Sprintf("%q", v)
	case map[string]any, []any:
		return ""
	default:
		return fmt.Sprint(v)
	}
}

// line is where a key stands, or the section that lacks it, or the beginning.
func (r *reader) line(path string) int {
	for {
		if line, ok := r.lines[path]; ok {
			return line
		}
		i := strings.LastIndexAny(path, ".#")
		if i < 0 {
			return 1
		}
		path = path[:i]
	}
}

// shown is a path without the numbers of its elements: the line tells them apart.
func shown(path string) string {
	parts := strings.Split(path, ".")
	for i, part := range parts {
		parts[i], _, _ = strings.Cut(part, "#")
	}
	return strings.Join(parts, ".")
}
