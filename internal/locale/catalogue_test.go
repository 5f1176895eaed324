package locale

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	keyShape  = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	nameShape = regexp.MustCompile(`^[a-z]+$`)
)

func TestTextsAreWellFormed(t *testing.T) {
	for _, l := range All() {
		for key, text := range l.t.texts {
			if !keyShape.MatchString(string(key)) {
				t.Errorf("%s: key %q is not dotted lower-case words", l.Code(), key)
			}
			if text == "" || strings.TrimSpace(text) != text {
				t.Errorf("%s: %s is empty or has space around it", l.Code(), key)
			}
			checkTemplate(t, l.Code()+": "+string(key), l.t.forms[key])
		}
	}
}

func checkTemplate(t *testing.T, what string, form template) {
	for _, p := range form {
		if strings.ContainsAny(p.plain, "{}") {
			t.Errorf("%s: a brace has no partner in %q", what, p.plain)
		}
		if p.name != "" && !nameShape.MatchString(p.name) {
			t.Errorf("%s: {%s} is neither a value nor a choice by number", what, p.name)
		}
		checkTemplate(t, what, p.one)
		checkTemplate(t, what, p.rest)
	}
}

func TestEveryLanguageSaysTheSame(t *testing.T) {
	for _, l := range All()[1:] {
		for _, key := range sorted(es, l.t.texts) {
			ours, ok := tongues[0].forms[key]
			theirs, there := l.t.forms[key]
			switch {
			case !there:
				t.Errorf("%s lacks %s", l.Code(), key)
			case !ok:
				t.Errorf("es lacks %s, which %s has", key, l.Code())
			case !maps.Equal(ours.values(), theirs.values()):
				t.Errorf("%s: %s asks for other values than es", l.Code(), key)
			}
		}
	}
}

func sorted(all ...texts) []Key {
	union := texts{}
	for _, t := range all {
		maps.Copy(union, t)
	}
	return slices.Sorted(maps.Keys(union))
}
