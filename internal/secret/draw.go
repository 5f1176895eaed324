package secret

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

const (
	decimal   = "0123456789"
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	tokenSize = 32 // bytes: 256 bits
)

// Bytes returns n random bytes. The operating system's generator never fails: crypto/rand ends the process rather than return fewer.
func Bytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// Digits draws a code of n decimal digits, zeros in front included.
func Digits(n int) Code { return Draw(decimal, n) }

// Draw draws a code of n characters, each one of the alphabet with equal chance. The alphabet is ASCII without repetition; another is a
// mistake of the program and panics, because it would make some codes likelier than others.
func Draw(alphabet string, n int) Code {
	checkAlphabet(alphabet)
	drawn := make([]byte, n)
	for i := range drawn {
		drawn[i] = alphabet[below(len(alphabet))]
	}
	return NewCode(string(drawn))
}

func checkAlphabet(alphabet string) {
	if alphabet == "" {
		panic("secret: empty alphabet")
	}
	for i := range len(alphabet) {
		if alphabet[i] >= 0x80 || strings.IndexByte(alphabet[i+1:], alphabet[i]) >= 0 {
			panic(fmt.Sprintf("secret: alphabet with a repeated or foreign character at %d", i))
		}
	}
}

// below returns a number under n. A byte at or beyond the largest multiple of n is thrown away: its remainder would favour the first
// characters of the alphabet.
func below(n int) int {
	fair := 256 - 256%n
	for {
		if b := int(Bytes(1)[0]); b < fair {
			return b % n
		}
	}
}

// Token returns 256 random bits in base64url, 43 characters: a session, a cookie, a one-time address.
func Token() Code { return NewCode(base64.RawURLEncoding.EncodeToString(Bytes(tokenSize))) }

// ID returns a name for a row: 48 bits of Unix milliseconds and 80 random ones as 26 characters of Crockford's base 32 (the ULID layout).
// It is unique, safe in addresses and sorts by time to the millisecond; it tells when it was made, so it is no secret and opens nothing.
func ID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	copy(b[6:], Bytes(10))
	return base32Of(binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:]))
}

// IsID reports whether s is written as an ID is: what comes back from outside may become a file's name or a row's.
func IsID(s string) bool {
	return len(s) == 26 && s[0] <= '7' && strings.Trim(s, crockford) == ""
}

// base32Of writes 128 bits as 26 characters of five bits, the first of which holds only three.
func base32Of(high, low uint64) string {
	var id [26]byte
	for i := len(id) - 1; i >= 0; i-- {
		id[i] = crockford[low&31]
		low = low>>5 | high<<59
		high >>= 5
	}
	return string(id[:])
}
