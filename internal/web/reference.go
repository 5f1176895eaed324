package web

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"clave/internal/keyring"
	"clave/internal/locale"
	"clave/internal/secret"
)

// A reference is what a person reads to the help desk: nine characters that nobody takes for others. It is the number of the
// error page and the minute in which it was shown, enciphered, so that the desk learns both on any node without anything
// being stored and without learning who it was; and the log line with the same reference has the cause. It is no secret and
// opens nothing.
//
//	25 bits  minutes since 2026: 63 years
//	 7 bits  the page's number
//	13 bits  drawn, so that two people have two references
const (
	referenceSymbols = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	referenceLength  = 9
	minuteBits       = 25
	numberBits       = 7
	drawnBits        = 13
	symbolBits       = 5
)

var referenceEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const referenceUse keyring.Use = "reference"

// Reference is what a reference number says.
type Reference struct {
	At      time.Time // to the minute
	Problem string    // the key of the page: see errorPages
}

// ErrReference means that a text is no reference of this installation, or one made with a master key that is no longer
// current.
var ErrReference = errors.New("web: not a reference")

// newReference makes one for an error page.
func (s *Server) newReference(key string) string {
	return makeReference(s.Ring, Reference{s.Now(), key}, secret.Bytes(2))
}

func makeReference(ring *keyring.Ring, r Reference, drawn []byte) string {
	plain := uint64(r.At.Sub(referenceEpoch)/time.Minute)&(1<<minuteBits-1)<<numberBits | uint64(errorPages[r.Problem].number)
	return spellReference(newScramble(ring).encipher(plain<<drawnBits | uint64(binary.BigEndian.Uint16(drawn))&(1<<drawnBits-1)))
}

// ReadReference reads one as people type it: capitals, spaces and hyphens do not count. Whatever says a time after now, or
// a page that does not exist, was mistyped. Errors: ErrReference.
func ReadReference(ring *keyring.Ring, typed string, now time.Time) (Reference, error) {
	sealed, ok := unspellReference(normalReference(typed))
	if !ok {
		return Reference{}, ErrReference
	}
	plain := newScramble(ring).decipher(sealed) >> drawnBits
	key, known := pageNumbered(uint8(plain & (1<<numberBits - 1)))
	at := referenceEpoch.Add(time.Duration(plain>>numberBits) * time.Minute)
	if !known || at.After(now) {
		return Reference{}, ErrReference
	}
	return Reference{at, key}, nil
}

// Title is what the page was called.
func (r Reference) Title(lang locale.Lang) string {
	key, service := errorPages[r.Problem].title(r.Problem), lang.Text("reference.service")
	return lang.Text(key, "service", service)
}

// Article is the slug of the article that answers it.
func (r Reference) Article() string { return errorPages[r.Problem].article }

func normalReference(typed string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "", "\u00a0", "").Replace(typed))
}

// isReference tells whether a normal text has the shape of one.
func isReference(normal string) bool {
	_, ok := unspellReference(normal)
	return ok
}

func spellReference(sealed uint64) string {
	var b [referenceLength]byte
	for i := range b {
		b[referenceLength-1-i] = referenceSymbols[sealed&(1<<symbolBits-1)]
		sealed >>= symbolBits
	}
	return string(b[:])
}

func unspellReference(normal string) (sealed uint64, ok bool) {
	if len(normal) != referenceLength {
		return 0, false
	}
	for i := range len(normal) {
		at := strings.IndexByte(referenceSymbols, normal[i])
		if at < 0 {
			return 0, false
		}
		sealed = sealed<<symbolBits | uint64(at)
	}
	return sealed, true
}
