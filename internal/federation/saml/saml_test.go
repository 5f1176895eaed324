package saml_test

import (
	"crypto"
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
	"clave/internal/relying"
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

// newGateway knows one service, another that has not registered a certificate, and a third one whose key is a stranger's to the first.
func newGateway(now time.Time) *saml.Gateway {
	spanish := map[string]string{"es": "Servicio de pruebas"}
	own := gatewayKey()
	return &saml.Gateway{
		Destination: destination, Issuer: "https://clave.test", Signer: crypto.Signer(own.key), Certificate: own.cert,
		Now: func() time.Time { return now }, Skew: 5 * time.Minute,
		Parties: relying.List{
			{ID: partyID, Names: spanish, SAML: &relying.SAML{Certificates: []*x509.Certificate{service().cert}, ReturnTo: []string{"https://sp.test/ReturnPage", "https://sp.test/session/*"}}},
			{ID: "S1111111B_E11111111", Names: spanish, SAML: &relying.SAML{ReturnTo: []string{"https://other.test/"}}},
			{ID: "S2222222C_E22222222", Names: spanish, SAML: &relying.SAML{Certificates: []*x509.Certificate{stranger().cert}, ReturnTo: []string{"https://third.test/"}}},
		},
	}
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
