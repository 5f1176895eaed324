package locale

import (
	"fmt"
	"maps"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// A template is a parsed text: its parts one after the other.
type template []part

// A part is plain text (no name), a value (a name), or a choice by number (a name and two forms).
type part struct {
	plain     string
	name      string
	one, rest template
}

// parse reads a text. A brace without its partner is plain text; TestTextsAreWellFormed finds it.
func parse(text string) template {
	var t template
	for text != "" {
		open := strings.IndexByte(text, '{')
		end := closing(text, open)
		if end < 0 {
			return append(t, part{plain: text})
		}
		if open > 0 {
			t = append(t, part{plain: text[:open]})
		}
		t = append(t, parsePart(text[open+1:end]))
		text = text[end+1:]
	}
	return t
}

// closing returns where the brace that opens at open closes, or -1.
func closing(text string, open int) int {
	if open < 0 {
		return -1
	}
	depth := 0
	for i := open; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}

func parsePart(inner string) part {
	forms := split(inner)
	switch {
	case forms[0] == "":
		return part{plain: "{" + inner + "}"}
	case len(forms) == 3:
		return part{name: forms[0], one: parse(forms[1]), rest: parse(forms[2])}
	default:
		return part{name: inner}
	}
}

// split cuts at the bars that stand outside inner braces.
func split(inner string) []string {
	var forms []string
	depth, from := 0, 0
	for i := range len(inner) {
		switch {
		case inner[i] == '{':
			depth++
		case inner[i] == '}':
			depth--
		case inner[i] == '|' && depth == 0:
			forms = append(forms, inner[from:i])
			from = i + 1
		}
	}
	return append(forms, inner[from:])
}

// values returns the names of the values that the template asks for.
func (t template) values() map[string]bool {
	names := map[string]bool{}
	for _, p := range t {
		if p.name != "" {
			names[p.name] = true
		}
		maps.Copy(names, p.one.values())
		maps.Copy(names, p.rest.values())
	}
	return names
}

// fill prints the template; args are pairs of name and value.
func (t template) fill(tag language.Tag, args []any) (string, error) {
	var b strings.Builder
	var missing error
	for _, p := range t {
		said, err := p.fill(tag, args)
		if err != nil {
			missing = err
		}
		b.WriteString(said)
	}
	return b.String(), missing
}

func (p part) fill(tag language.Tag, args []any) (string, error) {
	if p.name == "" {
		return p.plain, nil
	}
	value, ok := find(p.name, args)
	if !ok {
		return "{" + p.name + "}", fmt.Errorf("%w: %s", errNoValue, p.name)
	}
	if p.rest == nil {
		return fmt.Sprint(value), nil
	}
	return p.choose(tag, value, args)
}

func (p part) choose(tag language.Tag, value any, args []any) (string, error) {
	n, ok := value.(int)
	switch {
	case !ok:
		said, _ := p.rest.fill(tag, args)
		return said, fmt.Errorf("%w: %s is not an int", errNoValue, p.name)
	case isOne(tag, n):
		return p.one.fill(tag, args)
	default:
		return p.rest.fill(tag, args)
	}
}

func find(name string, args []any) (any, bool) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return args[i+1], true
		}
	}
	return nil, false
}

// isOne says whether the language counts n as one, by the rules of CLDR.
func isOne(tag language.Tag, n int) bool {
	return plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0) == plural.One
}
