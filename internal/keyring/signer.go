package keyring

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// ErrNoSigner means that the ring has no signing key of that name.
var ErrNoSigner = errors.New("keyring: no such signing key")

const printedSigner = "(signing key)"

// Signing is one generation of a named signing key.
type Signing struct {
	ID          string // hexadecimal; follows from the public key, unique in the ring; fits a JWK's "kid"
	Signer      crypto.Signer
	Certificate *x509.Certificate // self-signed
	Since       time.Time         // signs from then on, until the next generation does
}

// Signings returns every generation of that name which a verifier must know, the oldest first: those that signed not long ago, the one that
// signs and the ones that will. It fails with [ErrNoSigner].
func (r *Ring) Signings(name string) ([]Signing, error) {
	generations := r.keys.Load().signers[name]
	if len(generations) == 0 {
		return nil, fmt.Errorf("%w: %q", ErrNoSigner, name)
	}
	return slices.Clone(generations), nil
}

// Signing returns the generation that signs now: the youngest that has begun. Where none has, because this machine's clock is behind, it is
// the oldest, which verifiers know. It fails with [ErrNoSigner].
func (r *Ring) Signing(name string, now time.Time) (Signing, error) {
	generations, err := r.Signings(name)
	if err != nil {
		return Signing{}, err
	}
	return generations[signs(generations, now)], nil
}

// signs is the place of the generation that signs now.
func signs(generations []Signing, now time.Time) int {
	for i := len(generations) - 1; i > 0; i-- {
		if !generations[i].Since.After(now) {
			return i
		}
	}
	return 0
}

// hiddenSigner signs and does nothing else: the key inside would print itself, digits and all.
type hiddenSigner struct{ crypto.Signer }

// Format prints "(signing key)" whatever the verb.
func (hiddenSigner) Format(f fmt.State, _ rune) { io.WriteString(f, printedSigner) }

// newSigning joins a key, its certificate and the time when it begins, which the file counts in seconds.
func newSigning(key crypto.Signer, certificate *x509.Certificate, since time.Time) Signing {
	sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	return Signing{hex.EncodeToString(sum[:idSize]), hiddenSigner{key}, certificate, seconds(since)}
}
