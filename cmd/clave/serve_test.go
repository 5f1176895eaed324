package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"clave/internal/keyring"
)

// operatorsFolder is what an operator has on the machine.
type operatorsFolder struct {
	*testing.T
	dir   string
	roots *x509.CertPool
}

const servedToml = `kind = "live"
origin = "https://clave.test"
node = "a"
[listen]
address = "127.0.0.1:0"
admin = "127.0.0.1:0"
redirect = "127.0.0.1:0"
[tls]
certificate = "cert.pem"
key = "key.pem"
[database]
address = "clave.db"
[keys]
file = "keys.json"
[help]
phone = "060"
address = "Calle Mayor, 1"
[organization]
names = { es = "Organismo de ejemplo" }
url = "https://www.example.es"
[telemetry]
log = "text"
`

func newFolder(t *testing.T, toml string) *operatorsFolder {
	f := &operatorsFolder{T: t, dir: t.TempDir(), roots: x509.NewCertPool()}
	f.put("clave.toml", toml)
	f.certify()
	return f
}

func (f *operatorsFolder) in(name string) string { return filepath.Join(f.dir, name) }

func (f *operatorsFolder) put(name, text string) {
	f.Helper()
	f.must(os.WriteFile(f.in(name+".new"), []byte(text), 0o600))
	f.must(os.Rename(f.in(name+".new"), f.in(name)))
}

func (f *operatorsFolder) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// certify puts a new certificate in its place.
func (f *operatorsFolder) certify() *x509.Certificate {
	f.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	f.must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{"clave.test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	f.must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	f.must(err)
	f.put("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	f.put("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	one, err := x509.ParseCertificate(der)
	f.must(err)
	f.roots.AddCert(one)
	return one
}

// liveRing puts the same ring into every folder: its RSA keys take a while to draw.
func (f *operatorsFolder) liveRing() { f.put("keys.json", drawn()) }

var drawn = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "clave-serve-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	_, err = keyring.Create(filepath.Join(dir, "keys.json"), keyring.Live, time.Now())
	text, unread := os.ReadFile(filepath.Join(dir, "keys.json"))
	if err = errors.Join(err, unread); err != nil {
		panic(err)
	}
	return string(text)
})

// command is the program with arguments, as a process.
func (f *operatorsFolder) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(f.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "CLAVE_IS_THE_COMMAND=1")
	cmd.Dir = f.dir
	return cmd
}

// run returns what the program prints, and whether it was content.
func (f *operatorsFolder) run(args ...string) (printed string, ok bool) {
	f.Helper()
	out, err := f.command(args...).CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		f.Fatal(err)
	}
	return string(out), err == nil
}

// endsWith wants an exit status.
func (f *operatorsFolder) endsWith(want int, args ...string) {
	f.Helper()
	cmd := f.command(args...)
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != want {
		f.Errorf("clave %s: exit status %d, want %d\n%s", strings.Join(args, " "), got, want, out)
	}
}

// runs wants the program content, and to print something.
func (f *operatorsFolder) runs(want string, args ...string) {
	f.Helper()
	if out, ok := f.run(args...); !ok || !strings.Contains(out, want) {
		f.Errorf("clave %s: %v, %s\nwant %s", strings.Join(args, " "), ok, out, want)
	}
}

// served is a running `clave serve`.
type served struct {
	*operatorsFolder
	cmd   *exec.Cmd
	at    map[string]string // the addresses by their names in [listen]
	mu    sync.Mutex
	log   bytes.Buffer
	lines chan string
}

var addressInLog = regexp.MustCompile(`(address|redirect|admin)=(\S+)`)

func (f *operatorsFolder) serve() *served {
	f.Helper()
	s := &served{operatorsFolder: f, cmd: f.command("serve", "-config", "clave.toml"), at: map[string]string{}, lines: make(chan string, 1000)}
	stderr, err := s.cmd.StderrPipe()
	f.must(err)
	f.must(s.cmd.Start())
	go s.read(stderr)
	for _, found := range addressInLog.FindAllStringSubmatch(s.logged("msg=serving"), -1) {
		s.at[found[1]] = found[2]
	}
	return s
}

