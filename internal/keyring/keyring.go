// Package keyring holds the keys that hash, seal and sign, so that every purpose has its own and none can be used for another.
//
// A ring is one file, made once by [Create] and read by [Open]. It is born demo or live, for ever: what was made with the keys of a demo
// means nothing to a live system, and the other way round. Who holds the file can read and forge everything; it is readable by its owner
// only and belongs in no backup of the database.
//
// Keys come in generations, the master keys too. [Rotate] puts a new one into the file well before it signs or seals; every node takes it up
// within a second ([Ring.Follow]) and every verifier in the meantime, so that nobody ever meets a signature, or a row, whose key they do not
// know.
//
// The file is JSON:
//
//	{
//	  "version": 3,
//	  "kind":    "demo" or "live",
//	  "hashing": "9f2c51d07b3ea846",                   the first master key, which hashes
//	  "masters": [{
//	    "id":      "9f2c51d07b3ea846",
//	    "since":   1795251600,                         Unix seconds: seals from then on
//	    "retired": true,                               no row depends on it; left out: false
//	    "key":     base64                              32 random bytes
//	  }],
//	  "signers": [{
//	    "name":        "saml",
//	    "id":          "a51dc4c2d909df8a",             follows from the public key
//	    "since":       1795251600,                     signs from then on
//	    "key":         base64 (PKCS #8),
//	    "certificate": base64 (X.509)
//	  }]
//	}
//
// With keys in a token (PKCS #11) it also has "hardware", which says where that is; a signer then has no "key", and a master has "wrapped"
// in its place: encrypted to a key that never leaves the token ([CreateHardware]).
//
// Version 1 had one key of each name and neither "id" nor "since"; versions 1 and 2 had masters without "since" and named the "current" one,
// which hashed and sealed. They still open.
//
// The key of a purpose is HKDF-SHA256 (RFC 5869) of a master key; hashing and sealing for one purpose use different keys. What is sealed
// begins with the eight bytes of its master key's id and is bound to purpose, id and the caller's data. A hash does not change with the master
// keys, or nobody would be found any more; the database keeps it enciphered under the master that seals ([Ring.Stored]), so that a changed
// key shuts out whoever had the old ring. Signing keys are handed out as [crypto.Signer] only, never as the keys themselves.
package keyring

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

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

// Ring holds the keys of one system and may be used by many at once. Its keys change only while [Ring.Follow] runs.
type Ring struct {
	kind Kind
	keys atomic.Pointer[keys]
	file source
}

// keys are what one version of the file holds. They never change.
type keys struct {
	hashing master               // the first one: what was hashed is found for ever
	masters []master             // the oldest first
	signers map[string][]Signing // of each name the oldest first
	token   *hardware            // where the private keys are; nil: in the file
}

// Kind tells a demo's ring from a live one.
func (r *Ring) Kind() Kind { return r.kind }

// Hash returns the keyed hash of the parts for this use. It is the same for ever; how a database keeps it changes with the keys
// ([Ring.Stored]).
func (r *Ring) Hash(use Use, parts ...string) secret.Hash {
	return secret.HMAC(r.keys.Load().hashing.derive("hash", use), string(use), parts...)
}

// Seal encrypts plain for this use, under the master key that seals now. The same ad (owner, login, expiry: whatever must not be swapped) must
// be given to [Ring.Unseal].
func (r *Ring) Seal(now time.Time, use Use, ad string, plain []byte) []byte {
	m := r.keys.Load().sealing(now)
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

// Format prints the kind and nothing else, whatever the verb.
func (r *Ring) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "(keyring %s)", r.kind) }

// LogValue is the kind and nothing else.
func (r *Ring) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }
