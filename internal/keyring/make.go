package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"clave/internal/secret"
)

const (
	rsaBits    = 2048
	validYears = 10
	serialSize = 16 // bytes; RFC 5280 §4.1.2.2 allows 20
	clockSkew  = time.Hour
)

// algorithms says what key signs under each name. A ring has all of them.
var algorithms = map[string]func() (crypto.Signer, error){
	"saml":       drawRSA,
	"oidc":       drawP256, // ES256 of RFC 7518
	"oidc-rs256": drawRSA,  // for services whose software knows RS256 only
}

// Names are those of the signing keys that a ring has, in order.
func Names() []string { return slices.Sorted(maps.Keys(algorithms)) }

func drawRSA() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, rsaBits) }

func drawP256() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// fits reports whether the key is of the algorithm that its name promises; with another, whoever asks it to sign would fail at the first
// citizen. Names that we do not know promise nothing.
func fits(name string, public crypto.PublicKey) bool {
	switch name {
	case "saml", "oidc-rs256":
		key, ok := public.(*rsa.PublicKey)
		return ok && key.N.BitLen() >= rsaBits
	case "oidc":
		key, ok := public.(*ecdsa.PublicKey)
		return ok && key.Curve == elliptic.P256()
	}
	return true
}

// makeSigning draws a key and certifies it with itself. Services trust the certificate because we gave it to them, not for its issuer, so it
// says no more than whose it is. It is good from now, though it signs later: who is told of it may look at its dates.
func makeSigning(name string, kind Kind, now, since time.Time, token *hardware) (Signing, error) {
	key, err := drawSigner(name, token)
	if err != nil {
		return Signing{}, err
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
		return Signing{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return Signing{}, err
	}
	return newSigning(key, certificate, since), nil
}

// drawSigner draws a key in the token, or here if there is none.
func drawSigner(name string, token *hardware) (crypto.Signer, error) {
	draw, ok := algorithms[name]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrNoSigner, name)
	}
	if token == nil {
		return draw()
	}
	box, err := token.open(false)
	if err != nil {
		return nil, err
	}
	return box.draw(name)
}

// drawMaster draws a master key; where there is a token, only what that opens goes into the file.
func (k *keys) drawMaster(since time.Time) (master, error) {
	m := newMaster(secret.Bytes(idSize), secret.Bytes(secret.KeySize), since)
	if k.token == nil {
		return m, nil
	}
	box, err := k.token.open(false)
	if err != nil {
		return master{}, err
	}
	m.wrapped, err = wrap(box, m.id[:], m.key)
	return m, err
}
