package doctor

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clave/internal/keyring"
	"clave/internal/relying"
	"clave/internal/store"
)

var day = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// wants looks for a state and words among what was found.
func wants(t *testing.T, found []Finding, state State, text string) {
	t.Helper()
	for _, f := range found {
		if f.State == state && strings.Contains(f.Text, text) {
			if state != Well && f.Do == "" {
				t.Errorf("%q: nothing says what to do", f.Text)
			}
			return
		}
	}
	t.Errorf("no %s with %q in %+v", state, text, found)
}

func certificate(t *testing.T, host string, ends time.Time) (cert, key string, parsed *x509.Certificate) {
	t.Helper()
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: day.AddDate(-1, 0, 0), NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	check(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	check(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	check(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	check(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	parsed, err = x509.ParseCertificate(der)
	check(t, err)
	return cert, key, parsed
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCertificates(t *testing.T) {
	good, key, _ := certificate(t, "clave.example", day.AddDate(0, 3, 0))
	wants(t, Certificate(good, key, "clave.example", day), Well, "holds until 2027-02-22")
	wants(t, Certificate(good, key, "clave.example", day), Warning, "does not trust")
	wants(t, Certificate(good, key, "other.example", day), Wrong, "not for other.example: it names clave.example")
	wants(t, Certificate(good, key, "clave.example", day.AddDate(0, 2, 25)), Warning, "ends on")
	wants(t, Certificate(good, key, "clave.example", day.AddDate(1, 0, 0)), Wrong, "ended on")
	_, another, _ := certificate(t, "clave.example", day.AddDate(0, 3, 0))
	wants(t, Certificate(good, another, "clave.example", day), Wrong, "do not fit")
	wants(t, Certificate("/nowhere", key, "clave.example", day), Wrong, "cannot be read")
}

func TestFront(t *testing.T) {
	for _, c := range []struct {
		front Front
		state State
		text  string
	}{
		{Front{Origin: "http://localhost", Address: "127.0.0.1:8100"}, Wrong, "not https"},
		{Front{Origin: "https://localhost", Address: ":8443"}, Wrong, "plain http"},
		{Front{Origin: "https://localhost", Address: ":8443", Proxies: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}, Wrong, "everybody's word"},
		{Front{Origin: "https://" + strings.Repeat("clave.", 8) + "example"}, Wrong, "does not fit an SMS"},
		{Front{Origin: "clave"}, Wrong, "no address"},
		{Front{Origin: "https://localhost", Address: "127.0.0.1:8443"}, Well, "localhost is found"},
	} {
		wants(t, c.front.Check(t.Context(), day), c.state, c.text)
	}
}

func TestClock(t *testing.T) {
	ahead := time.Duration(0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
	}))
	defer server.Close()
	wants(t, Clock(t.Context(), "clave.db", server.URL), Well, "within")
	ahead = time.Minute
	wants(t, Clock(t.Context(), "clave.db", server.URL), Wrong, "off the web server's")
	wants(t, Clock(t.Context(), "clave.db", ""), Warning, "compared with nothing")
	for by, state := range map[time.Duration]State{0: Well, -900 * time.Millisecond: Well, 1500 * time.Millisecond: Warning, -2 * time.Second: Wrong} {
		if f := apart("x", by); f.State != state {
			t.Errorf("%s: %s", by, f.State)
		}
	}
}

// What does not answer is said, and keeps nobody waiting for ever.
func TestExamineDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		found := Examine(t.Context(), []Check{
			{"stuck", func(context.Context) []Finding { <-stuck; return nil }},
			{"fine", func(context.Context) []Finding { return []Finding{well("fine")} }},
		})
		close(stuck)
		if len(found) != 2 || found[0].Area != "stuck" || found[0].State != Wrong || found[1].State != Well || Worst(found) != Wrong {
			t.Errorf("%+v", found)
		}
	})
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	wants(t, folder(dir), Well, "left on the disk")
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	wants(t, folder(filepath.Join(dir, "none")), Wrong, "cannot be written")
	wants(t, Letters(filepath.Join(dir, "none")), Warning, "serve makes it")
	wants(t, Letters(filepath.Join(dir, "none", "below")), Wrong, "cannot be written")
	wants(t, Letters(dir), Well, "left on the disk")
}

