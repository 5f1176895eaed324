package nif

import (
	"strconv"
	"strings"
	"time"
	"unique"
)

// The years that a document can carry. No rule asks for more: they catch a year typed as 0203 or 20300.
const (
	firstYear     = 1900
	lastYear      = 2199
	permanentYear = 9999 // printed as 01 01 9999 on a DNI that never expires
)

// ParseDate reads a date of a document as people type it or as it is printed: 30/6/2030, 30-06-2030, 30 06 2030, 30.06.2030, 30062030 and
// 2030-06-30. The year has four digits. It fails with [ErrEmpty], [ErrShape], [ErrDate] (no such day), [ErrPermanent] (a validity in the
// year 9999: ask for the issue date instead) or [ErrKind] (asked for a support number).
func ParseDate(kind DatumKind, typed string) (Datum, error) {
	if kind != Validity && kind != Issue {
		return Datum{}, ErrKind
	}
	year, month, day, err := readDate(typed)
	if err != nil {
		return Datum{}, err
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	switch {
	case date.Day() != day || date.Month() != time.Month(month):
		return Datum{}, ErrDate
	case year == permanentYear && kind == Validity:
		return Datum{}, ErrPermanent
	case year < firstYear || year > lastYear:
		return Datum{}, ErrDate
	}
	return Datum{kind, unique.Make(date.Format(time.DateOnly))}, nil
}

// readDate finds the three numbers and tells from their lengths which one is the year.
func readDate(typed string) (year, month, day int, err error) {
	if len(typed) > maxTyped {
		return 0, 0, 0, ErrShape
	}
	p := strings.FieldsFunc(typed, separatesDate)
	if len(p) == 0 {
		return 0, 0, 0, ErrEmpty
	}
	if len(p) == 1 && len(p[0]) == 8 {
		p = []string{p[0][:2], p[0][2:4], p[0][4:]}
	}
	if len(p) != 3 || !allDigits(p[0]+p[1]+p[2]) {
		return 0, 0, 0, ErrShape
	}
	if len(p[0]) == 4 {
		p[0], p[2] = p[2], p[0]
	}
	if len(p[0]) > 2 || len(p[1]) > 2 || len(p[2]) != 4 {
		return 0, 0, 0, ErrShape
	}
	return number(p[2]), number(p[1]), number(p[0]), nil
}

func separatesDate(r rune) bool { return r == '/' || separates(r) }

// number reads at most four digits, checked before.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
