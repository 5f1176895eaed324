package stories_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/federation/saml"
	"clave/internal/keyring"
	"clave/sede"
)

// process is `clave demo` in a process of its own, which can be killed.
type process struct {
	t     *testing.T
	args  []string
	cmd   *exec.Cmd
	ahead atomic.Int64 // how far the clock was moved
}

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) {
	file := filepath.Join(scratch, "clave")
	out, err := exec.Command("go", "build", "-o", file, "clave/cmd/clave").CombinedOutput()
	if err != nil {
		err = errors.New(string(out))
	}
	return file, err
})

// newProcess starts a world of its own process. The town hall stands on another machine, and goes on while Clave is dead:
// what comes to the process's own is led to one in the test, with the same keys.
func newProcess(t *testing.T, w *world) *process {
	file, err := binary()
	check(t, err)
	port := freePorts(t)
	p := &process{t: t, args: []string{file, "demo", "--data", w.dir, "--port", strconv.Itoa(port)}}
	if w.database != "" {
		p.args = append(p.args, "--database", w.database)
	}
	site := func(host string, port int) string { return "http://" + net.JoinHostPort(host, strconv.Itoa(port)) }
	w.clave, w.sede, w.hall, w.tax = site("localhost", port), site("127.0.0.1", port+100), site("127.0.0.1", port+200), site("127.0.0.1", port+300)
	t.Cleanup(p.kill)
	check(t, p.start())
	townHall := p.townHall(w)
	t.Cleanup(townHall.Close)
	dial := w.transport.DialContext
	w.transport.DialContext = func(ctx context.Context, network, to string) (net.Conn, error) {
		if "http://"+to == w.sede {
			to = townHall.Listener.Addr().String()
		}
		return dial(ctx, network, to)
	}
	return p
}

// freePorts finds the first of four, each a hundred after the other.
func freePorts(t *testing.T) int {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer first.Close()
	port := first.Addr().(*net.TCPAddr).Port
	for _, other := range []int{port + 100, port + 200, port + 300} {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(other)))
		if err != nil {
			return freePorts(t)
		}
		defer l.Close()
	}
	return port
}

// start starts it, and waits until it says how to end it.
func (p *process) start() error {
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	p.cmd.Stderr = io.MultiWriter(p.t.Output(), written)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ctrl-C") {
			go func() { _, _ = io.Copy(written, out) }() // until it is killed
			return nil
		}
	}
	return errors.New("clave demo did not start")
}

// kill is kill -9.
func (p *process) kill() {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // its error is that it was killed
	}
}

func (p *process) townHall(w *world) *httptest.Server {
	text, err := os.ReadFile(filepath.Join(w.dir, "sede.pem"))
	check(p.t, err)
	keyBlock, rest := pem.Decode(text)
	key, err := x509.ParsePKCS1PrivateKey(keyBlock.Bytes)
	check(p.t, err)
	block, _ := pem.Decode(rest)
	own, err := x509.ParseCertificate(block.Bytes)
	check(p.t, err)
	ring, err := keyring.Open(filepath.Join(w.dir, "keys.json"))
	check(p.t, err)
	gateway, err := ring.Signing("saml", time.Now())
	check(p.t, err)
	site, err := sede.New(sede.Config{
		Origin: w.sede, ProviderName: "P9999901A_L01999999;SEDE", Key: key, Certificate: own,
		GatewayURL: w.clave + saml.Path, GatewayIssuer: w.clave, GatewayCertificates: []*x509.Certificate{gateway.Certificate}, Level: "low",
		Now: func() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) },
	})
	check(p.t, err)
	return httptest.NewServer(site)
}
