//go:build pkcs11

package keyring

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/pkcs11"
)

const (
	softHSM = "/usr/lib/softhsm/libsofthsm2.so"
	testPIN = "87654321"
)

// tokensIn is where all of SoftHSM's tokens of this test are; its library looks there once.
var tokensIn = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "clave-softhsm-")
	if err != nil {
		panic(err)
	}
	conf := filepath.Join(dir, "softhsm2.conf")
	if err := os.WriteFile(conf, []byte("directories.tokendir = "+dir+"\nlog.level = ERROR\n"), 0o600); err != nil {
		panic(err)
	}
	os.Setenv("SOFTHSM2_CONF", conf)
	AtEnd = append(AtEnd, func() { os.RemoveAll(dir) })
	return dir
})

// newToken makes a token and returns where it is, for us and on disk.
func newToken(t testing.TB) (where Hardware, folder string) {
	t.Helper()
	before, err := filepath.Glob(filepath.Join(tokensIn(), "*-*"))
	if err != nil {
		t.Fatal(err)
	}
	where = Hardware{Module: softHSM, Token: strings.ReplaceAll(t.Name(), "/", " "), PINFile: filepath.Join(t.TempDir(), "pin")}
	if len(where.Token) > 32 {
		where.Token = where.Token[:32]
	}
	if err := os.WriteFile(where.PINFile, []byte(testPIN+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("softhsm2-util", "--init-token", "--free", "--label", where.Token, "--so-pin", "12345678", "--pin", testPIN).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	after, err := filepath.Glob(filepath.Join(tokensIn(), "*-*"))
	if err != nil || len(after) != len(before)+1 {
		t.Fatalf("tokens on disk: %v, %v", after, err)
	}
	for _, name := range after {
		if !strings.Contains(strings.Join(before, " "), name) {
			folder = name
		}
	}
	return where, folder
}

func inToken(t testing.TB, where Hardware) *Ring {
	t.Helper()
	r, err := CreateHardware(filepath.Join(t.TempDir(), "keys.json"), Live, where, morning)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// signs makes a signature of each kind and checks it.
func signsAll(t testing.TB, r *Ring) error {
	t.Helper()
	digest := sha256.Sum256([]byte("assertion"))
	for name, algorithm := range map[string]x509.SignatureAlgorithm{"saml": x509.SHA256WithRSA, "oidc": x509.ECDSAWithSHA256, "oidc-rs256": x509.SHA256WithRSA} {
		s, err := r.Signing(name, morning)
		if err != nil {
			return err
		}
		signature, err := s.Signer.Sign(nil, digest[:], crypto.SHA256)
		if err != nil {
			return err
		}
		if err := s.Certificate.CheckSignature(algorithm, []byte("assertion"), signature); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	return nil
}

func TestHardware(t *testing.T) {
	where, _ := newToken(t)
	r := inToken(t, where)
	if err := signsAll(t, r); err != nil {
		t.Fatal(err)
	}
	again, err := Open(r.file.path)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Unseal("state", "1", r.Seal(morning, "state", "1", []byte("x"))); err != nil || string(plain) != "x" {
		t.Errorf("unsealed %q, %v", plain, err)
	}
	if !again.Hash("otp", "x").Equal(r.Hash("otp", "x")) {
		t.Error("another master key came back")
	}
	if got := again.Check(morning); len(got) != 0 {
		t.Errorf("wrong with it: %v", got)
	}
}

// TestRule21NoKeyInTheFile looks for keys in what the file of a ring in hardware holds.
func TestRule21NoKeyInTheFile(t *testing.T) {
	where, _ := newToken(t)
	r := inToken(t, where)
	data, err := os.ReadFile(r.file.path)
	if err != nil {
		t.Fatal(err)
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	for _, s := range f.Signers {
		if len(s.Key) > 0 {
			t.Errorf("%s: its key is in the file", s.Name)
		}
	}
	for i, m := range f.Masters {
		if len(m.Key) > 0 || bytes.Contains(m.Wrapped, r.keys.Load().masters[i].key) {
			t.Error("a master key is in the file")
		}
	}
	if bytes.Contains(data, []byte(testPIN)) {
		t.Error("the PIN is in the file")
	}
	s, err := r.Signing("saml", morning)
	if err != nil {
		t.Fatal(err)
	}
	key := s.Signer.(hiddenSigner).Signer.(*tokenKey)
	err = key.token.use(func(session pkcs11.SessionHandle, age int) error {
		object, err := key.find(session, age)
		if err != nil {
			return err
		}
		_, err = key.token.library.GetAttributeValue(session, object, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_PRIVATE_EXPONENT, nil)})
		return err
	})
	if !is(err, pkcs11.CKR_ATTRIBUTE_SENSITIVE) {
		t.Errorf("the token gives the key away: %v", err)
	}
}

func TestHardwareRotates(t *testing.T) {
	where, _ := newToken(t)
	r := inToken(t, where)
	for _, name := range Names() {
		made, err := Rotate(r.file.path, name, morning, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.refresh(morning); err != nil {
			t.Fatal(err)
		}
		if s, err := r.Signing(name, morning.Add(time.Hour)); err != nil || s.ID != made.ID {
			t.Errorf("%s: %s signs, want %s; %v", name, s.ID, made.ID, err)
		}
	}
	m, err := RotateMaster(r.file.path, morning, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := r.refresh(morning); err != nil || !changed {
		t.Fatal(err)
	}
	if sealed := r.Seal(m.Since, "state", "1", nil); !bytes.HasPrefix(sealed, m.Prefix()) {
		t.Error("the new master key does not seal")
	}
}

// Sessions die behind our back, and so does the library: whoever signs does not notice.
func TestHardwareSessionsDie(t *testing.T) {
	where, _ := newToken(t)
	r := inToken(t, where)
	behind := pkcs11.New(softHSM)
	box := tokens.known[hardware(where)]
	for name, hurt := range map[string]func() error{
		"every session closed": func() error { return behind.CloseAllSessions(box.slot) },
		"the library ended":    behind.Finalize,
	} {
		if err := hurt(); err != nil {
			t.Fatal(name, err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := signsAll(t, r); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		all.Wait()
	}
}

// A token that is taken away is told, by whoever signs and by the check, and comes back by itself.
func TestHardwareTakenAway(t *testing.T) {
	where, folder := newToken(t)
	r := inToken(t, where)
	away := filepath.Join(t.TempDir(), "away")
	if err := os.Rename(folder, away); err != nil {
		t.Fatal(err)
	}
	if err := pkcs11.New(softHSM).Finalize(); err != nil { // SoftHSM looks at its tokens when it begins
		t.Fatal(err)
	}
	if err := signsAll(t, r); !errors.Is(err, ErrToken) || !strings.Contains(err.Error(), where.Token) {
		t.Errorf("signing without a token: %v", err)
	}
	if got := r.Check(morning); len(got) != 1 || !got[0].Fatal || got[0].Key != "token" {
		t.Errorf("the check finds %v", got)
	}
	if err := os.Rename(away, folder); err != nil {
		t.Fatal(err)
	}
	tokens.known[hardware(where)].failed = time.Time{} // as if a second had passed
	if err := signsAll(t, r); err != nil {
		t.Errorf("the token is back, and does not sign: %v", err)
	}
	if got := r.Check(morning); len(got) != 0 {
		t.Errorf("the check finds %v", got)
	}
}

func TestHardwareOpenRefuses(t *testing.T) {
	where, _ := newToken(t)
	r := inToken(t, where)
	data, err := os.ReadFile(r.file.path)
	if err != nil {
		t.Fatal(err)
	}
	pin := func(text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "pin")
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tt := range map[string]struct {
		change func(*file)
		err    error
	}{
		"no library":              {func(f *file) { f.Token.Module = "/nowhere.so" }, ErrToken},
		"no such token":           {func(f *file) { f.Token.Token = "another" }, ErrToken},
		"a wrong PIN":             {func(f *file) { f.Token.PINFile = pin("0000", 0o600) }, ErrPIN},
		"a PIN that others read":  {func(f *file) { f.Token.PINFile = pin(testPIN, 0o644) }, ErrReadable},
		"no PIN":                  {func(f *file) { f.Token.PINFile = pin("", 0o600) }, nil},
		"no file of a PIN":        {func(f *file) { f.Token.PINFile = "/nowhere" }, os.ErrNotExist},
		"a damaged master key":    {func(f *file) { f.Masters[0].Wrapped[5] ^= 1 }, nil},
		"another master's id":     {func(f *file) { f.Masters[0].ID, f.Hashing = "00000000000000ff", "00000000000000ff" }, ErrFile},
		"a key beside the token":  {func(f *file) { f.Signers[0].Key = []byte("x") }, ErrFile},
		"a master without a wrap": {func(f *file) { f.Masters[0].Key, f.Masters[0].Wrapped = make([]byte, 32), nil }, ErrFile},
	} {
		var f file
		if err := json.Unmarshal(data, &f); err != nil {
			t.Fatal(err)
		}
		tt.change(&f)
		changed, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		_, err = decode(changed)
		if err == nil || tt.err != nil && !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", name, err, tt.err)
		}
		if err != nil && (strings.Contains(err.Error(), testPIN) || strings.Contains(err.Error(), "0000")) {
			t.Errorf("%s: the error quotes the PIN: %v", name, err)
		}
	}
}

// A wrong PIN is tried once: some tokens close after three.
func TestHardwareRefusedPINIsTriedOnce(t *testing.T) {
	where, _ := newToken(t)
	if err := os.WriteFile(where.PINFile, []byte("1111"), 0o600); err != nil {
		t.Fatal(err)
	}
	box := &token{where: hardware(where), library: pkcs11.New(softHSM), mu: &sync.RWMutex{}, sessions: make(chan struct{}, 1)}
	if err := box.begin(); !errors.Is(err, ErrPIN) || !strings.Contains(err.Error(), "CKR_PIN_INCORRECT") {
		t.Fatalf("a wrong PIN: %v", err)
	}
	if box.refused != sha256.Sum256([]byte("1111")) {
		t.Error("it would be tried again")
	}
	if err := os.WriteFile(where.PINFile, []byte(testPIN), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := box.begin(); err != nil {
		t.Errorf("the right PIN: %v", err)
	}
}

// wrongLast is what the token itself says of the last try, which outlives a process.
func wrongLast(t *testing.T, where Hardware) bool {
	t.Helper()
	box := &token{where: hardware(where), library: pkcs11.New(softHSM)}
	if err := box.find(); err != nil {
		t.Fatal(err)
	}
	info, err := box.library.GetTokenInfo(box.slot)
	if err != nil {
		t.Fatal(err)
	}
	return info.Flags&pkcs11.CKF_USER_PIN_COUNT_LOW != 0
}

// forgets is what a new process knows of a token: nothing.
func forgets(where Hardware) {
	_ = tokens.known[hardware(where)].library.Finalize()
	delete(tokens.known, hardware(where))
}

func TestHardwareWhoOnlyLooksTriesNoPIN(t *testing.T) {
	where, _ := newToken(t)
	path := inToken(t, where).file.path
	if err := os.WriteFile(where.PINFile, []byte("1111"), 0o600); err != nil {
		t.Fatal(err)
	}
	forgets(where)
	if kind, hardware, err := Look(path); kind != Live || !hardware || err != nil || tokens.known[hardwareOf(where)] != nil {
		t.Errorf("a look: %v, %v, %v", kind, hardware, err)
	}
	for range 2 { // the second is told what the first was
		if _, err := Open(path); !errors.Is(err, ErrPIN) || !wrongLast(t, where) {
			t.Errorf("a wrong PIN: %v", err)
		}
	}
	forgets(where)
	if err := os.WriteFile(where.PINFile, []byte(testPIN), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenWary(path); !errors.Is(err, ErrPIN) || !strings.Contains(err.Error(), "the last PIN") || !wrongLast(t, where) {
		t.Errorf("who only looks: %v", err)
	}
	forgets(where)
	if _, err := Open(path); err != nil || wrongLast(t, where) {
		t.Errorf("the right PIN: %v", err)
	}
	forgets(where)
	if _, err := OpenWary(path); err != nil {
		t.Errorf("who only looks, afterwards: %v", err)
	}
}

func hardwareOf(where Hardware) hardware { return hardware(where) }

// What tokens say that SoftHSM never does.
func TestHardwareSparesTheLastTry(t *testing.T) {
	h := hardware{Token: "clave", PINFile: "/etc/clave/pin"}
	for _, tt := range []struct {
		flags uint
		wary  bool
		want  string
	}{
		{pkcs11.CKF_USER_PIN_INITIALIZED, true, ""},
		{pkcs11.CKF_USER_PIN_COUNT_LOW, false, ""},
		{pkcs11.CKF_USER_PIN_COUNT_LOW, true, "is not tried here"},
		{pkcs11.CKF_USER_PIN_COUNT_LOW | pkcs11.CKF_USER_PIN_FINAL_TRY, false, "one more wrong PIN locks token clave"},
		{pkcs11.CKF_USER_PIN_FINAL_TRY | pkcs11.CKF_USER_PIN_LOCKED, false, "CKR_PIN_LOCKED"},
	} {
		err := h.spared(tt.flags, tt.wary)
		if (err == nil) != (tt.want == "") || err != nil && (!errors.Is(err, ErrPIN) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%b, %v: %v, want %q", tt.flags, tt.wary, err, tt.want)
		}
	}
	for _, code := range refusals {
		if err := h.refuses(refusal(pkcs11.Error(code))); !errors.Is(err, ErrPIN) || !strings.Contains(err.Error(), "CKR_PIN_") {
			t.Errorf("%#x: %v", code, err)
		}
	}
	if got := refusal(pkcs11.Error(pkcs11.CKR_DEVICE_ERROR)); got != 0 {
		t.Errorf("a token that is away refuses the PIN: %#x", got)
	}
}

// What the signatures of one login cost in the token, and in the file.
func BenchmarkSign(b *testing.B) {
	where, _ := newToken(b)
	inFile, err := draw(Live, morning)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("assertion"))
	for at, r := range map[string]*Ring{"token": inToken(b, where), "file": inFile} {
		for _, name := range []string{"saml", "oidc"} {
			s, err := r.Signing(name, morning)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(at+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if _, err := s.Signer.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
