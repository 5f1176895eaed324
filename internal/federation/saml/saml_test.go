package saml_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"sync"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/federation/saml"
	"clave/internal/login"
	"clave/internal/nif"
	"clave/internal/xmlsig"
)

const (
	partyID     = "S0000000A_E00000000"
	destination = "https://clave.test/Proxy2/ServiceProvider"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// An identity is a key with its self-signed certificate, valid from 2025 to 2049.
type identity struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

var (
	gatewayKey = sync.OnceValue(func() identity { return newIdentity("clave.test") })
	service    = sync.OnceValue(func() identity { return newIdentity("sp.test") })
	successor  = sync.OnceValue(func() identity { return newIdentity("sp.test") })
	stranger   = sync.OnceValue(func() identity { return newIdentity("sp.test") })
)

func newIdentity(name string) identity {
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	return identity{key, must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))))}
}

func (i identity) certPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw}))
}

func (i identity) keyPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(i.key))}))
}

// newResult is a sign-in that the broker completed for a request.
func newResult(req login.Request) login.Result {
	return login.Result{
		Login:   login.Login{ID: "login", Began: noon, Request: req},
		Citizen: citizen.Citizen{NIF: must(nif.Parse("00000000T")), GivenName: "BEGOÑA", FirstSurname: "ÁLVAREZ & MUÑIZ", SecondSurname: "DEL <OLMO>"},
		Method:  assurance.PIN, Level: assurance.Substantial, At: noon.Add(-3 * time.Second), From: "192.0.2.1",
	}
}

// parsed is the request that a message makes.
func parsed(t testing.TB, r request, relayState string) login.Request {
	t.Helper()
	req, err := newGateway(noon).Parse(t.Context(), field(r.signed(t)), relayState)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// answer is the message of a form, checked as far as every service checks it: our signature over a Response.
func answer(t testing.TB, f saml.Form) []byte {
	t.Helper()
	if f.Fields[0].Name != "SAMLResponse" {
		t.Fatalf("fields %v", f.Fields)
	}
	message := must(base64.StdEncoding.DecodeString(f.Fields[0].Value))
	doc, err := xmlsig.Parse(message)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := xmlsig.Verify(doc, []*x509.Certificate{gatewayKey().cert}, noon); err != nil {
		t.Fatal(err)
	}
	return message
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// curve is a key that assertions cannot be encrypted for.
var curve = sync.OnceValue(func() ecIdentity {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(20, 0, 0)}
	return ecIdentity{key, must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))))}
})

type ecIdentity struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func decodedField(t testing.TB, f saml.Form) []byte {
	t.Helper()
	return must(base64.StdEncoding.DecodeString(f.Fields[0].Value))
}

func base64Of(c *x509.Certificate) string { return base64.StdEncoding.EncodeToString(c.Raw) }

// weakIdentity is the certificate of a key of 1,024 bits.
func weakIdentity() *x509.Certificate {
	return certificateOf(must(rsa.GenerateKey(rand.Reader, 1024)), noon.AddDate(1, 0, 0))
}

// expired is a certificate that was over yesterday.
func expired() *x509.Certificate { return certificateOf(stranger().key, noon.AddDate(0, 0, -1)) }

func certificateOf(key *rsa.PrivateKey, until time.Time) *x509.Certificate {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: noon.AddDate(-2, 0, 0), NotAfter: until}
	return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))))
}
