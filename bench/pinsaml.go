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
	"io"
	"math/big"
	"net/url"
	"os"
	"time"

	"clave/internal/federation/saml"
	"clave/sede"
)

// pinSAML drives complete PIN logins over SAML.
func pinSAML(ctx context.Context, o options, out io.Writer) (err error) {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	disk, err := syncedWrites(dir)
	if err != nil {
		return err
	}
	service, err := newService(time.Now())
	if err != nil {
		return err
	}
	h, err := start(ctx, order{dir, max(o.citizens, o.warmup+o.logins), service.Certificate.Raw, o.profile})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	service.GatewayCertificate = h.certificate
	result, err := measure(ctx, o, h, yardstick{service.Key.(*rsa.PrivateKey)}, pinLogin{h, service}.login)
	if err != nil {
		return err
	}
	result.disk = disk
	return result.print(out, "pin-saml", o)
}

// newService is a public service, with a key of its own.
func newService(now time.Time) (sede.Config, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return sede.Config{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Sede de Villaclara"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return sede.Config{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	return sede.Config{
		Origin: sedeOrigin, ProviderName: partyID + ";SEDE", Key: key, Certificate: certificate,
		GatewayURL: claveOrigin + saml.Path, GatewayIssuer: claveOrigin, Now: time.Now, Level: "low",
	}, err
}

// pinLogin is the journey: the service asks, the person says who they are, gets the code on the phone and types it, and
// the service verifies the answer.
type pinLogin struct {
	house   *house
	service sede.Config
}

// maxPages bounds a journey that goes in a circle.
const maxPages = 8

// login is done by citizen number i, once: more would be against the limits.
func (j pinLogin) login(ctx context.Context, i int) error {
	b := newBrowser(j.house.Address, addressOf(i))
	defer b.close()
	state := rand.Text()
	request, id, err := sede.BuildRequest(j.service, state, j.service.Level, time.Now())
	if err != nil {
		return err
	}
	p, err := b.post(ctx, must(url.Parse(sedeOrigin+"/entrar")), must(url.Parse(j.service.GatewayURL)), url.Values{
		"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte(request))}, "RelayState": {state},
	})
	for range maxPages {
		if err != nil {
			return err
		}
		if f, ok := p.form("SAMLResponse"); ok {
			return j.verify(f, i, id, state)
		}
		p, err = j.fill(ctx, b, p, i)
	}
	return fmt.Errorf("no answer after %d pages; the last is %q", maxPages, p.heading)
}

// fill types what a page asks for, and sends it.
func (j pinLogin) fill(ctx context.Context, b *browser, p page, i int) (page, error) {
	who := somebody(i)
	for _, question := range []struct {
		field  string
		answer func() (string, error)
	}{
		{"nif", func() (string, error) { return who.NIF.String(), nil }},
		{"datum", func() (string, error) { return typed(who.Datum), nil }},
		{"pin", func() (string, error) { return j.house.phones.code(ctx, phoneOf(i), claveHost) }},
	} {
		f, ok := p.form(question.field)
		if !ok {
			continue
		}
		answer, err := question.answer()
		if err != nil {
			return page{}, err
		}
		f.fields.Set(question.field, answer)
		return b.post(ctx, p.at, f.action, f.fields)
	}
	return page{}, fmt.Errorf("%s asks for nothing that we know: %q", p.at.Path, p.heading)
}

// verify reads the answer as the service does, signature and all, and compares what it says with who we are.
func (j pinLogin) verify(f form, i int, id, state string) error {
	who, err := sede.ReadResponse(j.service, f.fields.Get("SAMLResponse"), id, time.Now())
	p := somebody(i)
	switch {
	case err != nil:
		return err
	case f.action.String() != sedeOrigin+"/ReturnPage":
		return fmt.Errorf("the answer goes to %s", f.action)
	case f.fields.Get("RelayState") != state:
		return errors.New("the answer brings back another relay state")
	case who.NIF != p.NIF.String() || who.FullName() != p.Name():
		return errors.New("the answer names somebody else")
	case who.Method != "PIN24H":
		return fmt.Errorf("the answer says that the method was %q", who.Method)
	}
	return nil
}
