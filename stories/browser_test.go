package stories_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clave/internal/crowd"
	"clave/internal/demo"
)

// TestBrowser runs the stories that need a real browser: each file of browser/ with a demonstration of its own, of which
// Clave and the town hall are different sites; that of tls.test.mjs over TLS (safety rule 16).
func TestBrowser(t *testing.T) {
	files, err := filepath.Glob("browser/*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatal("no browser stories", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".test.mjs")
		if !strings.HasPrefix(name, "look") {
			t.Run(name, func(t *testing.T) { browse(t, file, "") })
			continue
		}
		for _, how := range looks[name] {
			t.Run(name+" "+how, func(t *testing.T) { browse(t, file, how) })
		}
	}
}

// looks are the ways in which look*.test.mjs see every page: languages, width, colours, with JavaScript or without.
var looks = map[string][]string{
	"look":         {"es 360 dark script", "en 1280 light script", "en 360 light plain", "es 1280 dark plain"},
	"look-session": {"es+ca+gl+eu+en 360 light script", "en 1280 dark plain"},
}

func browse(t *testing.T, file, how string) {
	t.Parallel()
	options := demo.Options{Data: dataFolder(t)}
	if strings.HasPrefix(filepath.Base(file), "live") {
		options.Carry = 6 * time.Second // long enough to see it on its way
	}
	if strings.HasPrefix(filepath.Base(file), "waiting") {
		options.Capacity = crowd.Limits{Newcomers: 0.3} // one in three seconds
	}
	env := append(os.Environ(), "LOOK="+how)
	if strings.HasPrefix(filepath.Base(file), "tls") {
		var authority string
		options.TLS, authority = ownCertificate(t)
		env = append(env, "NODE_EXTRA_CA_CERTS="+authority)
	}
	d, err := demo.Start(t.Context(), options)
	check(t, err)
	t.Cleanup(func() { check(t, d.Close()) })
	node := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", file)
	node.Env = append(env, "CLAVE="+d.Clave, "SEDE="+d.Sede, "TAX="+d.Tax, "WORLD="+d.World)
	out, err := node.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// ownCertificate makes a certificate for this machine, and the file with which node trusts it.
func ownCertificate(t *testing.T) (*tls.Config, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 1),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	file := filepath.Join(t.TempDir(), "localhost.pem")
	check(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}
