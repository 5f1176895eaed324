package smtp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"clave/internal/courier/couriertest"
)

// house is a mail server as Debian has it, with a configuration of the test's own, on loopback. It keeps the mail of
// correo.example in Maildirs.
type house struct {
	folder                string
	plain, implicit, slow string // addresses: with STARTTLS on offer, TLS from the first byte, a greeting that does not come
	authorities           *x509.CertPool
}

// The readers of correo.example, and what the server does with what is for them.
const (
	ana     = "ana@correo.example"     // takes it
	nobody  = "nobody@correo.example"  // does not know her: 5xx
	later   = "later@correo.example"   // not now: 4xx
	moved   = "moved@correo.example"   // takes it, and finds out later that she is gone: a bounce
	picky   = "picky@correo.example"   // refuses the text
	hurried = "hurried@correo.example" // puts off the text
)

const eximSays = `
exim_path = /usr/sbin/exim4
spool_directory = DIR/spool
log_file_path = DIR/log/%slog
pid_file_path = DIR/exim.pid
notifier_socket =
primary_hostname = mail.correo.example
qualify_domain = correo.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = PLAIN : IMPLICIT : SLOW
tls_on_connect_ports = IMPLICIT
tls_advertise_hosts = *
tls_certificate = DIR/certificate.pem
tls_privatekey = DIR/key.pem
auth_advertise_hosts = ${if def:tls_in_cipher {*}}
dsn_advertise_hosts = *
keep_environment =
rfc1413_query_timeout = 0s
host_lookup =
smtp_accept_max_per_host = 100
smtp_accept_queue_per_connection = 0
acl_smtp_connect = connect
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data

begin acl
connect:
  accept condition = ${if eq{$received_port}{SLOW}}
         delay = 5m
  accept
mail:
  deny message = 5.7.1 <$sender_address> is nobody to us
       senders = stranger@clave.example
  accept
rcpt:
  deny message = 5.1.1 <$local_part@$domain> is unknown here
       local_parts = nobody
  defer message = 4.2.1 <$local_part@$domain> is asleep
       local_parts = later
  deny message = 5.7.1 who are you?
       encrypted = *
       !authenticated = *
  accept
data:
  deny message = 5.6.0 this text is not for <$recipients>
       condition = ${if match{$recipients}{^picky@}}
  defer message = 4.3.0 not now, <$recipients>
        condition = ${if match{$recipients}{^hurried@}}
  accept

begin routers
gone:
  driver = redirect
  local_parts = moved
  data = :fail: nobody of that name lives here any more
  allow_fail
bounces:
  driver = accept
  local_parts = bounce
  local_part_suffix = +*
  transport = bounced
mailbox:
  driver = accept
  transport = kept

begin transports
kept:
  driver = appendfile
  directory = DIR/mail/${bless:$local_part}
  maildir_format
  TRANSPORTUSER
bounced:
  driver = appendfile
  directory = DIR/mail/bounces
  maildir_format
  return_path_add
  envelope_to_add
  TRANSPORTUSER

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{clave}}{eq{$auth3}{let me in}}}}
  server_set_id = $auth2
`

// eximUser is who Debian's mail server runs as when it is started by root.
const eximUser = "Debian-exim"

// startHouse starts the server and waits until it takes connections.
func startHouse(t *testing.T) *house {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("Exim lets only root start it")
	}
	folder, err := os.MkdirTemp("", "clave-exim") // t.TempDir is closed to the server's user
	must(t, err)
	h := &house{folder: folder}
	t.Cleanup(func() { os.RemoveAll(folder) })
	must(t, os.Chmod(folder, 0o755))
	for _, sub := range []string{"spool", "log", "mail"} {
		must(t, os.Mkdir(filepath.Join(folder, sub), 0o755))
	}
	h.certify(t)
	ports := freePorts(t, 3)
	h.plain, h.implicit, h.slow = "127.0.0.1:"+ports[0], "127.0.0.1:"+ports[1], "127.0.0.1:"+ports[2]
	settings := strings.NewReplacer("DIR", folder, "PLAIN : IMPLICIT : SLOW", strings.Join(ports, " : "), "= IMPLICIT", "= "+ports[1], "}{SLOW}", "}{"+ports[2]+"}",
		"${bless:$local_part}", "${if match_local_part{$local_part}{ana}{ana}{others}}", "TRANSPORTUSER", "user = "+eximUser)
	h.giveTo(t, eximUser)
	config := filepath.Join(folder, "exim.conf")
	must(t, os.WriteFile(config, []byte(settings.Replace(eximSays)), 0o644))
	server := exec.Command("/usr/sbin/exim4", "-C", config, "-bdf", "-q1m")
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said, err := os.Create(filepath.Join(folder, "said")) // a pipe would be held open by its children
	must(t, err)
	server.Stdout, server.Stderr = said, said
	must(t, server.Start())
	t.Cleanup(func() {
		syscall.Kill(-server.Process.Pid, syscall.SIGKILL) // with those that still speak to somebody
		server.Wait()
		said.Close()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(folder, "log", "mainlog"))
			first, _ := os.ReadFile(said.Name())
			t.Logf("the mail server: %s\n%s", first, log)
		}
	})
	couriertest.Await(t, "the mail server", func() bool {
		conn, err := net.Dial("tcp", h.implicit)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return h
}

func (h *house) giveTo(t *testing.T, name string) {
	t.Helper()
	u, err := user.Lookup(name)
	must(t, err)
	uid, err := strconv.Atoi(u.Uid)
	must(t, err)
	gid, err := strconv.Atoi(u.Gid)
	must(t, err)
	for _, sub := range []string{"spool", "log", "mail", "key.pem"} {
		must(t, os.Chown(filepath.Join(h.folder, sub), uid, gid))
	}
}

// certify makes the server's certificate, and has it trusted.
func (h *house) certify(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.correo.example"}, DNSNames: []string{"mail.correo.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	certificate, err := x509.ParseCertificate(der)
	must(t, err)
	h.authorities = x509.NewCertPool()
	h.authorities.AddCert(certificate)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(h.folder, "certificate.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	must(t, os.WriteFile(filepath.Join(h.folder, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}

func (h *house) tls() *tls.Config {
	return &tls.Config{RootCAs: h.authorities, ServerName: "mail.correo.example"}
}

// mailbox is what lies in a reader's Maildir.
func (h *house) mailbox(name string) (mails []string) {
	files, _ := filepath.Glob(filepath.Join(h.folder, "mail", name, "new", "*"))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil {
			mails = append(mails, string(text))
		}
	}
	return mails
}

// arrived waits until so many e-mails lie in a Maildir.
func (h *house) arrived(t *testing.T, name string, n int) []string {
	t.Helper()
	couriertest.Await(t, fmt.Sprintf("%d e-mails for %s", n, name), func() bool { return len(h.mailbox(name)) >= n })
	return h.mailbox(name)
}

func freePorts(t *testing.T, n int) (ports []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	return ports
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
