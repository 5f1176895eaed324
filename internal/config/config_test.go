package config

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"clave/internal/keyring"
)

const example = "../../deploy/clave.example.toml"

// folder is one in which the example's files are.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"tls", "secrets", "letters", "bounces"} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	for _, name := range []string{"sms-first", "sms-receipts", "mail"} {
		must(t, os.WriteFile(filepath.Join(dir, "secrets", name), []byte("hunter2-hunter2-hunter2\n"), 0o600))
	}
	certificate(t, dir, "clave.example.es")
	must(t, os.WriteFile(filepath.Join(dir, "keys.json"), ring(), 0o600))
	t.Setenv("SMS_TOKEN", "hunter3")
	return dir
}

// ring is the file of a live key ring: one for all tests, because its keys take a while.
var ring = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "clave-config-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "keys.json")
	if _, err := keyring.Create(path, keyring.Live, time.Now()); err != nil {
		panic(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return data
})

func certificate(t *testing.T, dir, host string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, data := range map[string][]byte{
		"cert.pem": certificate, "carrier-ca.pem": certificate, "mail-ca.pem": certificate,
		"key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	} {
		must(t, os.WriteFile(filepath.Join(dir, "tls", name), data, 0o600))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put writes the text as the configuration of a folder.
func put(t *testing.T, dir, text string) string {
	t.Helper()
	path := filepath.Join(dir, "clave.toml")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func exampleText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(example)
	must(t, err)
	return strings.Replace(string(text), exampleRecipient, printer(), 1)
}

// printer is a key that is not the example's.
var printer = sync.OnceValue(func() string {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return key.Recipient().String()
})

func TestExampleIsServed(t *testing.T) {
	dir := folder(t)
	c, err := Load(put(t, dir, exampleText(t)))
	if err != nil {
		t.Fatal(err)
	}
	usual := defaults().Limits
	usual.Waiting.SMS = (50 + 20) * 60
	if !reflect.DeepEqual(c.Limits, usual) {
		t.Errorf("the example's limits are not the usual ones:\n%+v\n%+v", c.Limits, usual)
	}
	if c.SMS[0].Password.Reveal() != "hunter2-hunter2-hunter2" || c.SMS[1].Token.Reveal() != "hunter3" || c.SMS[1].Receipts.Reveal() != "hunter2-hunter2-hunter2" {
		t.Error("secrets are not what their files hold")
	}
	if got := c.Database.Address.Reveal(); got != filepath.Join(dir, "clave.db") {
		t.Error(got)
	}
	if c.Ring == nil || c.Organization.Names["en"] != "Example body" || c.Mail.Bounces != filepath.Join(dir, "bounces") {
		t.Errorf("%+v", c)
	}
}

// A key that the example lacks is a key that nobody finds.
func TestExampleHasEveryKey(t *testing.T) {
	text := exampleText(t)
	for _, key := range keys(reflect.TypeFor[Config](), "") {
		name := key[strings.LastIndex(key, ".")+1:]
		if !regexp.MustCompile(`(?m)^(# )?` + strings.TrimSuffix(name, "_file") + `(_file|_env)? *=`).MatchString(text) {
			t.Errorf("%s is not in %s", key, example)
		}
	}
	_, r := parse(example, []byte(text))
	for _, key := range keys(reflect.TypeFor[Config](), "") {
		section, name, in := cutLast(key)
		if !in {
			continue
		}
		if key == "limits.waiting.sms" {
			continue // one that is written there would not follow the carriers' rates
		}
		if r.lines[key]+r.lines[section+"#0."+name]+r.lines[section+"#1."+name] == 0 && !strings.HasSuffix(name, "_file") {
			t.Errorf("%s is not in its section of %s", key, example)
		}
	}
}

// A PIN that waits longer than a minute for its carrier grows old: what may wait follows the carriers' rates.
func TestWaitingFollowsTheRates(t *testing.T) {
	dir, text := folder(t), exampleText(t)
	sms := text[strings.Index(text, "\n[[sms]]"):strings.Index(text, "\n[mail]")]
	rates := func(first, second string) string {
		return strings.NewReplacer("rate          = 50", "rate = "+first, "rate          = 20", "rate = "+second).Replace(text)
	}
	for _, tt := range []struct {
		name, text string
		want       int
	}{
		{"two", text, 4200}, {"slow", rates("0.5", "0.5"), 60}, {"the least", rates("0.1", "0.1"), 20},
		{"no carrier", strings.Replace(text, sms, "", 1), 6000}, {"as the file says", strings.Replace(text, "# sms = 4200", "sms = 7", 1), 7},
	} {
		c, err := Load(put(t, dir, tt.text))
		if err != nil || c.Limits.Waiting != (Waiting{tt.want, 6000}) {
			t.Errorf("%s: %+v, %v", tt.name, c.Limits.Waiting, err)
		}
	}
}

func cutLast(key string) (section, name string, ok bool) {
	i := strings.LastIndex(key, ".")
	return key[:max(i, 0)], key[i+1:], i >= 0
}

// keys are all that a file can have.
func keys(t reflect.Type, section string) (list []string) {
	for i := range t.NumField() {
		f, inner := t.Field(i), t.Field(i).Type
		at := join(section, keyOf(f))
		if inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		switch {
		case keyOf(f) == "-":
		case inner == reflect.TypeFor[Secret]():
			if f.Tag.Get("path") != "" {
				list = append(list, at)
				continue
			}
			list = append(list, at+"_file")
		case inner.Kind() == reflect.Struct && inner.PkgPath() != "net/netip" && inner.Name() != "Limit":
			list = append(list, keys(inner, at)...)
		default:
			list = append(list, at)
		}
	}
	return list
}

// TestErrors changes the example and wants exactly the errors listed, by line.
func TestErrors(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"a word for a number", `rate          = 50 `, `rate = "fast" `, `sms.rate: want a number above 0 (messages a second), not "fast"`},
		{"none", `rate          = 20`, `rate = 0`, `sms.rate: want a number above 0 (messages a second), not 0`},
		{"a typo", `phone   =`, `phnoe =`, `help.phone: missing: want the number that people call for help
help.phnoe: there is no such key here; phone is meant?`},
		{"a section that is not there", `[policy]`, `[politics]`, `politics: there is no such key here; policy is meant?`},
		{"a stranger", `style =`, `colour = "red"` + "\nstyle =", `pin.colour: there is no such key here`},
		{"a demonstration", `kind   = "live"`, `kind = "demo"`, `kind: want "live": the demonstration is clave demo, not "demo"`},
		{"http", `origin = "https:`, `origin = "http:`, `origin: want the address that citizens see, https:// and a host that is not this machine's own, without a slash at the end, not "http://clave.example.es"`},
		{"loopback", `origin = "https://clave.example.es"`, `origin = "https://localhost:8443"`, `origin: want the address that citizens see, https:// and a host that is not this machine's own, without a slash at the end, not "https://localhost:8443"
tls.certificate: DIR/tls/cert.pem: x509: certificate is valid for clave.example.es, not localhost`},
		{"a slash", `clave.example.es"    #`, `clave.example.es/"    #`, `origin: want the address that citizens see, https:// and a host that is not this machine's own, without a slash at the end, not "https://clave.example.es/"`},
		{"an open admin", `"127.0.0.1:9090"`, `":9090"`, `listen.admin: want host:port for metrics and probes, on loopback or a private address (admin_public = true allows any), not ":9090"`},
		{"everybody is a proxy", `"10.20.0.4"`, `"0.0.0.0/0"`, `proxy.trusted: want networks, for example ["10.0.0.0/8"]: the proxies' own addresses, never everybody's`},
		{"Forwarded", `"X-Forwarded-For" `, `"forwarded" `, `proxy.header: want the header to which those proxies append the address they heard from, for example "X-Forwarded-For" (not Forwarded), not "forwarded"`},
		{"a plain secret", `password_file = "secrets/mail"`, `password = "hunter2"`, `mail.password: a secret does not stand in this file: want password_file = the path of a file that holds it, or password_env = the name of a variable`},
		{"a secret that is not there", `secrets/mail"`, `secrets/post"`, `mail.password_file: stat DIR/secrets/post: no such file or directory`},
		{"a variable that is not there", `"SMS_TOKEN"`, `"NO_TOKEN"`, `sms.token_env: the variable NO_TOKEN of the environment is not set, or is empty`},
		{"a password in an address", `"clave.db" `, `"postgres://clave:hunter2@db/clave" `, `database.address: a password does not stand in this file: want address_file = the path of a file that holds the whole address, or address_env = the name of a variable`},
		{"another database", `"clave.db" `, `"mysql://clave:hunter2@db/clave" `, `database.address: want a file, or postgres://… without a password`},
		{"twice", `# address_env  =`, `address_env  =`, `database.address: is given twice: want one of address_file and address_env`},
		{"a folder that is not there", `"clave.db" `, `"data/clave.db" `, `database.address: the folder DIR/data does not exist`},
		{"no keys", `"keys.json" `, `"no.json" `, `keys.file: keyring: open DIR/no.json: no such file or directory`},
		{"no length of time", `lifetime = "10m"`, `lifetime = 10`, `limits.pin.lifetime: want a length of time, for example "10m", not 10`},
		{"a limit of too many", `{ count = 20,`, `{ count = 2000,`, `limits.pin.often: want a limit, for example { count = 3, per = "1h" }, with a count of 1 to 200`},
		{"a limit for ever", `wrong    = { count = 10, per = "1d" }`, `wrong = { count = 10 }`, `limits.pin.wrong: want a limit, for example { count = 3, per = "1h" }, with a count of 1 to 200`},
		{"a limit's typo", `{ count = 100 }`, `{ cuont = 100 }`, `limits.pin.in_a_row.cuont: there is no such key here; count is meant?
limits.pin.in_a_row: want a limit, for example { count = 3, per = "1h" }, with a count of 1 to 200`},
		{"the name of our own ids", `"first"`, `"id"`, `sms.name: want a name for logs and figures, given to no other carrier, and not "id", not "id"`},
		{"one name for two", `"second"`, `"first"`, `sms.name: another carrier has this name already`},
		{"keys of another type", `rate          = 20`, "rate = 20\nsource = \"X\"", `sms.source: is for carriers of type "smpp" only`},
		{"no such type", `"http"` + "\n", `"soap"` + "\n", `sms.type: want "smpp" or "http", not "soap"`},
		{"mail in the clear", `"tls"                  # or`, `"none" # or`, `mail.address: with security = "none" e-mail would pass in the clear: want an address on loopback, for example "127.0.0.1:25", not "mail.example.es:465"`},
		{"letters in a file", `= "letters" `, `= "keys.json" `, `letters.folder: DIR/keys.json is no folder`},
		{"letters nowhere", `= "letters" `, `= "no/letters" `, `letters.folder: the folder DIR/no/letters does not exist, nor does the one that it would be made in`},
		{"letters below a file", `= "letters" `, `= "keys.json/letters" `, `letters.folder: the folder DIR/keys.json/letters does not exist, nor does the one that it would be made in`},
		{"the example's printer", printer(), exampleRecipient, `letters.recipients: this is the example's key: nobody can open what is sealed to it; want the printers' own`},
		{"no section", "[policy]\nnational_practice = false", "[pin.policy]\nx = false", `pin.policy: there is no such key here`},
		{"not in quotes", `style = "six-digits"`, `style = classic`, `this is no TOML: incomplete boolean`},
		{"a key twice", `connections = 16`, "connections = 16\nconnections = 17", `database.connections: stands in the file twice`},
		{"a section twice", "[policy]\n", "[pin]\n[policy]\n", `pin: stands in the file twice`},
	} {
		dir := folder(t)
		text := strings.Replace(exampleText(t), tt.old, tt.new, 1)
		if text == exampleText(t) {
			t.Errorf("%s: the example has no %q", tt.name, tt.old)
			continue
		}
		_, err := Load(put(t, dir, text))
		if err == nil {
			t.Errorf("%s: no error", tt.name)
			continue
		}
		got := strings.ReplaceAll(numbers.ReplaceAllString(err.Error(), ""), dir, "DIR")
		if got != tt.want && !(strings.HasPrefix(tt.want, "this is no TOML") && strings.HasPrefix(got, "this is no TOML")) {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
		if strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: a secret is told: %v", tt.name, err)
		}
	}
}

