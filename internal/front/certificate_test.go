package front

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// put writes a pair for a host, and returns its certificate.
func put(t *testing.T, f Files, host string, until time.Time) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(until.UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: until.AddDate(-1, 0, 0), NotAfter: until,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, f.Certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	replace(t, f.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	one, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return one
}

// replace puts a new file in the place of an old one, as those do who renew certificates.
func replace(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name+".new", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

func pair(t *testing.T) Files {
	dir := t.TempDir()
	return Files{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), "clave.test"}
}

// logged collects the log until the test ends.
func logged(t *testing.T) *bytes.Buffer {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &out
}

func TestCertificateIsTakenUpWhileServing(t *testing.T) {
	f, out := pair(t), logged(t)
	synctest.Test(t, func(t *testing.T) {
		year := time.Now().AddDate(1, 0, 0)
		first := put(t, f, f.Host, year)
		c, err := OpenCertificate(f)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go c.Follow(ctx, nil)
		serves := func(want *x509.Certificate, when string) {
			t.Helper()
			time.Sleep(2 * followEvery) // of the bubble: no time passes
			synctest.Wait()
			if got := c.current.Load().Leaf; !got.Equal(want) {
				t.Errorf("%s: another certificate is served", when)
			}
		}
		second := put(t, f, f.Host, year.AddDate(0, 0, 1))
		serves(second, "after a change")
		put(t, f, "evil.test", year)
		serves(second, "after the certificate of another host")
		put(t, f, f.Host, time.Now().Add(-time.Hour))
		serves(second, "after one that has expired")
		replace(t, f.Key, []byte("half a fi"))
		time.Sleep(10 * time.Second)
		serves(second, "after half a file")
		if err := os.Remove(f.Key); err != nil {
			t.Fatal(err)
		}
		serves(second, "while the key is not there")
		serves(put(t, f, f.Host, year.AddDate(0, 0, 2)), "when it is whole again")
		if first.Equal(second) {
			t.Error("the test made one certificate twice")
		}
		cancel()
		synctest.Wait()
	})
	if n := strings.Count(out.String(), "not taken up"); n != 4 {
		t.Errorf("%d warnings of four broken pairs:\n%s", n, out)
	}
	if strings.Contains(out.String(), "half a fi") {
		t.Error("the log quotes the key's file")
	}
}

func TestWrongCertificateStopsTheStart(t *testing.T) {
	f := pair(t)
	if _, err := OpenCertificate(f); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	put(t, f, "evil.test", time.Now().AddDate(1, 0, 0))
	if _, err := OpenCertificate(f); err == nil || !strings.Contains(err.Error(), "not clave.test") {
		t.Errorf("another host: %v", err)
	}
}

func TestExpiredCertificateIsServedWithAWarning(t *testing.T) {
	f, out := pair(t), logged(t)
	put(t, f, f.Host, time.Now().Add(-time.Minute))
	if _, err := OpenCertificate(f); err != nil || !strings.Contains(out.String(), "ends soon, or has ended") {
		t.Errorf("%v, %s", err, out)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	f := pair(t)
	own := put(t, f, f.Host, time.Now().AddDate(1, 0, 0))
	c, err := OpenCertificate(f)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := Server(http.NotFoundHandler())
	s.TLSConfig = c.TLS()
	go s.ServeTLS(l, "", "")
	t.Cleanup(func() { s.Close() })
	roots := x509.NewCertPool()
	roots.AddCert(own)
	for _, tt := range []struct {
		name   string
		config *tls.Config
		works  bool
	}{
		{"TLS 1.1", &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}, false},
		{"CBC", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false},
		{"TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12, NextProtos: []string{"h2"}}, true},
		{"TLS 1.3", &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}}, true},
	} {
		tt.config.RootCAs, tt.config.ServerName = roots, f.Host
		conn, err := tls.Dial("tcp", l.Addr().String(), tt.config)
		if (err == nil) != tt.works {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil {
			continue
		}
		if conn.ConnectionState().NegotiatedProtocol != "h2" {
			t.Errorf("%s: no HTTP/2", tt.name)
		}
		conn.Close()
	}
}
