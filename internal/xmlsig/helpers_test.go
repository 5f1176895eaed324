package xmlsig_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// An identity is a key with its self-signed certificate, valid from 2025 to 2049.
type identity struct {
	key  crypto.Signer
	cert *x509.Certificate
}

var (
	rsaSigner     = sync.OnceValue(func() identity { return newIdentity(newRSA(2048)) })
	otherSigner   = sync.OnceValue(func() identity { return newIdentity(newRSA(2048)) })
	ecSigner      = sync.OnceValue(func() identity { return newIdentity(newEC(elliptic.P256())) })
	p384Signer    = sync.OnceValue(func() identity { return newIdentity(newEC(elliptic.P384())) })
	p521Signer    = sync.OnceValue(func() identity { return newIdentity(newEC(elliptic.P521())) })
	shortSigner   = sync.OnceValue(func() identity { return newIdentity(newRSA(1024)) })
	shortECSigner = sync.OnceValue(func() identity { return newIdentity(newEC(elliptic.P224())) })
)

func newRSA(bits int) crypto.Signer { return must(rsa.GenerateKey(rand.Reader, bits)) }

func newEC(curve elliptic.Curve) crypto.Signer { return must(ecdsa.GenerateKey(curve, rand.Reader)) }

func newIdentity(key crypto.Signer) identity {
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "sp.test"},
		NotBefore:             time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return identity{key, must(x509.ParseCertificate(der))}
}

func (i identity) certs() []*x509.Certificate { return []*x509.Certificate{i.cert} }

func (i identity) options(a xmlsig.Algorithm) xmlsig.SignOptions {
	return xmlsig.SignOptions{Signer: i.key, Certificate: i.cert, Algorithm: a, After: "Issuer", PrefixList: []string{"eidas-natural", "xs"}}
}

// signed returns a file of testdata, signed.
func (i identity) signed(t testing.TB, file string, a xmlsig.Algorithm) []byte {
	t.Helper()
	root := parsed(t, fixture(t, file)).Root()
	if err := xmlsig.Sign(root, "ID", i.options(a)); err != nil {
		t.Fatal(err)
	}
	return written(t, root)
}

func fixture(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parsed(t testing.TB, b []byte) *xmlsig.Document {
	t.Helper()
	d, err := xmlsig.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func written(t testing.TB, root *etree.Element) []byte {
	t.Helper()
	b, err := xmlsig.Bytes(root)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// verify is what a service does with a message: parse, then verify.
func verify(message []byte, certs []*x509.Certificate, now time.Time) (*etree.Element, error) {
	d, err := xmlsig.Parse(message)
	if err != nil {
		return nil, err
	}
	return xmlsig.Verify(d, certs, now)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func must2[A, B any](_ A, b B, err error) B { return must(b, err) }
