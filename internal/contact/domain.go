package contact

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// asciiDomain writes a domain name in lower-case ASCII, its other letters in Punycode. It wants two labels at least and a last one that
// is no number: an address must not reach a host by its bare name or its IP number.
func asciiDomain(domain string) (string, bool) {
	labels := strings.Split(norm.NFC.String(strings.ToLower(domain)), ".")
	for i, label := range labels {
		ascii, ok := asciiLabel(label)
		if !ok {
			return "", false
		}
		labels[i] = ascii
	}
	last := labels[len(labels)-1]
	joined := strings.Join(labels, ".")
	return joined, len(labels) > 1 && strings.Trim(last, "0123456789") != "" && len(joined) <= maxDomain
}

// asciiLabel accepts letters, digits and inner hyphens (RFC 5890 §2.3.1) of any script.
func asciiLabel(label string) (string, bool) {
	if label == "" || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, notInLabel) {
		return "", false
	}
	if strings.ContainsFunc(label, foreign) {
		if strings.HasPrefix(label, "xn--") || !norm.NFKC.IsNormalString(label) || unicode.Is(unicode.M, []rune(label)[0]) {
			return "", false
		}
		label = "xn--" + punycode([]rune(label))
	}
	return label, len(label) <= maxLabel
}

func notInLabel(r rune) bool {
	if r <= unicode.MaxASCII {
		return !isAlnum(r) && r != '-'
	}
	return !unicode.In(r, unicode.L, unicode.Mn, unicode.Mc, unicode.Nd)
}

func foreign(r rune) bool { return r > unicode.MaxASCII }
