package judges_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/authn/pin"
	"clave/internal/courier"
	"clave/internal/enrolment"
	"clave/internal/keyring"
	"clave/internal/node"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/relying"
	"clave/internal/store"
)

func TestMain(m *testing.M) {
	slog.SetLogLoggerLevel(slog.LevelError) // the judges ask for wrong things too
	os.Exit(inScratch(m.Run))
}

// scratch is a folder for what all tests share.
var scratch string

func inScratch(run func() int) int {
	var err error
	if scratch, err = os.MkdirTemp("", "clave-judges-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(scratch)
	return run()
}

// house is a Clave that runs, and what surrounds it.
type house struct {
	t         *testing.T
	origin    string // https
	node      *node.Node
	roots     *x509.CertPool
	authority string // the file of the certificate to trust
	phones    phones
}

// newHouse starts Clave as a demonstration: only there may services be on loopback over plain http (safety rule 23).
func newHouse(t *testing.T) *house {
	h := &house{t: t}
	site := h.listen()
	ring, err := makeRing()
	check(t, err)
	h.node, err = node.Build(t.Context(), node.Config{
		Kind: keyring.Demo, Database: filepath.Join(t.TempDir(), "clave.db"), Ring: ring, Origin: h.origin,
		Census:   func(*store.Store) person.Census { return people(t) },
		Carriers: map[notify.Channel]courier.Carrier{notify.SMS: &h.phones, notify.Email: &h.phones, notify.Letter: &h.phones},
		Policy:   assurance.Policy{NationalPractice: true}, PINStyle: pin.SixDigits, PIN: pin.DefaultLimits(), Letters: enrolment.DefaultLimits(),
		Now: time.Now, Fatal: func(err error) { t.Error(err) },
	})
	check(t, err)
	h.move(people(t))
	h.run(site)
	return h
}

// listen takes a port and makes the certificate for it.
func (h *house) listen() *httptest.Server {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(h.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 1), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(h.t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	h.authority, h.roots = filepath.Join(h.t.TempDir(), "localhost.pem"), x509.NewCertPool()
	h.roots.AppendCertsFromPEM(text)
	check(h.t, os.WriteFile(h.authority, text, 0o644))
	site := httptest.NewUnstartedServer(nil)
	site.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	h.origin = "https://" + net.JoinHostPort("localhost", port(site.Listener))
	return site
}

func port(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// run serves, and does what a node does beside, until the test ends.
func (h *house) run(site *httptest.Server) {
	site.Config.Handler = h.node.Handler()
	site.StartTLS()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.node.Run(ctx) })
	h.t.Cleanup(func() {
		site.Close()
		stop()
		running.Wait()
		check(h.t, h.node.Close(context.Background()))
	})
}

// register registers services where a live installation has them.
func (h *house) register(services ...relying.Party) {
	h.t.Helper()
	keeper := relying.Keeper{Store: h.node.Store, From: "judges", Now: time.Now}
	for _, p := range services {
		check(h.t, keeper.Add(h.t.Context(), p))
	}
}

// makeRing makes one ring for all: its keys take longer than the rest.
var makeRing = sync.OnceValues(func() (*keyring.Ring, error) {
	return keyring.Create(filepath.Join(scratch, "keys.json"), keyring.Demo, time.Now())
})

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// client trusts Clave's certificate.
func (h *house) client() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.roots}}}
}
