package nif_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clave/internal/nif"
)

func TestParse(t *testing.T) {
	tests := []struct {
		typed string
		want  string
		kind  nif.Kind
		err   error
	}{
		{"12345678Z", "12345678Z", nif.DNI, nil},
		{"12345678-z", "12345678Z", nif.DNI, nil},
		{" 12.345.678-Z ", "12345678Z", nif.DNI, nil},
		{"12 345 678 z", "12345678Z", nif.DNI, nil},
		{"12\u00a0345\u00a0678\u2013Z", "12345678Z", nif.DNI, nil}, // no-break spaces and an en dash
		{"\u202a12345678Z\u202c\ufeff", "12345678Z", nif.DNI, nil}, // direction and byte-order marks of copied text
		{"1234567-L", "01234567L", nif.DNI, nil},                   // the zero in front left out
		{"0001234567L", "01234567L", nif.DNI, nil},                 // or one too many
		{"1R", "00000001R", nif.DNI, nil},                          // the first DNI were of one digit
		{"99999999R", "99999999R", nif.DNI, nil},
		{"00000000T", "00000000T", nif.DNI, nil},
		{"X1234567L", "X1234567L", nif.NIE, nil},
		{"x-1234567-l", "X1234567L", nif.NIE, nil},
		{"X 123456 ?", "", 0, nif.ErrShape},
		{"X 123 456 S", "X0123456S", nif.NIE, nil}, // seven digits from six
		{"X01234567L", "X1234567L", nif.NIE, nil},  // the older NIE of eight digits
		{"Y1234567X", "Y1234567X", nif.NIE, nil},
		{"Z1234567R", "Z1234567R", nif.NIE, nil},
		{"X5253868R", "X5253868R", nif.NIE, nil},
		{"", "", 0, nif.ErrEmpty},
		{" .-\t\u200b", "", 0, nif.ErrEmpty},
		{"12345678", "", 0, nif.ErrShape}, // no letter
		{"Z", "", 0, nif.ErrShape},        // no number
		{"X", "", 0, nif.ErrShape},
		{"XL", "", 0, nif.ErrShape},
		{"123456789Z", "", 0, nif.ErrShape}, // nine digits
		{"X11234567L", "", 0, nif.ErrShape}, // eight, and none is a leading zero
		{"1234S678Z", "", 0, nif.ErrShape},
		{"12345678ZZ", "", 0, nif.ErrShape},
		{"XX123456L", "", 0, nif.ErrShape},
		{"12345678Ñ", "", 0, nif.ErrShape},
		{"1234567\u017fZ", "", 0, nif.ErrShape}, // the long s, whose capital is S
		{"１２３４５６７８Z", "", 0, nif.ErrShape},      // full-width digits
		{"12345678Z\x00", "", 0, nif.ErrShape},
		{strings.Repeat("0", 80) + "12345678Z", "", 0, nif.ErrShape},
		{"12345678A", "", 0, nif.ErrLetter},
		{"12345678I", "", 0, nif.ErrLetter}, // I, O, U are in no DNI
		{"X1234567R", "", 0, nif.ErrLetter}, // the letter of Z1234567
		{"1234567Z", "", 0, nif.ErrLetter},  // padding does not make it fit
		{"K1234567L", "", 0, nif.ErrKind},   // a child's
		{"L-1234567-L", "", 0, nif.ErrKind}, // a Spaniard's abroad
		{"M1234567L", "", 0, nif.ErrKind},   // a foreigner's without NIE
		{"A58818501", "", 0, nif.ErrKind},   // a company's
		{"Q2826000H", "", 0, nif.ErrKind},   // a public body's
	}
	for _, tt := range tests {
		n, err := nif.Parse(tt.typed)
		if n.String() != tt.want || n.Kind() != tt.kind || !errors.Is(err, tt.err) {
			t.Errorf("Parse(%q) = %s, kind %d, %v; want %s, kind %d, %v", tt.typed, n.String(), n.Kind(), err, tt.want, tt.kind, tt.err)
		}
	}
}