var numbers = regexp.MustCompile(`(?m)^[^ ]*clave\.toml:\d+: `)

// All errors at once, each with its line: who mends a file at night has one look at it.
func TestAllErrorsAtOnceWithTheirLines(t *testing.T) {
	path := put(t, t.TempDir(), `kind = "live"
origin = "clave.example.es"

[listen]
address = "8443"
drian = "5s"

[database]
connections = "many"

[[sms]]
type = "http"
rate = 5
[[sms]]
name = "b"
type = "smpp"
rate = "fast"

[limits.pin]
asked = { count = 3, per = "1 hour" }
`)
	_, err := Load(path)
	var all Problems
	if !errors.As(err, &all) {
		t.Fatal(err)
	}
	want := map[string]int{
		"origin": 2, "listen.address": 5, "listen.drian": 6, "database.connections": 9, "database.address": 8, "keys.file": 1,
		"help.phone": 1, "help.address": 1, "sms.rate": 17, "sms.name": 11, "sms.url": 11, "sms.token": 11,
		"sms.address": 14, "sms.system": 14, "sms.password": 14, "sms.source": 14, "limits.pin.asked": 20,
	}
	for _, p := range all {
		if want[p.Key] != p.Line {
			t.Errorf("unexpected, or with another line: %v", p)
		}
		delete(want, p.Key)
	}
	if len(want) > 0 {
		t.Errorf("not told: %v", want)
	}
}

