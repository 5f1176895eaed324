// Package keyring holds the keys that hash, seal and sign, so that every purpose has its own and none can be used for another.
//
// A ring is one file, made once by [Create] and read by [Open]. It is born demo or live, for ever: what was made with the keys of a demo
// means nothing to a live system, and the other way round. Who holds the file can read and forge everything; it is readable by its owner
// only and belongs in no backup of the database.
//
// Signing keys come in generations. [Rotate] puts a new one into the file well before it signs; every node takes it up within a second
// ([Ring.Follow]) and every verifier in the meantime, so that nobody ever meets a signature whose key they do not know.
//
// The file is JSON:
//
//	{
//	  "version": 2,
//	  "kind":    "demo" or "live",
//	  "current": "9f2c51d07b3ea846",                   the master key that hashes and seals
//	  "masters": [{"id": "9f2c…", "key": base64}],     32 random bytes each; older ones only unseal
//	  "signers": [{
//	    "name":        "saml",
//	    "id":          "a51dc4c2d909df8a",             follows from the public key
//	    "since":       1795251600,                     Unix seconds: signs from then on
//	    "key":         base64 (PKCS #8),
//	    "certificate": base64 (X.509)
//	  }]
//	}
//
// Version 1 had one key of each name and neither "id" nor "since"; it still opens.
//
// The key of a purpose is HKDF-SHA256 (RFC 5869) of a master key; hashing and sealing for one purpose use different keys. What is sealed
// begins with the eight bytes of its master key's id and is bound to purpose, id and the caller's data. Signing keys are handed out as
// [crypto.Signer] only, never as the keys themselves, so that one in hardware can take their place.
package keyring

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"clave/internal/secret"
)

// Kind says what a ring's keys may be used for.
type Kind string

const (
	Demo Kind = "demo" // invented people, this machine only
	Live Kind = "live" // real people
)

// Use names the purpose of a key, in a few words that never change: "otp code", "citizen phone".
type Use string

const idSize = 8 // bytes

// master is a key from which those of every purpose are derived, each once: a login uses some thirty of them.
type master struct {
	id      [idSize]byte
	key     []byte
	derived *sync.Map // by what they are derived for; as many as the program has purposes
}

func newMaster(id, key []byte) master { return master{[idSize]byte(id), key, &sync.Map{}} }

// Ring holds the keys of one system and may be used by many at once. Its keys change only while [Ring.Follow] runs.
type Ring struct {
	kind Kind
	keys atomic.Pointer[keys]
	file source
}

// keys are what one version of the file holds. They never change.
type keys struct {
	current master
	masters []master
	signers map[string][]Signing // of each name the oldest first
}

// Kind tells a demo's ring from a live one.
func (r *Ring) Kind() Kind { return r.kind }

// Hash returns the keyed hash of the parts for this use, under the current master key.
func (r *Ring) Hash(use Use, parts ...string) secret.Hash {
	return secret.HMAC(r.keys.Load().current.derive("hash", use), string(use), parts...)
}

// Seal encrypts plain for this use. The same ad (owner, login, expiry: whatever must not be swapped) must be given to [Ring.Unseal].
func (r *Ring) Seal(use Use, ad string, plain []byte) []byte {
	m := r.keys.Load().current
	return append(m.id[:], secret.Seal(m.derive("seal", use), m.bind(use, ad), plain)...)
}

// Unseal returns what was sealed for this use with this ad, under any master key of the ring. It fails with [secret.ErrOpen], which says
// nothing more.
func (r *Ring) Unseal(use Use, ad string, sealed []byte) ([]byte, error) {
	for _, m := range r.keys.Load().masters {
		if rest, ok := bytes.CutPrefix(sealed, m.id[:]); ok {
			return secret.Open(m.derive("seal", use), m.bind(use, ad), rest)
		}
	}
	return nil, secret.ErrOpen
}

// derive returns the key of one use. A use without a name would be everybody's, and panics.
func (m master) derive(act string, use Use) []byte {
	if use == "" {
		panic("keyring: a key without a use")
	}
	info := "clave keyring 1 " + act + " " + string(use)
	if known, ok := m.derived.Load(info); ok {
		return known.([]byte)
	}
	key, err := hkdf.Key(sha256.New, m.key, nil, info, secret.KeySize)
	if err != nil {
		panic(err) // only for lengths that SHA-256 cannot give
	}
	m.derived.Store(info, key)
	return key
}

// bind joins use, key id and ad without ambiguity: the lengths of the first two come first.
func (m master) bind(use Use, ad string) string {
	return fmt.Sprintf("%d:%s:%s:%s", len(use), use, m.name(), ad)
}

func (m master) name() string { return hex.EncodeToString(m.id[:]) }

// Format prints the kind and nothing else, whatever the verb.
func (r *Ring) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "(keyring %s)", r.kind) }

// LogValue is the kind and nothing else.
func (r *Ring) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }
