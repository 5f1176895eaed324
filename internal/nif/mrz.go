package nif

import (
	"strings"
	"unicode"
)

// The machine-readable zone of an identity card: three lines of thirty (ICAO Doc 9303-5, TD1).
const (
	lineSize = 30
	mrzSize  = 3 * lineSize
	maxMRZ   = 256 // bytes looked at, line breaks and spaces included
)

// ParseMRZ reads the three lines on the back of a DNI or a foreigner's card, as a camera or a paste gives them, into the number and its
// datum: the validity of a DNI, the support number of a card. Whoever reads them saves the citizen the hardest field of the form. It
// fails with [ErrEmpty], [ErrMRZ] or as [Parse], [ParseDate] and [ParseSupport] do.
func ParseMRZ(typed string) (NIF, Datum, error) {
	zone, err := cleanMRZ(typed)
	if err != nil {
		return NIF{}, Datum{}, err
	}
	if !strings.HasPrefix(zone, "I") || zone[2:5] != "ESP" || !checksFit(zone) {
		return NIF{}, Datum{}, ErrMRZ
	}
	n, err := Parse(strings.TrimRight(zone[15:30], "<"))
	if err != nil {
		return NIF{}, Datum{}, err
	}
	d, err := mrzDatum(n.Kind(), zone)
	if err != nil {
		return NIF{}, Datum{}, err
	}
	return n, d, nil
}

func mrzDatum(kind Kind, zone string) (Datum, error) {
	if kind == NIE {
		return ParseSupport(zone[5:14])
	}
	expiry := zone[lineSize+8 : lineSize+14] // yymmdd
	if expiry[:2] == "99" {
		return Datum{}, ErrPermanent // the four nines cut to two
	}
	return ParseDate(Validity, expiry[4:]+"-"+expiry[2:4]+"-20"+expiry[:2])
}

func cleanMRZ(typed string) (string, error) {
	if len(typed) > maxMRZ {
		return "", ErrMRZ
	}
	zone := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, typed)
	if zone == "" {
		return "", ErrEmpty
	}
	if len(zone) != mrzSize || strings.Trim(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<") != "" {
		return "", ErrMRZ
	}
	return zone, nil
}

// checksFit verifies the check digits of number, birth, expiry and all of it together: a camera that mistakes one character is noticed.
func checksFit(zone string) bool {
	l1, l2 := zone[:lineSize], zone[lineSize:2*lineSize]
	return checkDigit(l1[5:14]) == l1[14] &&
		checkDigit(l2[:6]) == l2[6] &&
		checkDigit(l2[8:14]) == l2[14] &&
		checkDigit(l1[5:]+l2[:7]+l2[8:15]+l2[18:29]) == l2[29]
}

// checkDigit is the sum of the characters' values with weights 7, 3, 1 by turns, modulo ten (ICAO Doc 9303-3 §4.9).
func checkDigit(field string) byte {
	sum := 0
	for i := range len(field) {
		sum += mrzValue(field[i]) * []int{7, 3, 1}[i%3]
	}
	return '0' + byte(sum%10)
}

func mrzValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case isLetter(c):
		return int(c-'A') + 10
	}
	return 0 // the filler
}
