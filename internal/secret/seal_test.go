package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"clave/internal/secret"
)

func TestSealOpens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ad, plain := rapid.String().Draw(t, "ad"), rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		sealed := secret.Seal(key(1), ad, plain)
		opened, err := secret.Open(key(1), ad, sealed)
		if err != nil || !bytes.Equal(opened, plain) {
			t.Fatalf("opened %x, %v", opened, err)
		}
		if bytes.Equal(sealed, secret.Seal(key(1), ad, plain)) {
			t.Fatal("the same nonce twice")
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	sealed := secret.Seal(key(1), "login 1", []byte("state"))
	tests := []struct {
		name   string
		key    []byte
		ad     string
		sealed []byte
	}{
		{"other key", key(2), "login 1", sealed},
		{"other login", key(1), "login 2", sealed},
		{"nothing", key(1), "login 1", nil},
		{"nonce only", key(1), "login 1", sealed[:24]},
		{"cut", key(1), "login 1", sealed[:len(sealed)-1]},
		{"longer", key(1), "login 1", append(bytes.Clone(sealed), 0)},
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		tests = append(tests, struct {
			name   string
			key    []byte
			ad     string
			sealed []byte
		}{"one bit", key(1), "login 1", changed})
	}
	for _, tt := range tests {
		if opened, err := secret.Open(tt.key, tt.ad, tt.sealed); err != secret.ErrOpen || opened != nil {
			t.Errorf("%s: %q, %v, want ErrOpen", tt.name, opened, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add("", []byte{})
	f.Add("ad", secret.Seal(key(1), "ad", []byte("plain")))
	f.Add("other", secret.Seal(key(1), "ad", nil))
	f.Fuzz(func(t *testing.T, ad string, sealed []byte) {
		if _, err := secret.Open(key(2), ad, sealed); !errors.Is(err, secret.ErrOpen) {
			t.Fatalf("opened without the key: %v", err)
		}
	})
}
