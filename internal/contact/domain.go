package contact

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// asciiDomain writes a domain name in lower-case ASCII, its other letters in Punycode (RFC 5891). Nothing but case and composition is
// mapped: a letter that only looks like another is refused. It wants two labels at least and a last one that is no number: an address
// must not reach a host by its bare name or its IP number.
func asciiDomain(domain string) (string, bool) {
	ascii, err := idna.Registration.ToASCII(norm.NFC.String(strings.ToLower(domain)))
	if err != nil || strings.ContainsFunc(domain, notInDomain) {
		return "", false
	}
	dot := strings.LastIndexByte(ascii, '.')
	return ascii, dot > 0 && strings.Trim(ascii[dot+1:], "0123456789") != "" && len(ascii) <= maxDomain
}

// notInDomain refuses what the registration profile lets pass and no registry registers: pictures, and the signs of other scripts.
func notInDomain(r rune) bool {
	return r > unicode.MaxASCII && !unicode.In(r, unicode.L, unicode.Mn, unicode.Mc, unicode.Nd)
}
