// Package locale holds every sentence that Clave says to people, in every language it speaks, and decides which language a person
// is spoken to in.
//
// A language is one file (es.go, ca.go): its name, how it writes dates, and its texts, one a line. A text may hold values in braces,
// "Hola, {name}", and a choice by number, "{n|queda {n} intento|quedan {n} intentos}": the form for one, then the form for the
// rest. Every language has the same keys and the same values in each, every key is used, and every key used exists: the tests of
// this package read the whole program to see to it.
package locale

import (
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/text/language"
)

// A Key names one text: "field.nif.label". Keys are written out in full where they are used, so that a search finds them.
type Key string

// texts are the sentences of one language.
type texts map[Key]string

// A Lang is a language that Clave speaks. The zero Lang is Spanish.
type Lang struct{ t *tongue }

// tongue is what has to be known to speak a language.
type tongue struct {
	code      string // as in the lang attribute of HTML
	name      string // as its speakers write it
	tag       language.Tag
	also      []language.Tag // other wishes that it meets
	months    [12]string     // with what stands before them: "d'abril"
	longDate  string         // holds {day}, {month} and {year}; in Basque the endings {a} and {ko} too
	shortDate string         // a layout of package time
	texts     texts
	forms     map[Key]template // the texts, parsed
}

// tongues lists the languages in the order in which pages offer them. The first is spoken to whoever asks for none of them.
var tongues = []*tongue{load(&spanish), load(&catalan), load(&galician), load(&basque), load(&english)}

var matcher, matched = wishes()

func load(t *tongue) *tongue {
	t.forms = make(map[Key]template, len(t.texts))
	for key, text := range t.texts {
		t.forms[key] = parse(text)
	}
	return t
}

// wishes returns what finds the tag that fits a wish best, and the language of each tag.
func wishes() (language.Matcher, []Lang) {
	var tags []language.Tag
	var langs []Lang
	for _, l := range All() {
		for _, tag := range append([]language.Tag{l.t.tag}, l.t.also...) {
			tags, langs = append(tags, tag), append(langs, l)
		}
	}
	return language.NewMatcher(tags), langs
}

// All returns the languages in the order in which pages offer them.
func All() []Lang {
	var all []Lang
	for _, t := range tongues {
		all = append(all, Lang{t})
	}
	return all
}

// Lookup returns the language with exactly that code, such as "es".
func Lookup(code string) (Lang, bool) {
	for _, t := range tongues {
		if t.code == code {
			return Lang{t}, true
		}
	}
	return Lang{}, false
}

// Match returns the language of the first wish that can be met, else Spanish. A wish is a code or a whole Accept-Language header
// (RFC 9110, 12.5.4); one that is empty or malformed counts as not made.
func Match(codes ...string) Lang {
	wishes := strings.Join(codes, "\n")
	if len(wishes) > maxWishes || strings.Count(wishes, "\n") >= max(1, len(codes)) { // read as other wishes, it would decide for those
		return match(codes)
	}
	if known, ok := met.Load(wishes); ok {
		return known.(Lang)
	}
	lang := match(codes)
	if metCount.Add(1) <= maxMet {
		met.Store(wishes, lang)
	}
	return lang
}

func match(codes []string) Lang {
	_, i := language.MatchStrings(matcher, codes...)
	return matched[i]
}

// met are wishes and who meets them: most browsers send one of a few headers, and reading one takes longer than the rest of
// what a page does about its language. It is bounded, because headers are the visitor's.
var (
	met      sync.Map // string → Lang
	metCount atomic.Int64
)

const (
	maxMet    = 2000
	maxWishes = 200 // bytes
)

// Code returns the language's BCP 47 code: "es".
func (l Lang) Code() string { return l.tongue().code }

// Name returns the language's own name: "Español".
func (l Lang) Name() string { return l.tongue().name }

func (l Lang) tongue() *tongue {
	if l.t == nil {
		return tongues[0]
	}
	return l.t
}
