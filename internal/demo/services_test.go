package demo_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/demo"
	"clave/internal/relying"
)

// The services are registered as any other: in the store, once, at the addresses of this run.
func TestServicesAreRegistered(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		d, err := demo.Start(t.Context(), demo.Options{Data: dir})
		if err != nil {
			t.Fatal(err)
		}
		list, _, err := d.Node.Store.Parties(t.Context())
		if err != nil || len(list) != 4 {
			t.Errorf("%d services are registered (%v)", len(list), err)
		}
		for _, p := range list {
			for _, lang := range relying.Langs {
				if p.Names[lang] == "" {
					t.Errorf("%s has no name in %s", p.ID, lang)
				}
			}
			where := d.Tax
			if p.SAML != nil {
				where = d.Sede
			}
			if addresses := returns(p); !strings.HasPrefix(addresses, where+"/") {
				t.Errorf("%s is answered at %s, and is at %s", p.ID, addresses, where)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"sede.pem", "hacienda.pem"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func returns(p relying.Party) string {
	if p.SAML != nil {
		return p.SAML.ReturnTo[0]
	}
	return p.OIDC.Redirects[0]
}

func TestWhatEachServiceIsThereToShow(t *testing.T) {
	d := start(t, demo.Options{})
	list, _, err := d.Node.Store.Parties(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	alone, strict, asks := 0, 0, 0
	for _, p := range list {
		if p.Alone() {
			alone++
		}
		if p.Level == assurance.Substantial {
			strict++
		}
		if p.OIDC != nil && p.OIDC.CIBA == relying.Poll && p.OIDC.BackChannel != "" {
			asks++
		}
	}
	if alone != 1 || strict != 1 || asks != 1 {
		t.Errorf("%d stay alone, %d are strict, %d ask by telephone", alone, strict, asks)
	}
}

// Each service's own request is one that Clave takes: the person comes to a page of Clave's, in the service's name.
func TestEveryServiceReachesClave(t *testing.T) {
	d := start(t, demo.Options{})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{Jar: jar}
	answer, err := browser.Get(d.Tax + "/entrar?tramite=recibos")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Request.URL.String(), d.Clave+"/login/") {
		t.Errorf("the tax office leads to %s: %d", answer.Request.URL, answer.StatusCode)
	}
	for service, procedure := range map[string]string{"": "cita", "/salud": "medico", "/registro": "nacimiento"} {
		_, page := get(t, d.Sede+service+"/entrar?tramite="+procedure, nil)
		fields := url.Values{}
		for _, name := range []string{"SAMLRequest", "RelayState"} {
			_, rest, _ := strings.Cut(page, `name="`+name+`" value="`)
			value, _, _ := strings.Cut(rest, `"`)
			fields.Set(name, strings.ReplaceAll(value, "&#43;", "+"))
		}
		answer, err := browser.PostForm(d.Clave+"/Proxy2/ServiceProvider", fields)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Request.URL.String(), d.Clave+"/login/") {
			t.Errorf("%q leads to %s: %d", service, answer.Request.URL, answer.StatusCode)
		}
	}
}

// Over TLS, with a certificate of the demonstration's own making, the services still find Clave.
func TestServicesReachClaveOverTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	d := start(t, demo.Options{TLS: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}})
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	known := x509.NewCertPool()
	known.AddCert(certificate)
	browser := http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: known}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer browser.CloseIdleConnections()
	answer, err := browser.Get(d.Tax + "/entrar?tramite=recibos")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if to := answer.Header.Get("Location"); !strings.HasPrefix(to, d.Clave+"/oidc/authorize?") {
		t.Errorf("%s, to %q", answer.Status, to)
	}
}
