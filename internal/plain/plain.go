// Package plain holds one rule: what strangers write beside our own words is seen as it is written, and leads nowhere.
//
// A service's name stands in our SMS and on our pages, and the words of a confirmation under our heading. Phones turn whatever looks
// like an address or a number into something to press, and a person takes it for ours.
//
// Every check reads the text as it stands and in its compatibility form (Unicode Annex 15, NFKC), which is how phones and programs
// read full-width letters and circled digits. Words that spell an address or a number out are seen by people only.
package plain

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// blank have a width and no ink: the empty Braille pattern, the null note head, the place of an object, empty hieroglyphs.
	blank = "\u2800\U0001D159\uFFFC\U00013441\U00013442"
	// dots are taken for the dot of an address, by people or by programs. The middle dot is none: Catalan writes with it.
	dots = "\u0701\u0702\u06D4\u2024\u2E33\u3002\uA4F8\uA60E\uFE52\uFF0E\uFF61\U00010A50\U0001D16D"
)

var (
	letter = regexp.MustCompile(`[\p{L}\p{N}]`)
	// heaps of marks cover the lines around; a mark at the beginning stands on what we wrote before.
	heaps = regexp.MustCompile(`^\p{M}|\p{M}{3}`)
)

// Seen reports whether a text shows all that it holds, on one line: no control, invisible or blank characters, none that turn the
// direction of writing, no heaps of marks, no dots that are other characters; and at least one letter or digit.
func Seen(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, form := range forms(text) {
		if strings.ContainsFunc(form, unseen) || heaps.MatchString(form) || !letter.MatchString(form) {
			return false
		}
	}
	return true
}

// unseen knows the Default_Ignorable_Code_Points (Unicode Annex 44): IsPrint refuses those that are format characters.
func unseen(r rune) bool {
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
		strings.ContainsRune(blank+dots, r)
}

// page is what looks like the address of a page: with a scheme, with "www", by name, or by number.
var page = regexp.MustCompile(`(?i)//|www|[\p{L}\p{M}\p{N}_-]\.\p{L}[\p{L}\p{M}]|\p{Nd}(?:\.\p{Nd}+){3}`)

// Page reports whether something in a text looks like the address of a page. An abbreviation does without spaces: "EE.UU.".
func Page(text string) bool { return matches(text, page) }

var (
	// path is a slash of any sort that is not between digits, where it parts a date or a file's number.
	path = regexp.MustCompile(`(?:^|\P{Nd})[/\\⁄∕]|[/\\⁄∕](?:\P{Nd}|$)`)
	date = regexp.MustCompile(`\b(?:[0-3]?[0-9][./-][01]?[0-9][./-](?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9])\b`)
	// call is a number to call, as people part one.
	call = regexp.MustCompile(`\p{Nd}(?:[\s.()+\p{Pd}]*\p{Nd}){8}`)
)

// Leads reports whether something in a text leads away from us: the address of a page or a mailbox, a path, a number to call.
func Leads(text string) bool {
	return Page(text) || strings.ContainsRune(norm.NFKC.String(text), '@') || matches(text, path) || matches(undated(text), call)
}

// undated leaves the dates out, beside which a time or a year would make nine digits.
func undated(text string) string { return date.ReplaceAllString(norm.NFKC.String(text), ",") }

func forms(text string) []string { return []string{text, norm.NFKC.String(text)} }

func matches(text string, shape *regexp.Regexp) bool {
	for _, form := range forms(text) {
		if shape.MatchString(form) {
			return true
		}
	}
	return false
}
