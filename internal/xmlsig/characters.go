package xmlsig

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescape resolves references, and line ends as XML 1.0 §2.11 says.
func unescape(raw []byte) (string, error) {
	if bytes.IndexByte(raw, '&') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return inXML(string(raw))
	}
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		switch raw[0] {
		case '&':
			r, n, err := reference(raw)
			if err != nil {
				return "", err
			}
			out, raw = utf8.AppendRune(out, r), raw[n:]
		case '\r':
			out, raw = append(out, '\n'), bytes.TrimPrefix(raw[1:], []byte("\n"))
		default:
			out, raw = append(out, raw[0]), raw[1:]
		}
	}
	return inXML(string(out))
}

// predefined are the five entities that XML itself has (§4.6); there are no others.
var predefined = map[string]rune{"lt": '<', "gt": '>', "amp": '&', "quot": '"', "apos": '\''}

// reference reads the reference that b begins with, and its length; the longest is "&#x10FFFF;".
func reference(b []byte) (r rune, n int, err error) {
	end := bytes.IndexByte(b[:min(len(b), 12)], ';')
	if end < 0 {
		return 0, 0, ErrEntity
	}
	name := string(b[1:end])
	if r, ok := predefined[name]; ok {
		return r, end + 1, nil
	}
	number, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, 0, ErrEntity
	}
	r, err = character(number)
	return r, end + 1, err
}

// character reads a character's number, decimal or, after "x", hexadecimal. encoding/xml takes a surrogate for U+FFFD; others refuse it.
func character(number string) (rune, error) {
	base := 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	n, err := strconv.ParseUint(number, base, 31)
	if err != nil || !isXML(rune(n)) {
		return 0, ErrMalformed
	}
	return rune(n), nil
}

// inXML passes on a text in which all is valid UTF-8 and of XML's characters.
func inXML(s string) (string, error) {
	printable := 0 // nearly all text is, and needs no decoding
	for printable < len(s) && ' ' <= s[printable] && s[printable] < utf8.RuneSelf {
		printable++
	}
	rest := s[printable:]
	for i, r := range rest {
		if !isXML(r) || r == utf8.RuneError && !strings.HasPrefix(rest[i:], "\uFFFD") {
			return "", ErrMalformed
		}
	}
	return s, nil
}

// isXML tells whether XML 1.0 §2.2 has the character.
func isXML(r rune) bool {
	switch {
	case r < ' ':
		return r == '\t' || r == '\n' || r == '\r'
	case r == 0xFFFE || r == 0xFFFF:
		return false
	}
	return utf8.ValidRune(r)
}
