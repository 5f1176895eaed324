package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"clave/internal/secret"
)

// master is a key from which those of every purpose are derived, each once: a login uses some thirty of them.
type master struct {
	id      [idSize]byte
	key     []byte
	wrapped []byte    // the key as the file has it, when a token holds what opens it
	since   time.Time // seals from then on, until the next one does
	retired bool      // no row of the database depends on it; it opens what is left elsewhere
	derived *sync.Map // by what they are derived for; as many as the program has purposes
}

func newMaster(id, key []byte, since time.Time) master {
	return master{id: [idSize]byte(id), key: key, since: seconds(since), derived: &sync.Map{}}
}

// sealing is the master key that seals now: the youngest that has begun. Where none has, because this machine's clock is behind, it is the
// oldest, which every node knows.
func (k *keys) sealing(now time.Time) master {
	for _, m := range slices.Backward(k.masters) {
		if !m.retired && !m.since.After(now) {
			return m
		}
	}
	return k.masters[slices.IndexFunc(k.masters, func(m master) bool { return !m.retired })]
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

func (m master) equal(o master) bool {
	return m.id == o.id && subtle.ConstantTimeCompare(m.key, o.key) == 1
}

// shroud enciphers a hash for the database, with the id of the key in front. The hash is the output of an HMAC: uniform, and the same twice
// only for the same thing, which is what it is to be found by. So AES-256 in CBC mode needs no other nonce than none.
func (m master) shroud(h secret.Hash) []byte {
	out := append(slices.Clone(m.id[:]), h...)
	cipher.NewCBCEncrypter(m.block(), make([]byte, aes.BlockSize)).CryptBlocks(out[idSize:], out[idSize:])
	return out
}

func (m master) unshroud(stored []byte) secret.Hash {
	out := slices.Clone(stored[idSize:])
	cipher.NewCBCDecrypter(m.block(), make([]byte, aes.BlockSize)).CryptBlocks(out, out)
	return out
}

func (m master) block() cipher.Block {
	b, err := aes.NewCipher(m.derive("shroud", "stored hash"))
	if err != nil {
		panic(err) // only for other lengths of key
	}
	return b
}