// The file says who is sent people's codes: whoever can write it reads them.
func TestFileThatOthersWriteIsRefused(t *testing.T) {
	path := put(t, folder(t), exampleText(t))
	for mode, want := range map[os.FileMode]bool{0o600: true, 0o644: true, 0o640: true, 0o660: false, 0o664: false, 0o602: false, 0o666: false} {
		must(t, os.Chmod(path, mode))
		_, err := Load(path)
		if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "run: chmod go-w "+path) {
			t.Errorf("%04o: %v", mode, err)
		}
	}
}

// The spool makes its folder: it need not be there, where it can be made.
func TestFolderOfLettersNeedNotBeThere(t *testing.T) {
	dir := folder(t)
	must(t, os.Remove(filepath.Join(dir, "letters")))
	if _, err := Load(put(t, dir, exampleText(t))); err != nil {
		t.Error(err)
	}
}

func TestSecretsThatOthersReadAreRefused(t *testing.T) {
	dir := folder(t)
	path := put(t, dir, exampleText(t))
	secret := filepath.Join(dir, "secrets", "mail")
	for mode, want := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: true, 0o440: true, 0o644: false, 0o604: false, 0o660: false, 0o602: false} {
		must(t, os.Chmod(secret, mode))
		_, err := Load(path)
		if (err == nil) != want {
			t.Errorf("%04o: %v", mode, err)
		}
	}
	must(t, os.Chmod(secret, 0o600))
	must(t, os.Chmod(filepath.Join(dir, "tls", "key.pem"), 0o644))
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "tls.key: ") {
		t.Errorf("a TLS key that others read: %v", err)
	}
	if os.Geteuid() != 0 {
		return
	}
	must(t, os.Chmod(filepath.Join(dir, "tls", "key.pem"), 0o600))
	must(t, os.Chown(secret, 0, 4242))
	must(t, os.Chmod(secret, 0o640))
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "a group can read it in which the service is not") {
		t.Errorf("another group's: %v", err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Dir(secret))
	if _, err := Load(path); err != nil {
		t.Errorf("handed over by systemd: %v", err)
	}
}

