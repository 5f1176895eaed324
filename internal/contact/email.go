package contact

import (
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// Lengths in bytes (RFC 5321 §4.5.3.1, RFC 1035 §2.3.4). The whole address is shorter than its parts together allow, because it must fit
// a path of 256 with its angle brackets.
const (
	maxAddress = 254
	maxLocal   = 64
	maxDomain  = 253
)

// Email is an address that a message can be sent to. It is comparable; its zero value is no address.
type Email struct{ address hidden }

// ParseEmail reads one bare address: no name before it, no quotes, no comment, no address of a host by number. Line breaks inside would
// let the typist add headers and recipients to our messages. It fails with [ErrEmpty] or [ErrEmail].
func ParseEmail(typed string) (Email, error) {
	typed = strings.TrimFunc(typed, invisible)
	if typed == "" {
		return Email{}, ErrEmpty
	}
	if len(typed) > 2*maxAddress {
		return Email{}, ErrEmail
	}
	local, domain, found := strings.Cut(typed, "@")
	if !found || !isLocal(local) {
		return Email{}, ErrEmail
	}
	domain, ok := asciiDomain(domain)
	if !ok || len(local)+1+len(domain) > maxAddress {
		return Email{}, ErrEmail
	}
	return Email{hide(local + "@" + domain)}, nil
}

// invisible characters come along when an address is copied.
func invisible(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// isLocal accepts a dot-atom of RFC 5322 §3.2.3: no quotes, no spaces, no dot at an end or beside another.
func isLocal(local string) bool {
	if len(local) > maxLocal {
		return false
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, notAtext) {
			return false
		}
	}
	return true
}

func notAtext(r rune) bool {
	return !isAlnum(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

func isAlnum(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// Reveal returns the address, its domain in lower-case ASCII.
func (e Email) Reveal() string { return e.address.reveal() }

// IsZero reports whether e is no address at all.
func (e Email) IsZero() bool { return e == Email{} }

// Masked shows two letters and the last part of the domain, always with the same dots: "c····@e····.es".
func (e Email) Masked() string {
	if e.IsZero() {
		return ""
	}
	local, domain, _ := strings.Cut(e.Reveal(), "@")
	last := domain[strings.LastIndexByte(domain, '.'):]
	return local[:1] + "····@" + domain[:1] + "····" + last
}

// String returns the masked address.
func (e Email) String() string { return e.Masked() }

// Format prints the masked address whatever the verb.
func (e Email) Format(f fmt.State, _ rune) { io.WriteString(f, e.Masked()) }

// LogValue is the masked address.
func (e Email) LogValue() slog.Value { return slog.StringValue(e.Masked()) }

// Value always fails with [ErrPlain], so that no driver stores the address or its mask.
func (e Email) Value() (driver.Value, error) { return nil, ErrPlain }

// MarshalText writes the address, to be sealed. The zero Email is empty.
func (e Email) MarshalText() ([]byte, error) { return []byte(e.Reveal()), nil }

// UnmarshalText reads the canonical form only.
func (e *Email) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*e = Email{}
		return nil
	}
	read, err := ParseEmail(string(text))
	if err != nil {
		return err
	}
	if read.Reveal() != string(text) {
		return ErrEmail
	}
	*e = read
	return nil
}
