package web

import (
	"encoding/binary"

	"clave/internal/keyring"
	"clave/internal/secret"
)

// scramble is a secret order of all numbers of 45 bits: an alternating Feistel network of ten rounds with HMAC-SHA256, as
// FF1 of NIST SP 800-38G has it, without its radix. It hides what a reference says from whoever has no key, and makes
// references of one minute look unlike. What it hides is no secret worth more: a page that the reader has seen.
type scramble struct{ key []byte }

const (
	scrambledBits = minuteBits + numberBits + drawnBits
	leftBits      = scrambledBits / 2
	rightBits     = scrambledBits - leftBits
	rounds        = 10 // even, so that both halves end where they began
)

func newScramble(ring *keyring.Ring) scramble { return scramble{ring.Hash(referenceUse)} }

func (s scramble) encipher(plain uint64) uint64 {
	left, right := plain>>rightBits, plain&(1<<rightBits-1)
	for i := 0; i < rounds; i += 2 {
		left ^= s.round(i, right) & (1<<leftBits - 1)
		right ^= s.round(i+1, left) & (1<<rightBits - 1)
	}
	return left<<rightBits | right
}

func (s scramble) decipher(sealed uint64) uint64 {
	left, right := sealed>>rightBits, sealed&(1<<rightBits-1)
	for i := rounds - 2; i >= 0; i -= 2 {
		right ^= s.round(i+1, left) & (1<<rightBits - 1)
		left ^= s.round(i, right) & (1<<leftBits - 1)
	}
	return left<<rightBits | right
}

func (s scramble) round(i int, half uint64) uint64 {
	var in [9]byte
	in[0] = byte(i)
	binary.BigEndian.PutUint64(in[1:], half)
	return binary.BigEndian.Uint64(secret.HMAC(s.key, "reference round", string(in[:])))
}
