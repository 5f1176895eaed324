package nif

import (
	"strings"
	"unicode"
)

// maxTyped bounds in bytes what is looked at; no document number or date needs more, separators included.
const maxTyped = 64

// clean drops the spaces, dots and hyphens that people put between and makes ASCII letters capital. Other letters are refused, not
// folded: the capitals of "ſ" and "ı" are S and I, and two ways to type one person is one too many.
func clean(typed string) (string, error) {
	if len(typed) > maxTyped {
		return "", ErrShape
	}
	var b strings.Builder
	for _, r := range typed {
		switch {
		case separates(r):
		case 'a' <= r && r <= 'z':
			b.WriteRune(r - 'a' + 'A')
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			b.WriteRune(r)
		default:
			return "", ErrShape
		}
	}
	if b.Len() == 0 {
		return "", ErrEmpty
	}
	return b.String(), nil
}

// separates takes the spaces and dashes of every keyboard and word processor, and the invisible marks that copying brings along.
func separates(r rune) bool {
	return r == '.' || r == '_' || unicode.IsSpace(r) || unicode.In(r, unicode.Dash, unicode.Cf)
}

// pad writes digits with exactly width of them; zeros in front do not count. It reports false when there are none, too many, or others.
func pad(digits string, width int) (string, bool) {
	if digits == "" || !allDigits(digits) {
		return "", false
	}
	number := strings.TrimLeft(digits, "0")
	if len(number) > width {
		return "", false
	}
	return strings.Repeat("0", width-len(number)) + number, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isLetter(b byte) bool { return 'A' <= b && b <= 'Z' }