func (s *served) read(stderr io.Reader) {
	defer close(s.lines)
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		s.mu.Lock()
		fmt.Fprintln(&s.log, lines.Text())
		s.mu.Unlock()
		s.lines <- lines.Text()
	}
}

// logged waits for a line of the log.
func (s *served) logged(want string) string {
	s.Helper()
	for line := range s.lines {
		if strings.Contains(line, want) {
			return line
		}
	}
	s.Fatalf("the program ended without saying %q:\n%s", want, &s.log)
	return ""
}

// client reaches the node by its name, as a browser does.
func (s *served) client() *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: s.roots}, ForceAttemptHTTP2: true, DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, asked string) (net.Conn, error) {
				to := s.at["address"]
				if strings.HasSuffix(asked, ":80") {
					to = s.at["redirect"]
				}
				return (&net.Dialer{}).DialContext(ctx, "tcp", to)
			},
		},
	}
}

func (s *served) get(url string) (*http.Response, string) {
	s.Helper()
	client := s.client()
	if strings.Contains(url, "127.0.0.1") {
		client = http.DefaultClient
	}
	answer, err := client.Get(url)
	s.must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	s.must(err)
	return answer, string(body)
}

// TestServe is the first day of an operator.
func TestServe(t *testing.T) {
	f := newFolder(t, servedToml)
	f.put("people.jsonl", onePerson)
	f.runs("holds the keys of a live installation", "keys", "create", "-kind", "live", "-keys", "keys.json")
	if out, ok := f.run("keys", "create", "-kind", "live", "-keys", "keys.json"); ok || !strings.Contains(out, "never overwritten") {
		t.Errorf("a second ring: %s", out)
	}
	f.runs("ok        clave.toml\n", "check-config", "-config", "clave.toml")
	f.runs("The database is at version 0; it would come to", "migrate", "-config", "clave.toml", "-to-show")
	f.runs("it was at 0.", "migrate", "-config", "clave.toml")
	f.runs("up to date", "migrate", "-config", "clave.toml")
	f.runs("1 people", "people", "import", "-config", "clave.toml", "people.jsonl")
	f.runs("SAML signs by", "party", "add", "-config", "clave.toml", "-id", "sede", "-name", "Sede", "-certificate", "cert.pem", "-return", "https://sede.example.es/back")
	f.runs("sede", "party", "list", "-config", "clave.toml")
	f.runs("saml", "keys", "list", "-config", "clave.toml")
	f.runs("party.added", "audit", "list", "-config", "clave.toml")

	s := f.serve()
	s.pages()
	s.nothingOfTheDemo()
	s.certificateChanges()
	s.endsInOrder()
	if n := strings.Count(s.log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d errors, want that of the broken key alone:\n%s", n, &s.log)
	}
}

const onePerson = `{"nif":"12345678Z","given":"Carmen","first":"Española","second":"Española","birth":"1980-01-01","street":"Calle Mayor, 1","postcode":"28013","town":"Madrid","province":"Madrid","valid":"2030-06-30"}` + "\n"

func (s *served) pages() {
	answer, body := s.get("https://clave.test/")
	if answer.StatusCode != 200 || answer.ProtoMajor != 2 || !strings.Contains(body, "Cl@ve") || answer.Header.Get("Strict-Transport-Security") == "" {
		s.Errorf("the front page: %s %s %v", answer.Proto, answer.Status, answer.Header)
	}
	if answer, _ := s.get("https://clave.test/saml/metadata"); answer.StatusCode != 200 {
		s.Errorf("metadata: %s", answer.Status)
	}
	if _, body := s.get("https://clave.test/saml/metadata"); !strings.Contains(body, "Organismo de ejemplo") {
		s.Errorf("metadata: %s", body)
	}
	if answer, _ := s.get("http://clave.test/help?q=1"); answer.StatusCode != 301 || answer.Header.Get("Location") != "https://clave.test/help?q=1" {
		s.Errorf("plain http: %s to %s", answer.Status, answer.Header.Get("Location"))
	}
	if answer, body := s.get("http://" + s.at["admin"] + "/readyz"); answer.StatusCode != 200 {
		s.Errorf("readiness: %s %s", answer.Status, body)
	}
	s.foreignName("http://"+s.at["admin"]+"/metrics", "GET")
	s.foreignName("http://"+s.at["admin"]+"/sms/web/receipts", "POST")
	s.runs("", "healthcheck", "-address", s.at["admin"])
	s.runs("", "healthcheck", "-ready", "-address", s.at["admin"])
	r, err := http.NewRequest("GET", "https://clave.test/", nil)
	s.must(err)
	r.Host = "evil.test"
	answer, err = s.client().Do(r)
	s.must(err)
	if answer.Body.Close(); answer.StatusCode != http.StatusMisdirectedRequest {
		s.Errorf("a foreign host: %s", answer.Status)
	}
}

