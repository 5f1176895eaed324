package courier

import (
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// OneMessage is how many septets one SMS holds (3GPP TS 23.038, 6.1.2).
const OneMessage = 160

// The GSM 7-bit default alphabet and its extension table, whose characters take two septets (3GPP TS 23.038, 6.2.1).
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "^{}\\[~]|€"
)

// Septets is the length of a text as an SMS, or more than any message holds when the alphabet lacks a character.
func Septets(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			n++
		case strings.ContainsRune(gsmExtended, r):
			n += 2
		default:
			return 1 << 20
		}
	}
	return n
}

// fold writes a text in the GSM alphabet: what it lacks loses its accent, or becomes a dot.
func fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(text) {
		if strings.ContainsRune(gsmBasic, r) {
			b.WriteRune(r)
			continue
		}
		plain, _, _ := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn))), string(r))
		if plain != "" && Septets(plain) < OneMessage {
			b.WriteString(plain)
			continue
		}
		b.WriteByte('.')
	}
	return b.String()
}
