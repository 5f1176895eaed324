// Package nif holds one rule: a NIF that exists is right: its letter was checked, and it is written one way only.
//
// It reads what people type and what documents print: the number of a Spaniard (DNI) or of a foreigner (NIE), and the datum that shows
// that one has the document at hand: a date of the DNI, or the support number of a foreigner's card or certificate.
//
// The control letter is the number's remainder by 23 in the Ministry of the Interior's table. Children and Spaniards abroad without a DNI
// (K, L), foreigners without a NIE (M) and companies have a NIF too, but cannot come in here: they get [ErrKind], not [ErrLetter].
//
// Sources: Ministry of the Interior, "Cálculo del dígito de control del NIF/NIE"; Orden EHA/451/2008 (companies); the tax agency's help on
// the contrast datum; ICAO Doc 9303-5 (TD1).
package nif

import (
	"errors"
	"log/slog"
	"strconv"
	"strings"
)

// Why a typed number, date or support number is refused. None of them carries what was typed.
var (
	ErrEmpty     = errors.New("nif: nothing typed")
	ErrShape     = errors.New("nif: not the shape of a DNI, NIE or date")
	ErrLetter    = errors.New("nif: the control letter does not fit the number")
	ErrKind      = errors.New("nif: a number of a kind that is not served here")
	ErrDate      = errors.New("nif: no such date on a document")
	ErrPermanent = errors.New("nif: a permanent document, which is known by its issue date")
	ErrSupport   = errors.New("nif: not a support number")
	ErrMRZ       = errors.New("nif: not the machine-readable lines of a card, or misread")
)

// Kind says whose number it is.
type Kind int

const (
	DNI Kind = iota + 1 // a Spaniard's: eight digits and a letter
	NIE                 // a foreigner's: X, Y or Z, seven digits and a letter
)

// NIF is a checked DNI or NIE. It is comparable; its zero value is no number.
type NIF struct{ s string }

// String returns the canonical form, nine characters: "12345678Z", "X1234567L". Logs get [NIF.LogValue] instead.
func (n NIF) String() string { return n.s }

// IsZero reports whether n is no number at all.
func (n NIF) IsZero() bool { return n.s == "" }

// Kind tells a DNI from a NIE. It is zero for the zero NIF.
func (n NIF) Kind() Kind {
	switch {
	case n.IsZero():
		return 0
	case isDigit(n.s[0]):
		return DNI
	}
	return NIE
}

// Masked shows the four digits that may be published beside a name, "***4567**" for a DNI and "****4567*" for a NIE: the fourth to the
// seventh digit (Data Protection Agency, guidance on the seventh additional provision of Organic Law 3/2018). Everyone must mask alike,
// or two masks together give the number away.
func (n NIF) Masked() string {
	switch n.Kind() {
	case DNI:
		return "***" + n.s[3:7] + "**"
	case NIE:
		return "****" + n.s[4:8] + "*"
	}
	return ""
}

// LogValue is the masked number.
func (n NIF) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// MarshalText writes the canonical form; the zero NIF is empty.
func (n NIF) MarshalText() ([]byte, error) { return []byte(n.s), nil }

// UnmarshalText reads the canonical form only: what we wrote ourselves, not what people type.
func (n *NIF) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*n = NIF{}
		return nil
	}
	read, err := Parse(string(text))
	if err != nil {
		return err
	}
	if read.s != string(text) {
		return ErrShape
	}
	*n = read
	return nil
}

// Parse reads a DNI or NIE as people type it: in any case, with spaces, dots or hyphens, without leading zeros or with one too many (as in
// the older NIE of eight digits). It fails with [ErrEmpty], [ErrShape], [ErrKind] or [ErrLetter].
func Parse(typed string) (NIF, error) {
	s, err := clean(typed)
	if err != nil {
		return NIF{}, err
	}
	if otherKind(s) {
		return NIF{}, ErrKind
	}
	first, rest := prefix(s)
	width := 8 - len(first)
	if len(rest) < 2 || !isLetter(rest[len(rest)-1]) {
		return NIF{}, ErrShape
	}
	number, ok := pad(rest[:len(rest)-1], width)
	if !ok {
		return NIF{}, ErrShape
	}
	if letter(first, number) != rest[len(rest)-1] {
		return NIF{}, ErrLetter
	}
	return NIF{first + number + rest[len(rest)-1:]}, nil
}

// prefix cuts the X, Y or Z of a NIE from what follows.
func prefix(s string) (first, rest string) {
	if strings.IndexByte("XYZ", s[0]) >= 0 {
		return s[:1], s[1:]
	}
	return "", s
}

// letter is the control letter of a number; a NIE counts with 0, 1 or 2 for its X, Y or Z.
func letter(first, number string) byte {
	const table = "TRWAGMYFPDXBNJZSQVHLCKE"
	if first != "" {
		number = string('0'+first[0]-'X') + number
	}
	n, _ := strconv.Atoi(number) // at most eight digits, checked by pad
	return table[n%23]
}

// otherKind recognises K, L, M and the letters of companies and bodies: a letter, seven digits and a control character of either sort.
func otherKind(s string) bool {
	return len(s) == 9 && strings.IndexByte("ABCDEFGHJKLMNPQRSUVW", s[0]) >= 0 && allDigits(s[1:8])
}