// A command that only needs the data runs where the carriers' secrets are not.
func TestLoadDataNeedsNoCarrier(t *testing.T) {
	dir := folder(t)
	for _, name := range []string{"secrets", "tls", "keys.json"} {
		must(t, os.RemoveAll(filepath.Join(dir, name)))
	}
	c, err := LoadData(put(t, dir, exampleText(t)))
	if err != nil || c.Keys.File != filepath.Join(dir, "keys.json") || c.Database.Address.Reveal() != filepath.Join(dir, "clave.db") {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestRule23KeysOfADemonstrationAreRefused(t *testing.T) {
	dir := folder(t)
	ring := filepath.Join(dir, "keys.json")
	must(t, os.Remove(ring))
	_, err := keyring.Create(ring, keyring.Demo, time.Now())
	must(t, err)
	if _, err := Load(put(t, dir, exampleText(t))); err == nil || !strings.Contains(err.Error(), "keys.file: "+ring+" holds the keys of a demonstration") {
		t.Error(err)
	}
}

func TestWithoutTLSOnlyBehindAProxyOrOnLoopback(t *testing.T) {
	dir, text := folder(t), exampleText(t)
	noTLS := cut(text, "\n[tls]", "\n# Without [proxy]")
	neither := cut(noTLS, "\n[proxy]", "\n[database]")
	for _, tt := range []struct {
		name, text string
		ok         bool
	}{
		{"TLS and a proxy", text, true}, {"behind a proxy", noTLS, true}, {"neither", neither, false},
		{"on loopback", strings.Replace(neither, `":8443"`, `"127.0.0.1:8443"`, 1), true},
		{"on every address", strings.Replace(neither, `":8443"`, `"0.0.0.0:8443"`, 1), false},
		{"on a private address", strings.Replace(neither, `":8443"`, `"10.0.0.1:8443"`, 1), false},
	} {
		if _, err := Load(put(t, dir, tt.text)); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func cut(text, from, to string) string {
	i := strings.Index(text, from)
	return text[:i] + text[i+strings.Index(text[i:], to):]
}

func TestSecretPrintsNothing(t *testing.T) {
	s := Mail{Password: Secret{"hunter2"}}
	if text := fmt.Sprintf("%v %+v %#v %s", s, s, s, s.Password); strings.Contains(text, "hunter2") {
		t.Error(text)
	}
}

// FuzzRead: whatever a file holds, reading ends with a configuration or with errors that name a line of it, and repeats no secret.
func FuzzRead(f *testing.F) {
	text, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("[[sms]]\nname = 1\n[[sms]]\n[sms.x]\n[[sms.y]]\n")
	f.Add("sms = [{name = 'a'}, {}]\nhelp.phone = 1\n\"a.b\".c = {d = [[{e = 1}]]}")
	f.Add("limits.pin.asked = {count = 1}\n[limits]\npin = 3")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		c, r := parse(filepath.Join(dir, "clave.toml"), []byte(text))
		if c != nil {
			r.dataOnly = true
			r.fill(c)
			r.check(c)
		}
		var all Problems
		if err := r.end(); err != nil && !errors.As(err, &all) {
			t.Fatalf("%T", err)
		}
		lines := bytes.Count([]byte(text), []byte("\n")) + 1
		for _, p := range all {
			if p.Line < 1 || p.Line > lines || cmp.Or(p.Text, "want ") == "want " {
				t.Errorf("%+v of %d lines", p, lines)
			}
		}
	})
}
