package nif

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
	"unique"
)

// DatumKind says which datum of the document is asked.
type DatumKind int

const (
	Validity DatumKind = iota + 1 // DNI: the day until which it is valid
	Issue                         // permanent DNI: the day on which it was issued
	Support                       // NIE: the number of the card or certificate
)

const printedDatum = "(datum)"

// ErrHidden refuses a [Datum] as text, JSON or database value: it is kept hashed or sealed, and revealed on purpose.
var ErrHidden = errors.New("nif: a datum is hashed or sealed, never written as it is")

// Datum is what shows that a person has the document at hand. It identifies and is no secret by law, but whoever knows it can begin a
// sign-in in somebody's name, so it never prints itself. It is comparable; its zero value is no datum.
//
// The handle hides the text from fmt, which prints the unexported fields of whatever surrounds it without asking our methods.
type Datum struct {
	kind DatumKind
	text unique.Handle[string]
}

// Kind tells which datum it is; zero for the zero Datum.
func (d Datum) Kind() DatumKind { return d.kind }

// IsZero reports whether d is no datum at all.
func (d Datum) IsZero() bool { return d.kind == 0 }

// Reveal returns the canonical form, "2030-06-30" or "E12345678", which [ParseDate] and [ParseSupport] read back. It is for hashing and
// sealing only.
func (d Datum) Reveal() string {
	if d.IsZero() {
		return ""
	}
	return d.text.Value()
}

// Date returns the day at midnight UTC, and false for a support number.
func (d Datum) Date() (time.Time, bool) {
	if d.kind != Validity && d.kind != Issue {
		return time.Time{}, false
	}
	day, err := time.Parse(time.DateOnly, d.Reveal())
	return day, err == nil
}

// String returns "(datum)".
func (d Datum) String() string { return printedDatum }

// Format prints "(datum)" whatever the verb.
func (d Datum) Format(f fmt.State, _ rune) { io.WriteString(f, printedDatum) }

// LogValue returns "(datum)".
func (d Datum) LogValue() slog.Value { return slog.StringValue(printedDatum) }

// MarshalText always fails with [ErrHidden]; a silent "{}" would lose the datum.
func (d Datum) MarshalText() ([]byte, error) { return nil, ErrHidden }

// Value always fails with [ErrHidden], so that no driver stores the datum or its printed form.
func (d Datum) Value() (driver.Value, error) { return nil, ErrHidden }

// ParseSupport reads the support number of a foreigner's card or residence permit (E) or of an EU citizen's certificate (C), as people
// type it; missing zeros after the letter are put back. It fails with [ErrEmpty] or [ErrSupport].
func ParseSupport(typed string) (Datum, error) {
	s, err := clean(typed)
	if errors.Is(err, ErrEmpty) {
		return Datum{}, ErrEmpty
	}
	if err != nil || s[0] != 'E' && s[0] != 'C' {
		return Datum{}, ErrSupport
	}
	number, ok := pad(s[1:], 8)
	if !ok {
		return Datum{}, ErrSupport
	}
	return Datum{Support, unique.Make(s[:1] + number)}, nil
}
