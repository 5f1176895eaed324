package relying

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Doubts say where a person might take a party for Cl@ve or for another of the parties given. Nothing is refused for them: two
// councils may rightly bear one name, and only who registers them knows.
func (p Party) Doubts(others []Party) (doubts []string) {
	for lang, name := range sorted(p.Names) {
		if strings.Contains(spoken(name), "clave") {
			doubts = append(doubts, fmt.Sprintf("names.%s: %q may be taken for Cl@ve itself", lang, name))
		}
		if strings.ContainsFunc(name, otherAlphabet) {
			doubts = append(doubts, fmt.Sprintf("names.%s: %+q has letters of another alphabet, which may look like ours", lang, name))
		}
		for _, other := range others {
			if other.ID != p.ID && other.called(name) {
				doubts = append(doubts, fmt.Sprintf("names.%s: %q is also the name of %s", lang, name, other.ID))
			}
		}
	}
	return doubts
}

// called reports whether a party has this name in some language.
func (p Party) called(name string) bool {
	for _, own := range p.Names {
		if spoken(own) == spoken(name) {
			return true
		}
	}
	return false
}

// spoken is what is left of a name for the ear: letters and digits, without case, accents and spaces.
func spoken(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '@':
			return 'a'
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKD.String(name))
}

func otherAlphabet(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) }
