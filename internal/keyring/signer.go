package keyring

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"time"

	"clave/internal/secret"
)

const (
	rsaBits       = 2048
	validYears    = 10
	serialSize    = 16 // bytes; RFC 5280 §4.1.2.2 allows 20
	clockSkew     = time.Hour
	printedSigner = "(signing key)"
)

// signing is a named key with its certificate.
type signing struct {
	signer      crypto.Signer
	certificate *x509.Certificate
}

// Signer returns the signing key of that name and its certificate: "saml" is RSA of 2048 bits with a self-signed certificate. It fails
// with [ErrNoSigner].
func (r *Ring) Signer(name string) (crypto.Signer, *x509.Certificate, error) {
	s, ok := r.signers[name]
	if !ok {
		return nil, nil, fmt.Errorf("%w: %q", ErrNoSigner, name)
	}
	return hiddenSigner{s.signer}, s.certificate, nil
}

// hiddenSigner signs and does nothing else: the key inside would print itself, digits and all.
type hiddenSigner struct{ crypto.Signer }

// Format prints "(signing key)" whatever the verb.
func (hiddenSigner) Format(f fmt.State, _ rune) { io.WriteString(f, printedSigner) }

// makeSigning draws an RSA key and certifies it with itself. Services trust the certificate because we gave it to them, not for its
// issuer, so it says no more than whose it is.
func makeSigning(name string, kind Kind, now time.Time) (signing, error) {
	key, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return signing{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(secret.Bytes(serialSize)),
		Subject:               pkix.Name{CommonName: fmt.Sprintf("Clave %s (%s)", name, kind)},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.AddDate(validYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return signing{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	return signing{key, certificate}, err
}
