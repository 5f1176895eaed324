package keyring

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // what tokens speak in OAEP; it serves as a mask there, and its collisions help nobody (RFC 8017 §B.1)
	"errors"
	"fmt"
	"time"
)

// What can be wrong with a token.
var (
	ErrNoHardware = errors.New("keyring: this program was built without PKCS #11; build it with -tags pkcs11")
	ErrToken      = errors.New("keyring: the token does not answer")
	ErrPIN        = errors.New("keyring: the token refuses the PIN") // trying again by itself locks it for good
)

// Hardware says in which token the keys are.
type Hardware struct {
	Module  string // the PKCS #11 library of the token's maker
	Token   string // the token's label
	PINFile string // holds the user's PIN; nobody else may read it
}

// hardware is how the file says so.
type hardware struct {
	Module  string `json:"module"`
	Token   string `json:"token"`
	PINFile string `json:"pin_file"`
}

// vault is a token: its private keys never leave it.
type vault interface {
	// draw makes the key of that name.
	draw(name string) (crypto.Signer, error)
	// signer finds the private key of a public one; nil if the token has none.
	signer(public crypto.PublicKey) (crypto.Signer, error)
	// wrapping is the key that master keys are encrypted to, made when there is none.
	wrapping() (*rsa.PublicKey, error)
	// unwrap decrypts what was encrypted to it by OAEP with SHA-1.
	unwrap(wrapped []byte) ([]byte, error)
	// check fails with [ErrToken] when the token does not answer.
	check() error
}

// CreateHardware is [Create] with the keys in a token. The signing keys are made there and never leave it. The master keys, which every
// request uses many times over, are kept in the file, encrypted to a key of the token, and opened once at the start: whoever has the file and
// not the token has nothing; whoever rules the running machine reads the master keys in its memory, and can have signatures made for as long
// as they stay, but takes no signing key along.
func CreateHardware(path string, kind Kind, where Hardware, now time.Time) (*Ring, error) {
	token := hardware(where)
	r, err := drawIn(kind, now, &token)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return r.create(path)
}

// box opens the token that the file names; without one it is nil.
func (f file) box() (vault, error) {
	if f.Token == nil {
		return nil, nil
	}
	return f.Token.open(f.wary)
}

// wrap encrypts a master key to the token. Its id goes with it, so that one cannot be shown as another.
func wrap(box vault, id, key []byte) ([]byte, error) {
	public, err := box.wrapping()
	if err != nil {
		return nil, err
	}
	return rsa.EncryptOAEP(sha1.New(), rand.Reader, public, append(bytes.Clone(id), key...), nil)
}

func unwrap(box vault, id, wrapped []byte) ([]byte, error) {
	plain, err := box.unwrap(wrapped)
	if err != nil {
		return nil, err
	}
	key, ok := bytes.CutPrefix(plain, id)
	if !ok {
		return nil, fmt.Errorf("%w: a master key is not the one that it says", ErrFile)
	}
	return key, nil
}