// carrierOf answers as an SMPP centre, past a message of its own, with a status; it counts the commands that it got.
func carrierOf(t *testing.T, status uint32) (address string, got chan uint32) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	got = make(chan uint32, 10)
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		head := make([]byte, headerSize)
		for {
			if _, err := io.ReadFull(conn, head); err != nil {
				close(got)
				return
			}
			command := binary.BigEndian.Uint32(head[4:])
			got <- command
			_, _ = io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head)-headerSize))
			for _, pdu := range [][4]uint32{{headerSize, 0x15, 0, 9}, {headerSize, command | answered, status, 1}} {
				for _, n := range pdu {
					_ = binary.Write(conn, binary.BigEndian, n)
				}
			}
		}
	}()
	return l.Addr().String(), got
}

// A bind and its end are all that a carrier gets of us: no message.
func TestSMPPBindsAndSendsNothing(t *testing.T) {
	for status, want := range map[uint32]Finding{
		0: {State: Well, Text: "takes our bind"}, 0x0E: {State: Wrong, Text: "password is wrong"}, 0x08: {State: Wrong, Text: "status 0x08"},
	} {
		address, got := carrierOf(t, status)
		found := SMPP{Name: "first", Address: address, System: "clave", Password: "not-to-be-told"}.Check(t.Context())
		wants(t, found, want.State, want.Text)
		if strings.Contains(fmt.Sprint(found), "not-to-be-told") {
			t.Error("the password is told")
		}
		for command := range got {
			if command != bindTransmitter && command != unbind {
				t.Errorf("the carrier got command %#x", command)
			}
		}
	}
	wants(t, SMPP{Name: "first", Address: "127.0.0.1:1"}.Check(t.Context()), Wrong, "cannot be reached")
}

// FuzzSMPP reads whatever a carrier answers.
func FuzzSMPP(f *testing.F) {
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	f.Add([]byte{0, 0, 0, 16, 0x80, 0, 0, 2, 0, 0, 0, 0x0e, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, answer []byte) {
		ours, theirs := net.Pipe()
		go func() {
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			_, _ = theirs.Write(answer)
			theirs.Close()
		}()
		_, _ = SMPP{System: "clave"}.bind(ours)
		ours.Close()
	})
}

func TestGateway(t *testing.T) {
	var methods []string
	status := http.StatusMethodNotAllowed
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		methods = append(methods, r.Method)
		w.WriteHeader(status)
	}))
	wants(t, Gateway(t.Context(), "second", server.URL, http.DefaultClient), Well, "answers")
	status = http.StatusNotImplemented
	wants(t, Gateway(t.Context(), "second", server.URL, http.DefaultClient), Well, "answers")
	status = http.StatusBadGateway
	wants(t, Gateway(t.Context(), "second", server.URL, http.DefaultClient), Warning, "502")
	server.Close()
	wants(t, Gateway(t.Context(), "second", server.URL, http.DefaultClient), Wrong, "cannot be reached")
	if fmt.Sprint(methods) != "[OPTIONS OPTIONS OPTIONS]" {
		t.Errorf("the gateway got %v", methods)
	}
}

// mailServer greets, lets in or not, and remembers what it was told.
func mailServer(t *testing.T, auth string) (address string, told chan string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { l.Close() })
	told = make(chan string, 20)
	go func() {
		defer close(told)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "220 mail.example\r\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			word, _, _ := strings.Cut(lines.Text(), " ")
			told <- word
			switch word {
			case "EHLO":
				fmt.Fprint(conn, "250-mail.example\r\n250 AUTH PLAIN\r\n")
			case "AUTH":
				fmt.Fprint(conn, auth+"\r\n")
			default:
				fmt.Fprint(conn, "221 bye\r\n")
			}
		}
	}()
	return l.Addr().String(), told
}