// Of the 23 letters exactly one fits a number, so any one wrong digit or two that changed places are noticed.
func TestOneLetterFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`[XYZ][0-9]{7}|[0-9]{8}`).Draw(t, "number")
		fit := 0
		for letter := 'A'; letter <= 'Z'; letter++ {
			if _, err := nif.Parse(number + string(letter)); err == nil {
				fit++
			} else if !errors.Is(err, nif.ErrLetter) {
				t.Fatalf("%s%c: %v", number, letter, err)
			}
		}
		if fit != 1 {
			t.Fatalf("%s: %d letters fit", number, fit)
		}
	})
}

func TestWrongDigitIsNoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		right := draw(t).String()
		changed := []byte(right)
		at := rapid.IntRange(1, 7).Draw(t, "at")
		changed[at] = '0' + (changed[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if _, err := nif.Parse(string(changed)); !errors.Is(err, nif.ErrLetter) {
			t.Fatalf("%s taken for %s: %v", changed, right, err)
		}
	})
}

// However it is spaced and spelt, it is the same person.
func TestTypedAnyWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := draw(t)
		var typed strings.Builder
		for _, r := range n.String() {
			if rapid.Bool().Draw(t, "lower") {
				r = []rune(strings.ToLower(string(r)))[0]
			}
			typed.WriteString(rapid.SampledFrom([]string{"", "", " ", ".", "-", "\u00a0"}).Draw(t, "between"))
			typed.WriteRune(r)
		}
		if got, err := nif.Parse(typed.String()); err != nil || got != n {
			t.Fatalf("Parse(%q) = %s, %v; want %s", typed.String(), got.String(), err, n.String())
		}
	})
}

// draw returns any DNI or NIE.
func draw(t *rapid.T) nif.NIF {
	number := rapid.StringMatching(`[XYZ][0-9]{7}|[0-9]{8}`).Draw(t, "number")
	for letter := 'A'; letter <= 'Z'; letter++ {
		if n, err := nif.Parse(number + string(letter)); err == nil {
			return n
		}
	}
	t.Fatalf("no letter fits %s", number)
	return nif.NIF{}
}

func TestMasked(t *testing.T) {
	tests := []struct{ typed, masked string }{
		{"12345678Z", "***4567**"},
		{"X1234567L", "****4567*"},
		{"1R", "***0000**"},
		{"", ""},
	}
	for _, tt := range tests {
		n, _ := nif.Parse(tt.typed)
		if n.Masked() != tt.masked || n.IsZero() != (tt.typed == "") {
			t.Errorf("%q masked is %q, want %q", tt.typed, n.Masked(), tt.masked)
		}
		var out strings.Builder
		slog.New(slog.NewJSONHandler(&out, nil)).Info("asked", "nif", n)
		if !strings.Contains(out.String(), fmt.Sprintf("%q:%q", "nif", tt.masked)) {
			t.Errorf("%q in the log: %s", tt.typed, out.String())
		}
	}
}

func TestText(t *testing.T) {
	type row struct{ N nif.NIF }
	tests := []struct {
		stored string
		want   string
		err    error
	}{
		{`{"N":"12345678Z"}`, "12345678Z", nil},
		{`{"N":""}`, "", nil},
		{`{"N":"12345678-z"}`, "", nif.ErrShape},
		{`{"N":"12345678A"}`, "", nif.ErrLetter},
	}
	for _, tt := range tests {
		var r row
		err := json.Unmarshal([]byte(tt.stored), &r)
		if r.N.String() != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: read %s, %v; want %s, %v", tt.stored, r.N.String(), err, tt.want, tt.err)
		}
		if written, err := json.Marshal(r); tt.err == nil && (err != nil || string(written) != tt.stored) {
			t.Errorf("%s: written as %s, %v", tt.stored, written, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"12345678-z", "x 1234567 L", "X01234567L", "K1234567L", "A58818501", "1R", "", "12345678Ñ", "\u017f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		n, err := nif.Parse(typed)
		if err != nil {
			if !n.IsZero() {
				t.Fatalf("a NIF beside the error %v", err)
			}
			return
		}
		if again, err := nif.Parse(n.String()); err != nil || again != n || len(n.String()) != 9 || n.Kind() == 0 {
			t.Fatalf("%q read as %s, then as %s, %v", typed, n.String(), again.String(), err)
		}
	})
}
