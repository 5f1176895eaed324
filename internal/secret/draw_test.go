package secret_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clave/internal/secret"
)

func TestDrawShapes(t *testing.T) {
	tests := []struct {
		name  string
		code  secret.Code
		shape string
	}{
		{"six digits", secret.Digits(6), `^[0-9]{6}$`},
		{"no digits", secret.Digits(0), `^$`},
		{"Cl@ve PIN", secret.Draw("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 3), `^[A-Z2-7]{3}$`},
		{"one letter", secret.Draw("A", 4), `^AAAA$`},
		{"token", secret.Token(), `^[A-Za-z0-9_-]{43}$`},
	}
	for _, tt := range tests {
		if !regexp.MustCompile(tt.shape).MatchString(tt.code.Reveal()) {
			t.Errorf("%s: %q is not %s", tt.name, tt.code.Reveal(), tt.shape)
		}
	}
}

// With 7 letters, taking a random byte's remainder would favour four of them by one part in 37. The bound lies six standard deviations
// out, so a fair drawing passes for ever and that one fails.
func TestDrawIsUnbiased(t *testing.T) {
	const alphabet, draws = "ABCDEFG", 700_000
	const mean, bound = draws / 7, 1_757 // 6·√(draws·1/7·6/7)
	drawn := secret.Draw(alphabet, draws).Reveal()
	for _, letter := range alphabet {
		if n := strings.Count(drawn, string(letter)); n < mean-bound || n > mean+bound {
			t.Errorf("%c drawn %d times, want %d ± %d", letter, n, mean, bound)
		}
	}
}

func TestDrawRefusesUnfairAlphabets(t *testing.T) {
	for _, alphabet := range []string{"", "ABA", "AÑ"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("drew from %q", alphabet)
				}
			}()
			secret.Draw(alphabet, 1)
		}()
	}
}

func TestTokensDiffer(t *testing.T) {
	one, other := secret.Token().Reveal(), secret.Token().Reveal()
	if one == other {
		t.Error("two tokens alike")
	}
}

func TestID(t *testing.T) {
	// 48 bits of milliseconds are ten characters, computed apart from this code.
	id := secret.ID(time.UnixMilli(1469922850259))
	if !regexp.MustCompile(`^[0-7][0-9A-HJKMNP-TV-Z]{25}$`).MatchString(id) {
		t.Errorf("ID = %q", id)
	}
	if id[:10] != "01ARZ3NDEK" {
		t.Errorf("time part = %q", id[:10])
	}
	if id == secret.ID(time.UnixMilli(1469922850259)) {
		t.Error("two identifiers alike")
	}
}

func TestIsID(t *testing.T) {
	id := secret.ID(time.UnixMilli(1469922850259))
	for s, want := range map[string]bool{
		id: true, "": false, id[1:]: false, id + "0": false, "8" + id[1:]: false, id[:25] + "U": false, id[:25] + "a": false, id[:23] + "../": false,
	} {
		if secret.IsID(s) != want {
			t.Errorf("IsID(%q) is not %v", s, want)
		}
	}
}

func TestIDSortsByTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 1<<47)
		a, b := ms.Draw(t, "a"), ms.Draw(t, "b")
		idA, idB := secret.ID(time.UnixMilli(a)), secret.ID(time.UnixMilli(b))
		if a < b && idA >= idB || a > b && idA <= idB {
			t.Fatalf("%d and %d sort as %s and %s", a, b, idA, idB)
		}
	})
}
