package stories_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"

	"clave/internal/keyring"
	"clave/internal/node"
	"clave/sede"
)

// townHall is the sample service with the keys that the demonstration knows it by.
func (p *process) townHall(w *world) http.Handler {
	text, err := os.ReadFile(filepath.Join(p.dir, "sede.pem"))
	if err != nil {
		p.t.Fatal(err)
	}
	key, rest := pem.Decode(text)
	own, _ := pem.Decode(rest)
	signer, err := x509.ParsePKCS1PrivateKey(key.Bytes)
	if err != nil {
		p.t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(own.Bytes)
	if err != nil {
		p.t.Fatal(err)
	}
	ring, err := keyring.Open(filepath.Join(p.dir, "keys.json"))
	if err != nil {
		p.t.Fatal(err)
	}
	_, gateway, err := ring.Signer("saml")
	if err != nil {
		p.t.Fatal(err)
	}
	site, err := sede.New(sede.Config{
		Origin: w.sede, ProviderName: "P9999901A_L01999999;SEDE", Key: signer, Certificate: certificate,
		GatewayURL: w.clave + node.SAMLPath, GatewayIssuer: w.clave, GatewayCertificate: gateway, Now: p.now, Level: "low",
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return site
}
