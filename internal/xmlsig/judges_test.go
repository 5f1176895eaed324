package xmlsig_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The judges are other people's implementations. A machine without them cannot say whether we are right, so the tests fail there and name the package.

var santuarioJars = []string{"xmlsec", "commons-codec", "slf4j-api", "slf4j-nop", "bcprov"}

// A bench is a folder where messages, keys and jobs for the judges lie.
type bench struct {
	t   testing.TB
	dir string
}

func newBench(t testing.TB) bench { return bench{t, t.TempDir()} }

func (b bench) write(name string, data []byte) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b bench) read(path string) []byte {
	b.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}

func (b bench) certificate(i identity) string {
	b.t.Helper()
	return b.write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw}))
}

func (b bench) keyDER(i identity) string {
	b.t.Helper()
	return b.write("key.der", must(x509.MarshalPKCS8PrivateKey(i.key)))
}

func (b bench) keyPEM(i identity) string {
	b.t.Helper()
	return b.write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(i.key))}))
}

// xmlsec1 runs the tool; signed is the name of the element that has the ID.
func (b bench) xmlsec1(command, signed string, args ...string) (string, error) {
	b.t.Helper()
	if _, err := exec.LookPath("xmlsec1"); err != nil {
		b.t.Fatal("xmlsec1 is missing: apt-get install xmlsec1")
	}
	args = append([]string{command, "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:" + signed}, args...)
	out, err := exec.CommandContext(b.t.Context(), "xmlsec1", args...).CombinedOutput()
	return string(out), err
}

// santuario runs the jobs, each a list of lines, and returns its answers.
func (b bench) santuario(jobs ...[]string) []string {
	b.t.Helper()
	files := make([]string, len(jobs))
	for i, job := range jobs {
		files[i] = b.write("job"+string(rune('a'+i)), []byte(strings.Join(job, "\n")))
	}
	args := append([]string{"-cp", santuarioPath(b.t), filepath.Join("testdata", "Judge.java")}, files...)
	out, err := exec.CommandContext(b.t.Context(), "java", args...).Output()
	if err != nil {
		b.t.Fatalf("java: %v\n%s", err, out)
	}
	answers := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(answers) != len(jobs) {
		b.t.Fatalf("%d answers to %d jobs: %q", len(answers), len(jobs), out)
	}
	return answers
}

func santuarioPath(t testing.TB) string {
	t.Helper()
	const advice = "is missing: apt-get install openjdk-17-jdk-headless libxml-security-java libcommons-codec-java libslf4j-java libbcprov-java"
	if _, err := exec.LookPath("java"); err != nil {
		t.Fatal("java", advice)
	}
	path := make([]string, len(santuarioJars))
	for i, name := range santuarioJars {
		path[i] = filepath.Join("/usr/share/java", name+".jar")
		if _, err := os.Stat(path[i]); err != nil {
			t.Fatal(path[i], advice)
		}
	}
	return strings.Join(path, string(filepath.ListSeparator))
}
