package front

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// Certificate is a TLS certificate with its key, read from two files, and read again when they change.
type Certificate struct {
	Files // as it was opened with

	current atomic.Pointer[tls.Certificate]
	seen    [2]os.FileInfo
}

// Files say where a certificate and its key are, in PEM, and for which host.
type Files struct{ Certificate, Key, Host string }

// OpenCertificate reads both files. An expired certificate is opened, and the log warns of it: its successor can still be put in
// its place.
func OpenCertificate(f Files) (*Certificate, error) {
	c := &Certificate{Files: f}
	if _, err := c.refresh(); err != nil {
		return nil, err
	}
	c.warn(context.Background())
	return c, nil
}

// TLS serves whatever certificate is the present one, by TLS 1.2 with forward secrecy and authenticated encryption, or 1.3.
func (c *Certificate) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

const followEvery = time.Second

// Follow takes up a changed pair within a second, or at once when told, until ctx ends. A pair that cannot serve is logged once, and
// the one before serves on: a half-written file, or the certificate of another host, takes nobody's login away.
func (c *Certificate) Follow(ctx context.Context, now <-chan os.Signal) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-now:
		case <-tick.C:
		}
		changed, err := c.refresh()
		switch {
		case err != nil && err.Error() != told:
			told = err.Error()
			slog.ErrorContext(ctx, "tls: the files changed and are not taken up; the certificate before serves on", "err", err)
		case err == nil:
			told = ""
		}
		if changed {
			slog.InfoContext(ctx, "tls: the changed certificate is taken up", "until", c.current.Load().Leaf.NotAfter.UTC().Format(time.DateOnly))
			c.warn(ctx)
		}
	}
}

// refresh reads the files if they are not those read last.
func (c *Certificate) refresh() (changed bool, err error) {
	var infos [2]os.FileInfo
	for i, name := range []string{c.Files.Certificate, c.Key} {
		if infos[i], err = os.Stat(name); err != nil {
			return false, err
		}
	}
	if same(infos[0], c.seen[0]) && same(infos[1], c.seen[1]) {
		return false, nil
	}
	pair, err := c.read()
	if err != nil {
		return false, err
	}
	if c.current.Load() != nil && !time.Now().Before(pair.Leaf.NotAfter) {
		return false, fmt.Errorf("%s: expired on %s", c.Files.Certificate, pair.Leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	c.current.Store(pair)
	c.seen = infos
	return true, nil
}

// read never quotes the key: the library's errors do not either.
func (c *Certificate) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.Files.Certificate, c.Key)
	if err != nil {
		return nil, fmt.Errorf("%s with %s: %w", c.Files.Certificate, c.Key, err)
	}
	if pair.Leaf == nil {
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Files.Certificate, err)
		}
	}
	if err := pair.Leaf.VerifyHostname(c.Host); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Files.Certificate, err)
	}
	return &pair, nil
}

func same(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// Until is the last moment of the present certificate.
func (c *Certificate) Until() time.Time { return c.current.Load().Leaf.NotAfter }

// soon is when a certificate that nobody replaces becomes a matter for the log.
const soon = 14 * 24 * time.Hour

func (c *Certificate) warn(ctx context.Context) {
	if left := time.Until(c.Until()); left < soon {
		slog.WarnContext(ctx, "tls: the certificate ends soon, or has ended", "file", c.Files.Certificate, "until", c.Until().UTC().Format(time.RFC3339))
	}
}

// Check tells whether the pair can be served now, and changes nothing.
func (f Files) Check() error {
	_, err := (&Certificate{Files: f}).read()
	return err
}
