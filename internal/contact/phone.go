// Package contact holds one rule: a phone number or e-mail address that exists can be written to, has one form only, and shows itself
// masked.
//
// A phone number is kept in E.164 and must be of a kind that receives SMS; without a prefix it is Spanish. An e-mail address keeps its
// local part as it was typed, because only its own server knows whether capitals matter; its domain becomes lower-case ASCII.
//
// Sources: ITU-T E.164 and the national numbering plans as collected by libphonenumber; RFC 5321 §4.5.3 (lengths), RFC 5322 §3.2.3
// (dot-atom), RFC 5890 and 5891 (internationalised domain names), RFC 3492 (Punycode).
package contact

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// Why a phone number or an address is refused. None of them carries what was typed.
var (
	ErrEmpty = errors.New("contact: nothing typed")
	ErrPhone = errors.New("contact: no such phone number")
	ErrNoSMS = errors.New("contact: a phone number that cannot receive SMS")
	ErrEmail = errors.New("contact: not an e-mail address")
	ErrPlain = errors.New("contact: sealed before it is stored, never written as it is")
)

const (
	home        = "ES"
	maxTyped    = 64 // bytes of a typed phone number, separators included
	minE164     = 8  // characters, the plus sign included
	maxE164     = 16
	shownDigits = 3
)

// Phone is a number that can receive SMS. It is comparable; its zero value is no number.
type Phone struct{ e164 hidden }

// ParsePhone reads a number as people type it, Spanish unless it begins with + or 00. It fails with [ErrEmpty], [ErrPhone] or [ErrNoSMS].
func ParsePhone(typed string) (Phone, error) {
	if len(typed) > maxTyped {
		return Phone{}, ErrPhone
	}
	typed = strings.TrimSpace(strings.Map(plain, typed))
	if typed == "" {
		return Phone{}, ErrEmpty
	}
	if !dialled(typed) {
		return Phone{}, ErrPhone
	}
	n, err := phonenumbers.Parse(typed, home)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return Phone{}, ErrPhone
	}
	if !receivesSMS(n) {
		return Phone{}, ErrNoSMS
	}
	return Phone{hide(phonenumbers.Format(n, phonenumbers.E164))}, nil
}

// plain gives spaces and dashes one form and drops the invisible marks that telephones put around a number that is copied.
func plain(r rune) rune {
	switch {
	case unicode.Is(unicode.Cf, r):
		return -1
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Dash, r):
		return '-'
	}
	return r
}

// dialled keeps to digits and what people put between them. The library would also take letters for digits, extensions and addresses of
// the "tel:" kind, each a second way to write one number.
func dialled(typed string) bool {
	for i, r := range typed {
		switch {
		case '0' <= r && r <= '9', strings.ContainsRune(" .-()/", r):
		case r == '+' && (i == 0 || typed[:i] == "("):
		default:
			return false
		}
	}
	return true
}

// receivesSMS trusts the numbering plan. Some countries number fixed and mobile lines alike; there the code that we send will tell.
func receivesSMS(n *phonenumbers.PhoneNumber) bool {
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	}
	return false
}

// Reveal returns the number in E.164: "+34600123456".
func (p Phone) Reveal() string { return p.e164.reveal() }

// IsZero reports whether p is no number at all.
func (p Phone) IsZero() bool { return p == Phone{} }

// Country returns the ISO 3166 code of the country whose plan the number is of, "ES", or "" where none is known. SMS budgets count by it.
func (p Phone) Country() string {
	n, err := phonenumbers.Parse(p.Reveal(), "")
	if err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForNumber(n)
}

// Masked shows the country and the last three digits, always with the same dots: "+34 ··· ··· 456". Only the number's owner, after proving
// who they are, may see even that.
func (p Phone) Masked() string {
	e164 := p.Reveal()
	if e164 == "" {
		return ""
	}
	prefix := "+"
	if n, err := phonenumbers.Parse(e164, ""); err == nil {
		prefix = fmt.Sprintf("+%d", n.GetCountryCode())
	}
	return prefix + " ··· ··· " + e164[len(e164)-shownDigits:]
}

// String returns the masked number.
func (p Phone) String() string { return p.Masked() }

// Format prints the masked number whatever the verb.
func (p Phone) Format(f fmt.State, _ rune) { io.WriteString(f, p.Masked()) }

// LogValue is the masked number.
func (p Phone) LogValue() slog.Value { return slog.StringValue(p.Masked()) }

// Value always fails with [ErrPlain], so that no driver stores the number or its mask.
func (p Phone) Value() (driver.Value, error) { return nil, ErrPlain }

// MarshalText writes E.164, to be sealed. The zero Phone is empty.
func (p Phone) MarshalText() ([]byte, error) { return []byte(p.Reveal()), nil }

// UnmarshalText reads E.164 by its shape alone: a number that was good when its owner gave it stays readable when a later numbering plan
// drops it.
func (p *Phone) UnmarshalText(text []byte) error {
	if len(text) > 0 && !isE164(string(text)) {
		return ErrPhone
	}
	*p = Phone{hide(string(text))}
	return nil
}

func isE164(s string) bool {
	if len(s) < minE164 || len(s) > maxE164 || s[0] != '+' || s[1] == '0' {
		return false
	}
	return strings.Trim(s[1:], "0123456789") == ""
}
