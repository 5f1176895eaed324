package demo

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"time"

	"clave/internal/relying"
	"clave/internal/store"
)

// partyID is the sample service's ProviderName, up to the semicolon.
const partyID = "P9999901A_L01999999"

// serviceKey is the sample service's own key: an ordinary third party has one of its own.
type serviceKey struct {
	signer      crypto.Signer
	certificate *x509.Certificate
}

// parties are the services of the demonstration.
func parties(origin string, key serviceKey) relying.List {
	return relying.List{{
		ID:    partyID,
		Names: map[string]string{
			"es": "Sede electrónica de Villaclara", "ca": "Seu electrònica de Villaclara", "eu": "Villaclarako egoitza elektronikoa",
			"en": "Villaclara online office",
		},
		SAML:  &relying.SAML{Certificates: []*x509.Certificate{key.certificate}, ReturnTo: []string{origin + "/ReturnPage"}},
		Test:  true,
	}}
}

// registerServices writes the services of the demonstration where all services are registered: clave party shows them, and an
// integrator's own stand beside them.
func registerServices(ctx context.Context, s *store.Store, services relying.List, now func() time.Time) error {
	keeper := relying.Keeper{Store: s, From: "clave demo", Now: now}
	for _, p := range services {
		if err := keeper.Put(ctx, p); err != nil {
			return fmt.Errorf("demo: register %s: %w", p.ID, err)
		}
	}
	return nil
}

// openService reads the key, or makes one.
func openService(path string, now time.Time) (serviceKey, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return makeService(path, now)
	}
	if err != nil {
		return serviceKey{}, err
	}
	keyBlock, rest := pem.Decode(text)
	certificateBlock, _ := pem.Decode(rest)
	if keyBlock == nil || certificateBlock == nil {
		return serviceKey{}, fmt.Errorf("demo: %s: want a key and a certificate", path)
	}
	key, err := x509.ParsePKCS1PrivateKey(keyBlock.Bytes)
	if err != nil {
		return serviceKey{}, fmt.Errorf("demo: %s: %w", path, err)
	}
	certificate, err := x509.ParseCertificate(certificateBlock.Bytes)
	return serviceKey{key, certificate}, err
}

func makeService(path string, now time.Time) (serviceKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return serviceKey{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Sede de Villaclara (demo)"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return serviceKey{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return serviceKey{}, err
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	return serviceKey{key, certificate}, os.WriteFile(path, text, 0o600)
}
