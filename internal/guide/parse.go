package guide

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrText means that an article is not written as the package's comment says.
var ErrText = errors.New("guide: not an article")

// The headers, in their order. The first two must be there.
var headers = []string{"title", "summary", "words", "related"}

// Parse reads an article. Errors: ErrText, with the line.
func Parse(text string) (Article, error) {
	var a Article
	if err := checkCharacters(text); err != nil {
		return Article{}, err
	}
	head, body, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "\n\n")
	heads := strings.Split(head, "\n")
	if err := a.parseHead(heads); err != nil {
		return Article{}, err
	}
	if err := a.parseBody(strings.Split(body, "\n"), len(heads)+2); err != nil {
		return Article{}, err
	}
	return a, nil
}

func checkCharacters(text string) error {
	if !utf8.ValidString(text) || !strings.HasSuffix(text, "\n") {
		return fmt.Errorf("%w: want UTF-8 that ends with a line break", ErrText)
	}
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) != line || strings.ContainsFunc(line, unicode.IsControl) {
			return wrong(i+1, "space around the line, or a control character in it")
		}
	}
	return nil
}

func wrong(line int, why string) error { return fmt.Errorf("%w: line %d: %s", ErrText, line, why) }

func (a *Article) parseHead(lines []string) error {
	next := 0
	for i, line := range lines {
		name, value, ok := strings.Cut(line, ": ")
		at := slices.Index(headers, name)
		if !ok || at < next || value != strings.TrimSpace(value) || strings.ContainsAny(value, "[]{}") {
			return wrong(i+1, "want title, summary, words and related, in this order")
		}
		if at > next && next < 2 {
			return wrong(i+1, headers[next]+" is missing")
		}
		next = at + 1
		switch name {
		case "title":
			a.Title = value
		case "summary":
			a.Summary = value
		case "words":
			a.Words = value
		case "related":
			a.Related = strings.Split(value, " ")
		}
	}
	if next < 2 || slices.ContainsFunc(a.Related, func(slug string) bool { return !isSlug(slug) }) {
		return wrong(len(lines), "want a title, a summary, and related slugs with one space between them")
	}
	return nil
}

func (a *Article) parseBody(lines []string, first int) error {
	fresh := true // a block may begin
	for i, s := range lines {
		n := first + i
		if s == "" {
			if fresh {
				return wrong(n, "nothing where a block begins")
			}
			fresh = true
			continue
		}
		kind, number, text := classify(s)
		line, ok := parseLine(text)
		if !ok {
			return wrong(n, "a link or a value that is not one")
		}
		if fresh {
			a.Blocks = append(a.Blocks, Block{Kind: kind})
		}
		b := &a.Blocks[len(a.Blocks)-1]
		if kind != b.Kind || !fresh && kind != List && kind != Steps {
			return wrong(n, "a blank line is missing before it")
		}
		b.Lines = append(b.Lines, line)
		if kind == Steps && number != len(b.Lines) {
			return wrong(n, "steps count from one")
		}
		fresh = false
	}
	if fresh {
		return wrong(first+len(lines), "nothing after the last blank line")
	}
	return nil
}

// classify tells what a line is, by how it begins.
func classify(s string) (kind Kind, number int, text string) {
	if text, ok := strings.CutPrefix(s, "## "); ok {
		return Heading, 0, text
	}
	if text, ok := strings.CutPrefix(s, "- "); ok {
		return List, 0, text
	}
	if digits, text, ok := strings.Cut(s, ". "); ok {
		if n, err := strconv.Atoi(digits); err == nil && strconv.Itoa(n) == digits {
			return Steps, n, text
		}
	}
	return Paragraph, 0, s
}

var (
	slugShape = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	linkShape = regexp.MustCompile(`\[([^\[\]()]+)\]\((/?[a-z]+(?:[-/][a-z]+)*)\)`)
	known     = strings.NewReplacer("{phone}", "", "{address}", "", "{origin}", "")
)

func isSlug(s string) bool { return slugShape.MatchString(s) }

// parseLine reads text with links. The bool is false when something looks like a mark and is none.
func parseLine(s string) (line Line, ok bool) {
	if s == "" || strings.TrimSpace(s) != s || strings.ContainsAny(s[:1], "#-*") {
		return nil, false
	}
	for s != "" {
		at := linkShape.FindStringSubmatchIndex(s)
		if at == nil {
			at = []int{len(s), len(s), 0, 0, 0, 0}
		}
		if at[0] > 0 {
			line = append(line, Span{Text: s[:at[0]]})
		}
		if at[1] > at[0] {
			line = append(line, Span{s[at[2]:at[3]], s[at[4]:at[5]]})
		}
		s = s[at[1]:]
	}
	for _, span := range line {
		if strings.ContainsAny(known.Replace(span.Text), "[]{}") {
			return nil, false
		}
	}
	return line, true
}
