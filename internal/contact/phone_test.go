package contact_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clave/internal/contact"
)

func TestParsePhone(t *testing.T) {
	tests := []struct {
		typed   string
		want    string
		country string
		masked  string
		err     error
	}{
		{"600123456", "+34600123456", "ES", "+34 ··· ··· 456", nil},
		{" 600 12 34 56 ", "+34600123456", "ES", "+34 ··· ··· 456", nil},
		{"600-123-456", "+34600123456", "ES", "+34 ··· ··· 456", nil},
		{"600.12.34.56", "+34600123456", "ES", "+34 ··· ··· 456", nil},
		{"600\u00a0123\u2013456", "+34600123456", "ES", "+34 ··· ··· 456", nil},
		{"\u202a+34 600 12 34 56\u202c", "+34600123456", "ES", "+34 ··· ··· 456", nil}, // as copied from a list of contacts
		{"+34600123456", "+34600123456", "ES", "+34 ··· ··· 456", nil},
		{"(+34) 600123456", "+34600123456", "ES", "+34 ··· ··· 456", nil},
		{"0034 600 123 456", "+34600123456", "ES", "+34 ··· ··· 456", nil},
		{"34600123456", "+34600123456", "ES", "+34 ··· ··· 456", nil},
		{"711 22 33 44", "+34711223344", "ES", "+34 ··· ··· 344", nil},
		{"+44 7400 123456", "+447400123456", "GB", "+44 ··· ··· 456", nil},
		{"0044 7400 123456", "+447400123456", "GB", "+44 ··· ··· 456", nil},
		{"+44 (0) 7400 123456", "+447400123456", "GB", "+44 ··· ··· 456", nil},
		{"+33 6 12 34 56 78", "+33612345678", "FR", "+33 ··· ··· 678", nil},
		{"+39 312 345 6789", "+393123456789", "IT", "+39 ··· ··· 789", nil},
		{"+1 201 555 0123", "+12015550123", "US", "+1 ··· ··· 123", nil}, // fixed and mobile are numbered alike
		{"+376 312 345", "+376312345", "AD", "+376 ··· ··· 345", nil},
		{"", "", "", "", contact.ErrEmpty},
		{" \t\u200b", "", "", "", contact.ErrEmpty},
		{"912345678", "", "", "", contact.ErrNoSMS}, // fixed, Madrid
		{"900123456", "", "", "", contact.ErrNoSMS}, // free of charge
		{"806123456", "", "", "", contact.ErrNoSMS}, // premium rate
		{"+442079460000", "", "", "", contact.ErrNoSMS},
		{"60012345", "", "", "", contact.ErrPhone},   // one digit short
		{"6001234567", "", "", "", contact.ErrPhone}, // one too many
		{"112", "", "", "", contact.ErrPhone},
		{"+999 600123456", "", "", "", contact.ErrPhone},
		{"+34 123456789", "", "", "", contact.ErrPhone},
		{"600-CLAVE-1", "", "", "", contact.ErrPhone},
		{"600123456 ext. 7", "", "", "", contact.ErrPhone},
		{"600123456;ext=7", "", "", "", contact.ErrPhone},
		{"tel:600123456", "", "", "", contact.ErrPhone},
		{"6001+23456", "", "", "", contact.ErrPhone},
		{"٦٠٠١٢٣٤٥٦", "", "", "", contact.ErrPhone}, // digits of another script: a second way to write one number
		{"600123456\x00", "", "", "", contact.ErrPhone},
		{"600123456" + strings.Repeat(" ", 80), "", "", "", contact.ErrPhone},
	}
	for _, tt := range tests {
		p, err := contact.ParsePhone(tt.typed)
		if p.Reveal() != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("ParsePhone(%q) = %q, %v; want %q, %v", tt.typed, p.Reveal(), err, tt.want, tt.err)
		}
		if p.Country() != tt.country || p.Masked() != tt.masked || p.IsZero() != (tt.want == "") {
			t.Errorf("ParsePhone(%q): country %q, masked %q", tt.typed, p.Country(), p.Masked())
		}
	}
}

// Every Spanish mobile is read alike with and without prefix and however it is grouped, so that one number is one number.
func TestSpanishPhoneTypedAnyWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`6[0-9]{8}`).Draw(t, "number")
		typed := rapid.SampledFrom([]string{"", "+34", "0034", "(+34)", "34"}).Draw(t, "prefix")
		for _, digit := range number {
			typed += rapid.SampledFrom([]string{"", "", " ", "-", "."}).Draw(t, "between") + string(digit)
		}
		if p, err := contact.ParsePhone(typed); err != nil || p.Reveal() != "+34"+number {
			t.Fatalf("ParsePhone(%q) = %q, %v", typed, p.Reveal(), err)
		}
	})
}

