package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"time"

	"clave/internal/federation/saml"
	"clave/sede"
)

// samlService is the town hall, which speaks SAML 2.0 in the Cl@ve profile.
type samlService struct{ config sede.Config }

func newSAML(key *rsa.PrivateKey) (*samlService, error) {
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Sede de Villaclara"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return &samlService{sede.Config{
		Origin: hallOrigin, ProviderName: hallID + ";SEDE", Key: key, Certificate: certificate,
		GatewayURL: claveOrigin + saml.Path, GatewayIssuer: claveOrigin, Now: time.Now, Level: "low",
	}}, err
}

// enter posts a signed request through the browser, and verifies the answer that the browser brings.
func (s *samlService) enter(ctx context.Context, v *visitor) error {
	_, err := s.admit(ctx, v)
	return err
}

// admit does the same and says which request was answered.
func (s *samlService) admit(ctx context.Context, v *visitor) (id string, err error) {
	state := rand.Text()
	request, id, err := sede.BuildRequest(s.config, sede.Ask{RelayState: state, Level: s.config.Level}, time.Now())
	if err != nil {
		return "", err
	}
	p, err := v.browser.post(ctx, link(hallOrigin+"/entrar"), link(s.config.GatewayURL), url.Values{
		"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte(request))}, "RelayState": {state},
	})
	if err == nil {
		p, err = v.walk(ctx, p)
	}
	if err != nil {
		return id, err
	}
	return id, s.verify(p, v, id, state)
}

// verify reads the answer as the service does, signature and all, and compares what it says with who we are.
func (s *samlService) verify(p page, v *visitor, id, state string) error {
	f, ok := p.form("SAMLResponse")
	if !ok {
		return fmt.Errorf("no answer over SAML on %q", p.heading)
	}
	who, err := sede.ReadResponse(s.config, f.fields.Get("SAMLResponse"), id, time.Now())
	switch {
	case err != nil:
		return err
	case f.action.String() != hallOrigin+"/ReturnPage":
		return fmt.Errorf("the answer goes to %s", f.action)
	case f.fields.Get("RelayState") != state:
		return errors.New("the answer brings back another relay state")
	case who.Method != "PIN24H":
		return fmt.Errorf("the answer says that the method was %q", who.Method)
	}
	return v.names(who.NIF, who.FullName())
}
