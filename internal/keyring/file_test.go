package keyring

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/secret"
)

var morning = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

var sample = sync.OnceValue(func() []byte {
	r, err := draw(Demo, morning)
	if err != nil {
		panic(err)
	}
	data, err := encode(r)
	if err != nil {
		panic(err)
	}
	return data
})

// changed is the sample after one change.
func changed(t *testing.T, change func(*file)) []byte {
	t.Helper()
	var f file
	if err := json.Unmarshal(sample(), &f); err != nil {
		t.Fatal(err)
	}
	change(&f)
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDecode(t *testing.T) {
	key := bytes.Repeat([]byte{7}, secret.KeySize)
	other, err := makeSigning("oidc", Demo, morning, morning, nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*file)
		err    error
	}{
		{"as written", func(*file) {}, nil},
		{"an older master key", func(f *file) { f.Masters = append(f.Masters, fileMaster{ID: "0000000000000001", Since: 1, Key: key}) }, nil},
		{"no signers", func(f *file) { f.Signers = nil }, nil},
		{"later version", func(f *file) { f.Version = 4 }, ErrFile},
		{"a retired master key", func(f *file) {
			f.Masters[0].Retired = true
			f.Masters = append(f.Masters, fileMaster{ID: "0000000000000001", Since: 1, Key: key})
		}, nil},
		{"all retired", func(f *file) { f.Masters[0].Retired = true }, ErrFile},
		{"two masters that begin at once", func(f *file) {
			f.Masters = append(f.Masters, fileMaster{ID: "0000000000000001", Since: f.Masters[0].Since, Key: key})
		}, ErrFile},
		{"a wrapped master without a token", func(f *file) { f.Masters[0].Wrapped = key }, ErrFile},
		{"version before the first", func(f *file) { f.Version = 0 }, ErrFile},
		{"no kind", func(f *file) { f.Kind = "" }, ErrFile},
		{"other kind", func(f *file) { f.Kind = "test" }, ErrFile},
		{"no masters", func(f *file) { f.Masters = nil }, ErrFile},
		{"hashing not there", func(f *file) { f.Hashing = "0000000000000001" }, ErrFile},
		{"no hashing", func(f *file) { f.Hashing = "" }, ErrFile},
		{"short id", func(f *file) { f.Masters[0].ID, f.Hashing = "00", "00" }, ErrFile},
		{"id not hexadecimal", func(f *file) { f.Masters[0].ID = "zzzzzzzzzzzzzzzz" }, ErrFile},
		{"short key", func(f *file) { f.Masters[0].Key = key[:31] }, ErrFile},
		{"a master twice", func(f *file) { f.Masters = append(f.Masters, f.Masters[0]) }, ErrFile},
		{"a signer twice", func(f *file) { f.Signers = append(f.Signers, f.Signers[0]) }, ErrFile},
		{"a signer without name", func(f *file) { f.Signers[0].Name = "" }, ErrFile},
		{"damaged signing key", func(f *file) { f.Signers[0].Key[40] ^= 1 }, ErrFile},
		{"damaged certificate", func(f *file) { f.Signers[0].Certificate = key }, ErrFile},
		{"another's certificate", func(f *file) { f.Signers[0].Certificate = other.Certificate.Raw }, ErrFile},
		{"another's id", func(f *file) { f.Signers[0].ID = f.Signers[1].ID }, ErrFile},
		{"one key for two purposes", func(f *file) { f.Signers[1] = f.Signers[0]; f.Signers[1].Name = "signature" }, ErrFile},
		{"RSA where ECDSA is promised", func(f *file) { f.Signers = f.Signers[2:]; f.Signers[0].Name = "oidc" }, ErrFile},
		{"ECDSA where RSA is promised", func(f *file) { f.Signers = f.Signers[:1]; f.Signers[0].Name = "saml" }, ErrFile},
		{"a name of a later program", func(f *file) { f.Signers[0].Name = "signature" }, nil},
		{"two that begin at once", func(f *file) { f.Signers[1].Name = "saml" }, ErrFile},
	}
	for _, tt := range tests {
		r, err := decode(changed(t, tt.change))
		if !errors.Is(err, tt.err) || (r == nil) != (tt.err != nil) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
}

func TestDecodeIsStrict(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":          "",
		"not JSON":         "clave",
		"cut":              string(sample()[:len(sample())/2]),
		"something behind": string(sample()) + "{}",
		"unknown member":   strings.Replace(string(sample()), `"kind"`, `"expires": 1, "kind"`, 1),
	} {
		if _, err := decode([]byte(data)); !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v, want ErrFile", name, err)
		}
	}
}