// foreignName asks the operator's port as a browser does into which another site's name was put (attacks row 12).
func (s *served) foreignName(at, method string) {
	r, err := http.NewRequest(method, at, nil)
	s.must(err)
	r.Host = "evil.test:9090"
	answer, err := http.DefaultClient.Do(r)
	s.must(err)
	if answer.Body.Close(); answer.StatusCode != http.StatusMisdirectedRequest {
		s.Errorf("%s under a foreign name: %s", at, answer.Status)
	}
}

// nothingOfTheDemo: what shows codes or moves time does not answer, on any port (safety rule 23).
func (s *served) nothingOfTheDemo() {
	for _, at := range []string{"https://clave.test", "http://" + s.at["admin"]} {
		for _, page := range []string{"/phone", "/letters", "/letters/1", "/clock", "/events", "/api/items", "/debug/pprof/"} {
			if answer, _ := s.get(at + page); answer.StatusCode != http.StatusNotFound {
				s.Errorf("%s%s: %s", at, page, answer.Status)
			}
		}
	}
	if _, body := s.get("https://clave.test/"); strings.Contains(body, "demo") {
		s.Error("the front page speaks of a demonstration")
	}
}

func (s *served) certificateChanges() {
	s.Helper()
	s.put("key.pem", "broken")
	s.logged("not taken up")
	s.get("https://clave.test/")
	next := s.certify()
	s.logged("is taken up")
	answer, _ := s.get("https://clave.test/")
	if !answer.TLS.PeerCertificates[0].Equal(next) {
		s.Error("the certificate before is served")
	}
}

// endsInOrder ends the program while somebody posts a form: they get their answer, and new ones are not let in.
func (s *served) endsInOrder() {
	s.Helper()
	conn, err := tls.Dial("tcp", s.at["address"], &tls.Config{RootCAs: s.roots, ServerName: "clave.test"})
	s.must(err)
	defer conn.Close()
	_, err = fmt.Fprint(conn, "POST /Proxy2/ServiceProvider HTTP/1.1\r\nHost: clave.test\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n")
	s.must(err)
	answers := bufio.NewReader(conn)
	line, err := answers.ReadString('\n') // the page has begun to read the form
	if err != nil || !strings.Contains(line, "100 Continue") {
		s.Fatal(line, err)
	}
	s.must(s.cmd.Process.Signal(syscall.SIGTERM))
	s.logged("not ready any more")
	_, err = fmt.Fprint(conn, "SAMLRequest=aaaaaaaa")
	s.must(err)
	_, err = answers.ReadString('\n') // the empty line after "continue"
	s.must(err)
	answer, err := http.ReadResponse(answers, nil)
	s.must(err)
	if body, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != 400 && answer.StatusCode != 403 || len(body) == 0 {
		s.Errorf("the form that was on its way: %s, %v", answer.Status, err)
	}
	for range s.lines {
	}
	if err := s.cmd.Wait(); err != nil {
		s.Errorf("the end: %v", err)
	}
	if !strings.Contains(s.log.String(), "msg=ended") {
		s.Errorf("%s", &s.log)
	}
}

