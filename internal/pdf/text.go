package pdf

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// visible drops what has no shape of its own: control and format characters. A bidirectional override in a name could otherwise make
// a letter read differently from what was checked.
func visible(s string) string {
	return strings.TrimSpace(norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))))
}

// printable is visible text in letters that the fonts have: a letter with an unknown mark loses the mark, and what is still unknown
// becomes a question mark, which a reader notices sooner than an empty box.
func printable(s string) string {
	s = visible(s)
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || drawable(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(closest(r))
		}
	}
	return b.String()
}

// closest takes r apart and keeps its base and, one after the other, the marks that give a letter the fonts have: of ễ remains ê.
func closest(r rune) string {
	if unicode.IsSpace(r) {
		return " "
	}
	if unicode.Is(unicode.M, r) {
		return ""
	}
	kept := ""
	for _, part := range norm.NFKD.String(string(r)) {
		if grown := norm.NFC.String(kept + string(part)); allDrawable(grown) {
			kept = grown
		}
	}
	if kept == "" {
		return "?"
	}
	return kept
}

func allDrawable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !drawable(r) || unicode.Is(unicode.M, r) })
}

// wrap breaks text into lines no wider than width millimetres, at spaces where it can and inside a word where it must. A line that
// goes on keeps its last space, which nobody sees but which keeps words apart where lines are read one after the other.
func (st style) wrap(text string, width float64) []string {
	var lines []string
	for part := range strings.SplitSeq(printable(text), "\n") {
		more := st.wrapLine(part, width)
		if n := len(lines); n > 0 && len(more) > 0 {
			lines[n-1] += " "
		}
		lines = append(lines, more...)
	}
	return lines
}

func (st style) wrapLine(text string, width float64) []string {
	var lines []string
	line, used, space := "", 0.0, st.width(" ")
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' }) {
		w := st.width(word)
		if line != "" && used+space+w <= width {
			line, used = line+" "+word, used+space+w
			continue
		}
		if line != "" {
			lines = append(lines, line+" ")
		}
		for w > width {
			head := st.fit(word, width)
			lines = append(lines, word[:head])
			w -= st.width(word[:head])
			word = word[head:]
		}
		line, used = word, w
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// fit is how many bytes of word, at least one letter, are no wider than width.
func (st style) fit(word string, width float64) int {
	used := 0.0
	for i, r := range word {
		used += st.width(string(r))
		if i > 0 && used > width {
			return i
		}
	}
	return len(word)
}

// wrapWithin wraps text in the largest size, down to least points, that needs no more than height millimetres.
func (st style) wrapWithin(text string, width, height, least float64) (style, []string) {
	lines := st.wrap(text, width)
	for float64(len(lines))*st.lead > height && st.size > least {
		st = st.scaled(st.size - 0.5)
		lines = st.wrap(text, width)
	}
	return st, lines
}
