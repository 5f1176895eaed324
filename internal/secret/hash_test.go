package secret_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clave/internal/secret"
)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, secret.KeySize) }

// The layout is stored in databases: this value changes only with a migration of every hash. It is HMAC-SHA256 under 32 bytes of 1 over the
// label and the parts, each after its length in eight bytes.
func TestHMACGolden(t *testing.T) {
	const want = "b1599ea38add772ef9b8b0c8b020cb86ee692f9e64a20313ebc501cf74514c6f"
	if got := hex.EncodeToString(secret.HMAC(key(1), "otp", "12345678Z", "K7Q")); got != want {
		t.Errorf("HMAC = %s, want %s", got, want)
	}
}

func TestHMACTellsInputsApart(t *testing.T) {
	inputs := [][]string{
		{"l"}, {"l", ""}, {"l", "", ""}, {"l", "ab", "c"}, {"l", "a", "bc"}, {"l", "abc"}, {"la", "bc"}, {"", "l"}, {"l", "c", "ab"},
	}
	seen := map[string]int{}
	for i, in := range inputs {
		h := hex.EncodeToString(secret.HMAC(key(1), in[0], in[1:]...))
		if j, twice := seen[h]; twice {
			t.Errorf("%q and %q hash alike", in, inputs[j])
		}
		seen[h] = i
	}
}

func TestHMACProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.StringMatching(`[ab]{0,3}`))
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		equal := secret.HMAC(key(1), "l", a...).Equal(secret.HMAC(key(1), "l", b...))
		if equal != slices.Equal(a, b) {
			t.Fatalf("%q and %q: equal %v", a, b, equal)
		}
		if secret.HMAC(key(1), "l", a...).Equal(secret.HMAC(key(2), "l", a...)) {
			t.Fatal("two keys, one hash")
		}
	})
}

// Time cannot be measured reliably on a shared machine, so the test reads how Equal is written.
func TestRule04ConstantTime(t *testing.T) {
	source, err := os.ReadFile("hash.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "func (h Hash) Equal(")
	body, _, _ = strings.Cut(body, "\n}\n")
	if !strings.Contains(body, "subtle.ConstantTimeCompare(h, other)") || strings.Contains(string(source), "bytes.Equal") {
		t.Errorf("Equal does not compare in constant time:%s", body)
	}
}

func TestRule04Equal(t *testing.T) {
	h := secret.HMAC(key(1), "otp", "K7Q")
	tests := []struct {
		name string
		a, b secret.Hash
		want bool
	}{
		{"same", h, secret.HMAC(key(1), "otp", "K7Q"), true},
		{"other code", h, secret.HMAC(key(1), "otp", "K7R"), false},
		{"other purpose", h, secret.HMAC(key(1), "letter", "K7Q"), false},
		{"other key", h, secret.HMAC(key(2), "otp", "K7Q"), false},
		{"cut", h, h[:31], false},
		{"one side empty", h, nil, false},
		{"no code is matched by no code", nil, nil, false},
		{"empty is matched by nothing", secret.Hash{}, secret.Hash{}, false},
	}
	for _, tt := range tests {
		if tt.a.Equal(tt.b) != tt.want || tt.b.Equal(tt.a) != tt.want {
			t.Errorf("%s: want %v", tt.name, tt.want)
		}
	}
}

func TestHashPrintsNothing(t *testing.T) {
	h := secret.HMAC(key(1), "otp", "K7Q")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		if got := fmt.Sprintf(verb, h); got != "(hash)" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	if got := h.LogValue().String(); got != "(hash)" {
		t.Errorf("log prints %s", got)
	}
}

func TestShortKeyPanics(t *testing.T) {
	calls := map[string]func(){
		"HMAC":     func() { secret.HMAC(key(1)[:31], "l") },
		"HMAC nil": func() { secret.HMAC(nil, "l") },
		"Seal":     func() { secret.Seal(key(1)[:31], "", nil) },
		"Open":     func() { secret.Open(nil, "", nil) },
	}
	for name, call := range calls {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s took a short key", name)
				}
			}()
			call()
		}()
	}
}