// A node that ends says so before it turns anybody away; a second signal ends it at once.
func TestServeDrains(t *testing.T) {
	f := newFolder(t, strings.Replace(servedToml, "[tls]", "drain = \"1h\"\n[tls]", 1))
	f.liveRing()
	s := f.serve()
	f.must(s.cmd.Process.Signal(syscall.SIGTERM))
	s.logged("not ready any more")
	if answer, _ := s.get("http://" + s.at["admin"] + "/readyz"); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("readiness while it ends: %s", answer.Status)
	}
	if answer, _ := s.get("https://clave.test/"); answer.StatusCode != 200 {
		t.Errorf("a page while it drains: %s", answer.Status)
	}
	f.must(s.cmd.Process.Signal(syscall.SIGTERM))
	for range s.lines {
	}
	if err := s.cmd.Wait(); err == nil || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("the second signal: %v", err)
	}
}

// A wrong configuration starts nothing and tells all of it.
func TestServeRefusesWrongConfigurations(t *testing.T) {
	f := newFolder(t, strings.NewReplacer(`node = "a"`, `node = "a b"`, `phone =`, `phnoe =`, `https://clave.test`, `http://localhost`).Replace(servedToml))
	f.runs("", "keys", "create", "-kind", "demo", "-keys", "keys.json")
	want := `clave.toml:2: origin: want the address that citizens see, https:// and a host that is not this machine's own, without a slash at the end, not "http://localhost"
clave.toml:3: node: want letters, digits, dots and dashes: this node's name in logs and files, not "a b"
clave.toml:9: tls.certificate: cert.pem: x509: certificate is valid for clave.test, not localhost
clave.toml:14: keys.file: keys.json holds the keys of a demonstration: want the file of a live key ring, which clave keys create makes
clave.toml:15: help.phone: missing: want the number that people call for help
clave.toml:16: help.phnoe: there is no such key here; phone is meant?
`
	for _, command := range []string{"serve", "check-config"} {
		if out, ok := f.run(command, "-config", "clave.toml"); ok || strings.ReplaceAll(out, f.dir+"/", "") != want {
			t.Errorf("clave %s: %v\n%s\nwant\n%s", command, ok, out, want)
		}
		f.endsWith(misconfigured, command, "-config", "clave.toml")
		f.endsWith(misconfigured, command, "-config", "nowhere.toml")
	}
	if _, err := os.Stat(f.in("clave.db")); err == nil {
		t.Error("a database was made")
	}
}

// The data of a demonstration are refused, whatever the file says (safety rule 23).
func TestRule23ServeRefusesADemonstrationsDatabase(t *testing.T) {
	f := newFolder(t, servedToml)
	f.runs("", "keys", "create", "-kind", "demo", "-keys", "demo.json")
	f.put("people.jsonl", onePerson)
	f.runs("1 people", "people", "import", "-kind", "demo", "-database", "clave.db", "-keys", "demo.json", "people.jsonl")
	f.liveRing()
	if out, ok := f.run("serve", "-config", "clave.toml"); ok || !strings.Contains(out, "it was born demo, for ever, and cannot be opened as live") {
		t.Error(out)
	}
}

func TestServeSaysThatAPortIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f := newFolder(t, strings.Replace(servedToml, `admin = "127.0.0.1:0"`, fmt.Sprintf("admin = %q", l.Addr()), 1))
	f.liveRing()
	if out, ok := f.run("serve", "-config", "clave.toml"); ok || !strings.Contains(out, "clave: listen.admin: listen tcp "+l.Addr().String()+": bind: address already in use") {
		t.Error(out)
	}
}

func TestCommandsSayWhere(t *testing.T) {
	f := newFolder(t, servedToml)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"party", "list"}, "say where: by -database DATABASE and -keys FILE, or by -config FILE"},
		{[]string{"party", "list", "-config", "clave.toml", "-database", "x"}, "-config names database and keys"},
		{[]string{"keys", "list"}, "say which keys: by -keys FILE, or by -config FILE"},
		{[]string{"people", "import", "-config", "clave.toml", "clave.toml"}, "keys.json: no such file"},
		{[]string{"reference", "-config", "clave.toml", "ABCDEFGHJ"}, "keys.json: no such file"},
	} {
		if out, ok := f.run(tt.args...); ok || !strings.Contains(out, tt.want) {
			t.Errorf("clave %s: %s", strings.Join(tt.args, " "), out)
		}
	}
}
