package keyring

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"clave/internal/secret"
)

// hashSize is the length of every hash of [Ring.Hash]. What has another length is no such hash, and is stored as it is.
const hashSize = sha256.Size

// Stored returns how the database keeps a hash: as it is while the first master key seals, enciphered under the one that seals later. Whoever
// steals a database and an old ring can recompute hashes, and does not find them. The first form is the one to write now; a row may be found
// under any. There is one form only, unless master keys are being changed.
func (r *Ring) Stored(h secret.Hash, now time.Time) [][]byte {
	k := r.keys.Load()
	if len(h) != hashSize {
		return [][]byte{h}
	}
	forms := [][]byte{k.form(k.sealing(now), h)}
	for _, m := range k.masters {
		if !m.retired && m.id != k.sealing(now).id {
			forms = append(forms, k.form(m, h))
		}
	}
	return forms
}

// form is how rows under a master key hold a hash. That of the first key, which made the hash, is the hash itself.
func (k *keys) form(m master, h secret.Hash) []byte {
	if m.id == k.hashing.id {
		return h
	}
	return m.shroud(h)
}

// Hashed returns the hash that the database kept. It fails with [secret.ErrOpen] when the ring does not have the key.
func (r *Ring) Hashed(stored []byte) (secret.Hash, error) {
	if len(stored) != idSize+hashSize {
		return stored, nil
	}
	for _, m := range r.keys.Load().masters {
		if [idSize]byte(stored) == m.id {
			return m.unshroud(stored), nil
		}
	}
	return nil, secret.ErrOpen
}

// Master is what anybody may know of a master key.
type Master struct {
	ID      string
	Since   time.Time // seals from then on, until the next one does
	Seals   bool      // now
	Hashes  bool      // the first one: hashes are made with it for ever
	Retired bool      // no row depends on it
}

// Prefix is what begins everything sealed under the key, and every stored hash; a hash of the first key has none.
func (m Master) Prefix() []byte {
	id, _ := hex.DecodeString(m.ID) // it was made by Masters
	return id
}

// Masters returns the master keys, the oldest first.
func (r *Ring) Masters(now time.Time) (list []Master) {
	k := r.keys.Load()
	for _, m := range k.masters {
		list = append(list, Master{m.name(), m.since, m.id == k.sealing(now).id, m.id == k.hashing.id, m.retired})
	}
	return list
}
