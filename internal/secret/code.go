// Package secret keeps one promise: a code, PIN, password or token never prints itself, is never guessed from how it was drawn, and is
// compared only by its keyed hash, in constant time.
//
// It is also the only place of the program that draws random values. What must be read back is sealed ([Seal], [Open]); what must only be
// recognised is hashed ([HMAC]). Keys come from package keyring, which gives every purpose its own.
//
// Sources: RFC 2104 (HMAC), FIPS 180-4 (SHA-256), RFC 8439 with the extended nonce of draft-irtf-cfrg-xchacha-03 (sealing), RFC 4648 §5
// (tokens), the ULID layout (identifiers).
package secret

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// printed stands for every secret in logs, errors, pages and JSON.
const printed = "(secret)"

// ErrStored refuses a [Code] as a database value: what is stored is its keyed hash.
var ErrStored = errors.New("secret: a code is stored only as a keyed hash")

// Code is a secret that a person types or receives. Its zero value is the empty code.
//
// It holds a pointer because fmt prints the unexported fields of whatever surrounds it without asking our methods, and it cannot be
// compared with ==, which stops at the first wrong character and so tells how many were right.
type Code struct {
	_ [0]func()
	s *string
}

// NewCode takes a secret as it was typed or received.
func NewCode(s string) Code { return Code{s: &s} }

// Reveal returns the secret itself. Every call of it is a place to review.
func (c Code) Reveal() string {
	if c.s == nil {
		return ""
	}
	return *c.s
}

// IsZero reports whether the code is empty.
func (c Code) IsZero() bool { return c.Reveal() == "" }

// String returns "(secret)".
func (c Code) String() string { return printed }

// Format prints "(secret)" whatever the verb, also those that would print the bytes (%x, %q, %#v).
func (c Code) Format(f fmt.State, _ rune) { io.WriteString(f, printed) }

// LogValue returns "(secret)".
func (c Code) LogValue() slog.Value { return slog.StringValue(printed) }

// MarshalText returns "(secret)", for JSON, XML and text alike.
func (c Code) MarshalText() ([]byte, error) { return []byte(printed), nil }

// Value always fails with [ErrStored], so that a driver which would store the printed form stores nothing.
func (c Code) Value() (driver.Value, error) { return nil, ErrStored }