func TestPhoneText(t *testing.T) {
	tests := []struct {
		text string
		err  error
	}{
		{"", nil},
		{"+34600123456", nil},
		{"+34500123456", nil}, // no numbering plan knows it any more; its owner is still registered with it
		{"600123456", contact.ErrPhone},
		{"+0034600123456", contact.ErrPhone},
		{"+34 600123456", contact.ErrPhone},
		{"+12345", contact.ErrPhone},
		{"+1234567890123456", contact.ErrPhone},
	}
	for _, tt := range tests {
		var p contact.Phone
		if err := p.UnmarshalText([]byte(tt.text)); !errors.Is(err, tt.err) {
			t.Errorf("UnmarshalText(%q) = %v, want %v", tt.text, err, tt.err)
		}
		if text, err := p.MarshalText(); tt.err == nil && (err != nil || string(text) != tt.text) {
			t.Errorf("%q comes back as %q, %v", tt.text, text, err)
		}
		if p.Masked() == p.Reveal() && !p.IsZero() {
			t.Errorf("%q is not masked", tt.text)
		}
	}
}

func TestContactsAreComparable(t *testing.T) {
	a, _ := contact.ParsePhone("600123456")
	b, _ := contact.ParsePhone("+34 600 123 456")
	c, _ := contact.ParsePhone("600123457")
	if a != b || a == c {
		t.Error("phones are not told apart by number")
	}
	d, _ := contact.ParseEmail("ana@example.es")
	e, _ := contact.ParseEmail("ana@EXAMPLE.es")
	f, _ := contact.ParseEmail("Ana@example.es")
	if d != e || d == f {
		t.Error("addresses are not told apart by local part and domain")
	}
}

func TestRule21ContactsPrintMasked(t *testing.T) {
	p, _ := contact.ParsePhone("600123456")
	e, _ := contact.ParseEmail("canary@example.es")
	type holder struct {
		Phone contact.Phone
		phone contact.Phone
		email contact.Email
	}
	for _, value := range []any{p, &p, e, &e, holder{p, p, e}, []any{p, e}} {
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("sent", "to", value)
		out := log.String() + fmt.Sprintf("%v %+v %#v %s %q %x %X %d", value, value, value, value, value, value, value, value)
		for _, plain := range []string{"600123", "canary", fmt.Sprintf("%x", "canary"), fmt.Sprintf("%x", "600123")} {
			if strings.Contains(out, plain) {
				t.Errorf("prints %s: %s", plain, out)
			}
		}
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("sent", "phone", p, "email", e)
	if strings.Contains(log.String(), "600123") || strings.Contains(log.String(), "canary") {
		t.Errorf("log prints %s", log.String())
	}
}

// Sealing goes through JSON; a database gets neither the plain form nor the mask.
func TestRule21ContactsAreStoredSealed(t *testing.T) {
	p, _ := contact.ParsePhone("600123456")
	e, _ := contact.ParseEmail("ana@example.es")
	if _, err := p.Value(); !errors.Is(err, contact.ErrPlain) {
		t.Errorf("phone as database value: %v", err)
	}
	if _, err := e.Value(); !errors.Is(err, contact.ErrPlain) {
		t.Errorf("address as database value: %v", err)
	}
	type both struct {
		Phone contact.Phone
		Email contact.Email
	}
	var back both
	data, err := json.Marshal(both{p, e})
	if err = errors.Join(err, json.Unmarshal(data, &back)); err != nil || back != (both{p, e}) {
		t.Errorf("%s comes back as %v, %v", data, back, err)
	}
}

func FuzzParsePhone(f *testing.F) {
	for _, seed := range []string{"600123456", "+44 (0) 7400 123456", "0034600123456", "112", "", "tel:600123456", "\u202a600123456", "+++", "()/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		p, err := contact.ParsePhone(typed)
		if err != nil {
			return
		}
		var again contact.Phone
		if err := again.UnmarshalText([]byte(p.Reveal())); err != nil || again != p {
			t.Fatalf("%q read as %q does not read back: %v", typed, p.Reveal(), err)
		}
		if again, err := contact.ParsePhone(p.Reveal()); err != nil || again != p {
			t.Fatalf("%q read as %q, then as %q, %v", typed, p.Reveal(), again.Reveal(), err)
		}
	})
}