func TestMailSignsInAndSendsNothing(t *testing.T) {
	for auth, want := range map[string]State{"235 welcome": Well, "535 no": Wrong} {
		address, told := mailServer(t, auth)
		found := Mail{Address: address, User: "clave", Password: "not-to-be-told", Security: "none"}.Check(t.Context())
		if Worst(found) != want || strings.Contains(fmt.Sprint(found), "not-to-be-told") {
			t.Errorf("%s: %+v", auth, found)
		}
		for word := range told {
			if word == "MAIL" || word == "DATA" {
				t.Error("a message was begun")
			}
		}
	}
	wants(t, Mail{Address: "127.0.0.1:1", Security: "tls", TLS: &tls.Config{}}.Check(t.Context()), Wrong, "cannot be reached")
	address, _ := mailServer(t, "")
	wants(t, Mail{Address: address, Security: "starttls"}.Check(t.Context()), Wrong, "does not turn to TLS")
}

func newRing(t *testing.T) (*keyring.Ring, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	ring, err := keyring.Create(path, keyring.Live, day)
	check(t, err)
	return ring, path
}

func TestKeys(t *testing.T) {
	ring, path := newRing(t)
	wants(t, Keys(path, nil, day), Well, "saml ")
	wants(t, Keys(path, ring, day.AddDate(9, 11, 0)), Warning, "ends on")
	wants(t, Keys(path, ring, day.AddDate(20, 0, 0)), Wrong, "ends on")
	wants(t, Keys(filepath.Join(t.TempDir(), "none"), nil, day), Wrong, "")
}

func TestDatabase(t *testing.T) {
	ring, _ := newRing(t)
	now := func() time.Time { return day }
	d := Database{Address: filepath.Join(t.TempDir(), "clave.db"), Kind: keyring.Live, Thorough: true}
	wants(t, d.Check(t.Context()), Warning, "not there yet")
	s, err := store.Open(t.Context(), d.Address, store.Options{Kind: keyring.Live, Ring: ring, Now: now})
	check(t, err)
	defer s.Close(context.Background())
	wants(t, d.Check(t.Context()), Well, "it answers, is live")
	wants(t, d.Check(t.Context()), Well, "read through")
	d.Kind = keyring.Demo
	wants(t, d.Check(t.Context()), Wrong, "born live")
	d.Kind = keyring.Live
	wants(t, Services(t.Context(), d, ring, now), Warning, "no service is registered")
	wants(t, Services(t.Context(), d, nil, now), Warning, "not looked at")
	check(t, s.Do(t.Context(), func(ctx context.Context) error {
		_, err := s.AddParty(ctx, relying.Party{ID: "S1", Names: map[string]string{"es": "Sede"}, OIDC: &relying.OIDC{
			Auth: relying.None, Redirects: []string{"https://sede.example/back"},
		}})
		return err
	}))
	wants(t, Services(t.Context(), d, ring, now), Well, "1 registered")
	another, _ := newRing(t)
	wants(t, Services(t.Context(), d, another, now), Wrong, "key ring does not open")
	check(t, os.Chmod(d.Address, 0o644))
	wants(t, d.Check(t.Context()), Wrong, "others may read")
}

func TestServices(t *testing.T) {
	_, _, soon := certificate(t, "sede", day.AddDate(0, 0, 10))
	_, _, late := certificate(t, "sede", day.AddDate(1, 0, 0))
	party := func(c ...*x509.Certificate) []relying.Party {
		return []relying.Party{{ID: "S1", SAML: &relying.SAML{Certificates: c}}}
	}
	wants(t, services(party(soon), day), Warning, "S1: its certificate ends")
	wants(t, services(party(soon, late), day), Well, "1 registered")
	wants(t, services(party(soon), day.AddDate(1, 0, 0)), Warning, "ended on")
}
