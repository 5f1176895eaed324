package judges_test

import (
	"bytes"
	"crypto/sha256"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"clave/internal/relying"
)

// TestModAuthOpenidc: an Apache that knows nothing of Clave but its address and a secret keeps a folder for people whom Clave
// identified, as many installed services do.
func TestModAuthOpenidc(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := startApache(t, h)
	b := h.browser("carmen")
	b.enters = append(b.enters, a.Site)
	elsewhere, folder := h.origin+"/logout", a.Site+"/folder/index.html"
	for _, step := range []struct {
		name, address string
		givesUp       bool
		asked         string   // what Clave asks on the way
		want          []string // what the last page says
	}{
		{"a sign-in", folder, false, "nif document pin continue", []string{
			"user=[99990001P]", "given=[Carmen]", "family=[Española Española]", "acr=[http://eidas.europa.eu/LoA/substantial]",
		}},
		{"again", folder, false, "", []string{"user=[99990001P]"}},
		{"its own logout", a.Site + "/back?logout=" + url.QueryEscape(a.Site+"/out.html"), false, "logout", []string{"You are out"}},
		{"after it", folder, false, "nif document pin continue", []string{"user=[99990001P]"}},
		{"a logout elsewhere", elsewhere, false, "logout", []string{"Apache"}},
		{"of which it was told", folder, false, "nif document pin continue", []string{"user=[99990001P]"}},
		{"and again", elsewhere, false, "logout", nil},
		{"somebody gives up", folder, true, "cancel", []string{"Nobody signed in"}},
	} {
		at, err := b.visit(step.address, step.givesUp)
		check(t, err)
		if asked := strings.Join(at.Asked, " "); asked != step.asked {
			t.Errorf("%s: asked %q", step.name, asked)
		}
		for _, want := range step.want {
			if !strings.Contains(at.Text, want) {
				t.Errorf("%s: the page lacks %s:\n%s", step.name, want, at.Text)
			}
		}
	}
}

// apache is one of the test's own: on a port of loopback, with all its files in one folder.
type apache struct {
	Dir, Port, Site, Issuer, Authority, Secret string
	Root                                       bool // started by root, it serves as somebody else
}

func startApache(t *testing.T, h *house) apache {
	if _, err := os.Stat("/usr/lib/apache2/modules/mod_auth_openidc.so"); err != nil {
		t.Fatal("mod_auth_openidc is missing: apt-get install apache2-bin libapache2-mod-auth-openidc")
	}
	a := apache{Dir: openFolder(t), Port: freePort(t), Issuer: h.origin, Secret: "the-secret+of/an Apache", Root: os.Getuid() == 0}
	a.Site, a.Authority = "http://"+net.JoinHostPort("127.0.0.1", a.Port), filepath.Join(a.Dir, "authority.pem")
	h.register(a.party())
	a.write(t, h)
	a.run(t)
	return a
}

func (a apache) party() relying.Party {
	sum := sha256.Sum256([]byte(a.Secret))
	return relying.Party{ID: "P9999901A_L01.apache", Test: true, Names: map[string]string{"es": "Apache"}, OIDC: &relying.OIDC{
		Redirects: []string{a.Site + "/back"}, LogoutReturn: []string{a.Site + "/out.html"}, BackChannel: a.Site + "/back?logout=backchannel",
		Auth: relying.SecretBasic, SecretHashes: [][]byte{sum[:]},
	}}
}

// write writes its configuration and its pages.
func (a apache) write(t *testing.T, h *house) {
	authority, err := os.ReadFile(h.authority)
	check(t, err)
	var conf bytes.Buffer
	check(t, template.Must(template.ParseFiles("testdata/apache.conf")).Execute(&conf, a))
	for name, text := range map[string]string{
		"authority.pem": string(authority), "httpd.conf": conf.String(), "site/folder/index.html": echo, "site/out.html": "You are out",
		"site/nobody.html": "Nobody signed in",
	} {
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(a.Dir, name)), 0o755))
		check(t, os.WriteFile(filepath.Join(a.Dir, name), []byte(text), 0o644))
	}
}

// echo is a page that says who Apache thinks is there.
const echo = `user=[<!--#echo var="REMOTE_USER" -->] given=[<!--#echo var="OIDC_CLAIM_given_name" encoding="none" -->]
family=[<!--#echo var="OIDC_CLAIM_family_name" encoding="none" -->] acr=[<!--#echo var="OIDC_CLAIM_acr" -->]`

// run runs it until the test ends, which shows what it complained of.
func (a apache) run(t *testing.T) {
	server := exec.Command("/usr/sbin/apache2", "-d", a.Dir, "-f", filepath.Join(a.Dir, "httpd.conf"), "-DFOREGROUND")
	var said bytes.Buffer
	server.Stdout, server.Stderr = &said, &said
	check(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait() // its error is that it was ended
		if log, _ := os.ReadFile(filepath.Join(a.Dir, "error.log")); t.Failed() {
			t.Logf("%s%s", said.String(), log)
		}
	})
	a.await(t)
}

// await waits until it answers.
func (a apache) await(t *testing.T) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		if answer, err := http.Get(a.Site + "/out.html"); err == nil {
			_ = answer.Body.Close()
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("Apache does not answer")
		}
	}
}

// openFolder is a folder that whoever Apache serves as may enter, as those of testing.T are not.
func openFolder(t *testing.T) string {
	dir, err := os.MkdirTemp("", "clave-apache-")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755))
	return dir
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return port(l)
}
