package secret

import (
	"crypto/cipher"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrOpen says that something could not be opened, and not why: changed, cut, another key and another purpose look alike to whoever
// tries.
var ErrOpen = errors.New("secret: cannot open")

// Seal encrypts plain with XChaCha20-Poly1305 under a key of [KeySize] bytes and a random nonce, which goes in front. The same ad
// (purpose, owner, expiry: whatever must not be swapped) must be given to [Open]. A key of another size panics.
func Seal(key []byte, ad string, plain []byte) []byte {
	nonce := Bytes(chacha20poly1305.NonceSizeX)
	return aead(key).Seal(nonce, nonce, plain, []byte(ad))
}

// Open returns what was sealed with this key and this ad, or [ErrOpen].
func Open(key []byte, ad string, sealed []byte) ([]byte, error) {
	box := aead(key)
	if len(sealed) < chacha20poly1305.NonceSizeX {
		return nil, ErrOpen
	}
	nonce, rest := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
	plain, err := box.Open(nil, nonce, rest, []byte(ad))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

func aead(key []byte) cipher.AEAD {
	box, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic("secret: sealing key is not of 32 bytes")
	}
	return box
}
