package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"log/slog"
)

// KeySize is the length in bytes of every key of this package.
const KeySize = 32

const printedHash = "(hash)"

// Hash is the keyed hash of a secret or of personal data, 32 bytes: what a database may keep.
type Hash []byte

// HMAC returns the HMAC-SHA256 of the parts under the key. The label names the purpose. Label and parts are length-prefixed, so that no
// two different inputs hash alike: ("ab", "c") is not ("a", "bc"). A key shorter than [KeySize] is a mistake of the program and panics.
func HMAC(key []byte, label string, parts ...string) Hash {
	if len(key) < KeySize {
		panic("secret: HMAC key shorter than 32 bytes")
	}
	mac := hmac.New(sha256.New, key)
	writePart(mac, label)
	for _, p := range parts {
		writePart(mac, p)
	}
	return mac.Sum(nil)
}

func writePart(mac hash.Hash, part string) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(part)))
	mac.Write(size[:])
	io.WriteString(mac, part)
}

// Equal compares in constant time: how long it takes does not tell how many bytes were right. An empty hash equals nothing, not even
// another empty one, so that a row without a code is matched by no code.
func (h Hash) Equal(other Hash) bool {
	return len(h) > 0 && subtle.ConstantTimeCompare(h, other) == 1
}

// String returns "(hash)": the hash of a short code is as good as the code to whoever has the key.
func (h Hash) String() string { return printedHash }

// Format prints "(hash)" whatever the verb.
func (h Hash) Format(f fmt.State, _ rune) { io.WriteString(f, printedHash) }

// LogValue returns "(hash)".
func (h Hash) LogValue() slog.Value { return slog.StringValue(printedHash) }

// Value gives a database the bytes; without it a driver that asks for String would store "(hash)".
func (h Hash) Value() (driver.Value, error) {
	if h == nil {
		return nil, nil
	}
	return []byte(h), nil
}
