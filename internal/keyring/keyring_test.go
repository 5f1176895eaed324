package keyring_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clave/internal/keyring"
	"clave/internal/secret"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// ring is shared: drawing RSA keys takes long, and a ring that nobody follows never changes.
var ring = sync.OnceValue(func() *keyring.Ring { return create(keyring.Demo) })

var otherRing = sync.OnceValue(func() *keyring.Ring { return create(keyring.Live) })

func create(kind keyring.Kind) *keyring.Ring {
	path := filepath.Join(directory, string(kind)+".json")
	r, err := keyring.Create(path, kind, noon)
	if err != nil {
		panic(err)
	}
	return r
}

func TestRule21EveryUseHasItsKey(t *testing.T) {
	hashes := map[string]secret.Hash{
		"code":        ring().Hash("otp code", "K7Q"),
		"other use":   ring().Hash("letter CSV", "K7Q"),
		"other code":  ring().Hash("otp code", "K7R"),
		"other parts": ring().Hash("otp code", "K7", "Q"),
		"prefix":      ring().Hash("otp", "code", "K7Q"),
		"other ring":  otherRing().Hash("otp code", "K7Q"),
	}
	for a, hashA := range hashes {
		for b, hashB := range hashes {
			if hashA.Equal(hashB) != (a == b) {
				t.Errorf("%s and %s", a, b)
			}
		}
	}
	if !ring().Hash("otp code", "K7Q").Equal(hashes["code"]) {
		t.Error("a hash is not the same twice")
	}
}

func TestRule19SealIsBound(t *testing.T) {
	sealed := ring().Seal(noon, "login state", "login 1", []byte("state"))
	tests := []struct {
		name   string
		ring   *keyring.Ring
		use    keyring.Use
		ad     string
		sealed []byte
		err    error
	}{
		{"as sealed", ring(), "login state", "login 1", sealed, nil},
		{"other login", ring(), "login state", "login 2", sealed, secret.ErrOpen},
		{"other use", ring(), "citizen phone", "login 1", sealed, secret.ErrOpen},
		{"use and ad shifted", ring(), "login", " statelogin 1", sealed, secret.ErrOpen},
		{"other system", otherRing(), "login state", "login 1", sealed, secret.ErrOpen},
		{"nothing", ring(), "login state", "login 1", nil, secret.ErrOpen},
		{"only the key's id", ring(), "login state", "login 1", sealed[:8], secret.ErrOpen},
		{"cut", ring(), "login state", "login 1", sealed[:len(sealed)-1], secret.ErrOpen},
		{"other key's id", ring(), "login state", "login 1", append(otherID(), sealed[8:]...), secret.ErrOpen},
	}
	for _, tt := range tests {
		plain, err := tt.ring.Unseal(tt.use, tt.ad, tt.sealed)
		if !errors.Is(err, tt.err) || (err == nil) != (string(plain) == "state") {
			t.Errorf("%s: %q, %v; want %v", tt.name, plain, err, tt.err)
		}
	}
}

func otherID() []byte { return otherRing().Seal(noon, "login state", "login 1", nil)[:8] }

func TestSealProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		use := keyring.Use(rapid.StringMatching(`.{1,20}`).Draw(t, "use"))
		ad, plain := rapid.String().Draw(t, "ad"), rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		sealed := ring().Seal(noon, use, ad, plain)
		if opened, err := ring().Unseal(use, ad, sealed); err != nil || !bytes.Equal(opened, plain) {
			t.Fatalf("%x, %v", opened, err)
		}
		sealed[rapid.IntRange(0, len(sealed)-1).Draw(t, "at")] ^= 1
		if _, err := ring().Unseal(use, ad, sealed); !errors.Is(err, secret.ErrOpen) {
			t.Fatalf("changed and opened: %v", err)
		}
	})
}

func TestUseWithoutNamePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("hashed for no use")
		}
	}()
	ring().Hash("", "K7Q")
}

func TestRingPrintsItsKindOnly(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, ring()); got != "(keyring demo)" {
			t.Errorf("%s prints %.40s…", verb, got)
		}
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("open", "ring", ring())
	if !strings.Contains(log.String(), `"ring":"(keyring demo)"`) {
		t.Errorf("log prints %.80s…", log.String())
	}
}