// A ring from before keys had generations: one of a name, which has signed since its certificate began.
func TestDecodeVersion1(t *testing.T) {
	r, err := decode(changed(t, func(f *file) {
		f.Version, f.Current, f.Hashing, f.Signers = 1, f.Hashing, "", f.Signers[2:]
		f.Signers[0].ID, f.Signers[0].Since = "", 0
	}))
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Signing("saml", morning)
	if err != nil || s.ID == "" || !s.Since.Equal(s.Certificate.NotBefore) {
		t.Errorf("signs with %q since %v, %v", s.ID, s.Since, err)
	}
	if _, err := r.Signings("oidc"); !errors.Is(err, ErrNoSigner) {
		t.Errorf("a key from nowhere: %v", err)
	}
}

// After a change of keys the old one still opens what it sealed, and the new one seals.
func TestOlderKeyUnseals(t *testing.T) {
	before, err := decode(sample())
	if err != nil {
		t.Fatal(err)
	}
	const id = "00000000000000ff"
	after, err := decode(changed(t, func(f *file) {
		f.Masters = append(f.Masters, fileMaster{ID: id, Since: morning.Unix(), Key: bytes.Repeat([]byte{7}, secret.KeySize)})
	}))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := after.Unseal("state", "1", before.Seal(morning, "state", "1", []byte("x"))); err != nil || string(plain) != "x" {
		t.Errorf("the old key opens %q, %v", plain, err)
	}
	if _, err := before.Unseal("state", "1", after.Seal(morning, "state", "1", []byte("x"))); !errors.Is(err, secret.ErrOpen) {
		t.Errorf("a ring without the new key opens what it sealed: %v", err)
	}
	h := before.Hash("otp", "K7Q")
	if !h.Equal(after.Hash("otp", "K7Q")) {
		t.Error("a hash changed: nobody would be found any more")
	}
	was, is := before.Stored(h, morning), after.Stored(h, morning)
	if len(was) != 1 || len(is) != 2 || !bytes.Equal(was[0], is[1]) || bytes.Contains(is[0], h[:8]) {
		t.Errorf("stored in %d and %d forms", len(was), len(is))
	}
	for _, form := range is {
		if back, err := after.Hashed(form); err != nil || !h.Equal(back) {
			t.Errorf("a form of %d bytes does not come back: %v", len(form), err)
		}
	}
	if _, err := before.Hashed(is[0]); !errors.Is(err, secret.ErrOpen) {
		t.Errorf("a ring without the new key reads what it stored: %v", err)
	}
}

// Keys made on one day are good the same day, on a machine whose clock is a little behind too.
func TestCertificateDates(t *testing.T) {
	r, err := decode(sample())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		s, err := r.Signing(name, morning)
		if err != nil {
			t.Fatal(err)
		}
		if c := s.Certificate; c.NotBefore.After(morning.Add(-time.Minute)) || !c.NotAfter.Equal(morning.AddDate(10, 0, 0)) {
			t.Errorf("%s: good from %v to %v", name, c.NotBefore, c.NotAfter)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(sample())
	f.Add([]byte(`{"version":1,"kind":"demo","current":"","masters":[],"signers":[]}`))
	f.Add([]byte(`{"version":1,"kind":"live","signers":[{"name":"saml","key":"MA==","certificate":"MA=="}]}`))
	f.Add([]byte(`{"version":2,"kind":"live","signers":[{"name":"oidc","id":"x","since":-9223372036854775808,"key":"MA==","certificate":"MA=="}]}`))
	f.Add([]byte(`{"version":3,"kind":"live","hashing":"","hardware":{"module":"","token":"","pin_file":""},"masters":[{"id":"","wrapped":"MA=="}]}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if f, err := decodeFile(data); err == nil && f.Token != nil {
			return // the module that it names would be loaded
		}
		r, err := decode(data)
		if err != nil {
			if !errors.Is(err, ErrFile) {
				t.Fatalf("%v is not ErrFile", err)
			}
			return
		}
		h := r.Hash("hash", "x")
		for _, form := range r.Stored(h, morning) {
			if back, err := r.Hashed(form); err != nil || !h.Equal(back) {
				t.Fatalf("a stored hash does not come back: %v", err)
			}
		}
		if plain, err := r.Unseal("state", "1", r.Seal(morning, "state", "1", []byte("x"))); err != nil || string(plain) != "x" {
			t.Fatalf("a ring that does not open what it sealed: %v", err)
		}
	})
}
