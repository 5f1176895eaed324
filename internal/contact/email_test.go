package contact_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clave/internal/contact"
)

func TestParseEmail(t *testing.T) {
	label := strings.Repeat("a", 63)
	tests := []struct {
		typed, want, masked string
		err                 error
	}{
		{"carmen@example.es", "carmen@example.es", "c····@e····.es", nil},
		{"  carmen@example.es\r\n", "carmen@example.es", "c····@e····.es", nil},
		{"\u202acarmen@example.es\u202c", "carmen@example.es", "c····@e····.es", nil},
		{"Carmen.Ruiz+clave@EXAMPLE.es", "Carmen.Ruiz+clave@example.es", "C····@e····.es", nil},
		{"o'neill_x=1@mail.example.gob.es", "o'neill_x=1@mail.example.gob.es", "o····@m····.es", nil},
		{"a@b.es", "a@b.es", "a····@b····.es", nil},
		{"ana@peña.es", "ana@xn--pea-8ma.es", "a····@x····.es", nil},
		{"ana@PEÑA.es", "ana@xn--pea-8ma.es", "a····@x····.es", nil},
		{"ana@pen\u0303a.es", "ana@xn--pea-8ma.es", "a····@x····.es", nil}, // the tilde typed apart
		{"ana@xn--pea-8ma.es", "ana@xn--pea-8ma.es", "a····@x····.es", nil},
		{"ana@3com.es", "ana@3com.es", "a····@3····.es", nil},
		{strings.Repeat("a", 64) + "@example.es", strings.Repeat("a", 64) + "@example.es", "a····@e····.es", nil},
		{"", "", "", contact.ErrEmpty},
		{" \n", "", "", contact.ErrEmpty},
		{"carmen", "", "", contact.ErrEmail},
		{"@example.es", "", "", contact.ErrEmail},
		{"carmen@", "", "", contact.ErrEmail},
		{"carmen@localhost", "", "", contact.ErrEmail},
		{"carmen@example.es.", "", "", contact.ErrEmail},
		{"carmen@example..es", "", "", contact.ErrEmail},
		{"carmen@-example.es", "", "", contact.ErrEmail},
		{"carmen@exa_mple.es", "", "", contact.ErrEmail},
		{"carmen@127.0.0.1", "", "", contact.ErrEmail},
		{"carmen@[127.0.0.1]", "", "", contact.ErrEmail},
		{"car@men@example.es", "", "", contact.ErrEmail},
		{"car men@example.es", "", "", contact.ErrEmail},
		{".carmen@example.es", "", "", contact.ErrEmail},
		{"carmen.@example.es", "", "", contact.ErrEmail},
		{"car..men@example.es", "", "", contact.ErrEmail},
		{`"carmen"@example.es`, "", "", contact.ErrEmail},
		{"Carmen <carmen@example.es>", "", "", contact.ErrEmail},
		{"carmen@example.es,eva@example.es", "", "", contact.ErrEmail},
		{"carmen@example.es\r\nBcc: eva@example.es", "", "", contact.ErrEmail},
		{"carmen\n@example.es", "", "", contact.ErrEmail},
		{"carmen@exa\u200bmple.es", "", "", contact.ErrEmail},
		{"carmen\x00@example.es", "", "", contact.ErrEmail},
		{"cármen@example.es", "", "", contact.ErrEmail}, // our carriers are not asked for RFC 6531
		{"ana@xn--peña.es", "", "", contact.ErrEmail},
		{"ana@ｅxample.es", "", "", contact.ErrEmail}, // a full-width letter that only looks like e
		{"ana@\u0303x.es", "", "", contact.ErrEmail},
		{"ana@exa💌mple.es", "", "", contact.ErrEmail},
		{"ana@\xff.es", "", "", contact.ErrEmail},
		{strings.Repeat("a", 65) + "@example.es", "", "", contact.ErrEmail},
		{"ana@" + label + "a.es", "", "", contact.ErrEmail},
		{"ana@" + strings.Repeat("ñ", 63) + ".es", "", "", contact.ErrEmail},
		{"ana@" + strings.Repeat(label+".", 4) + "es", "", "", contact.ErrEmail},
		{strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 94) + "es", "", "", contact.ErrEmail}, // 255
		{strings.Repeat(" ", 600) + "a@b.es", "a@b.es", "a····@b····.es", nil},
	}
	for _, tt := range tests {
		e, err := contact.ParseEmail(tt.typed)
		if e.Reveal() != tt.want || e.Masked() != tt.masked || !errors.Is(err, tt.err) || e.IsZero() != (tt.want == "") {
			t.Errorf("ParseEmail(%q) = %q, masked %q, %v; want %q, %v", tt.typed, e.Reveal(), e.Masked(), err, tt.want, tt.err)
		}
	}
}

// What is accepted is one line of ASCII with one "@", whatever was typed, so it cannot break out of a header.
func TestEmailIsOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		local := rapid.StringMatching("[a-zA-Z0-9.+\r\n\" <>,:;@é-]{1,8}").Draw(t, "local")
		domain := rapid.StringMatching("[a-zA-Z0-9.\r\n\" <>,:;@ñÉß-]{1,8}").Draw(t, "domain")
		e, err := contact.ParseEmail(local + "@" + domain + ".es")
		if err != nil {
			return
		}
		got := e.Reveal()
		if strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>,:;`, r) }) || strings.Count(got, "@") != 1 {
			t.Fatalf("%q", got)
		}
		if again, err := contact.ParseEmail(got); err != nil || again != e {
			t.Fatalf("%q read again: %q, %v", got, again.Reveal(), err)
		}
	})
}

func TestEmailText(t *testing.T) {
	tests := []struct {
		text string
		err  error
	}{
		{"", nil},
		{"Ana@example.es", nil},
		{"ana@Example.es", contact.ErrEmail},
		{" ana@example.es", contact.ErrEmail},
		{" ", contact.ErrEmpty},
		{"ana", contact.ErrEmail},
	}
	for _, tt := range tests {
		var e contact.Email
		if err := e.UnmarshalText([]byte(tt.text)); !errors.Is(err, tt.err) {
			t.Errorf("UnmarshalText(%q) = %v, want %v", tt.text, err, tt.err)
		}
		if text, err := e.MarshalText(); tt.err == nil && (err != nil || string(text) != tt.text) {
			t.Errorf("%q comes back as %q, %v", tt.text, text, err)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, seed := range []string{"carmen@example.es", "ana@peña.es", "a@b.es\r\nBcc: x@y.z", "Carmen <c@e.es>", "@", "a@xn--.es", "a@ß.es", "a@İ.es", "a@\u212aelvin.es"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		e, err := contact.ParseEmail(typed)
		if err != nil {
			return
		}
		var again contact.Email
		if err := again.UnmarshalText([]byte(e.Reveal())); err != nil || again != e {
			t.Fatalf("%q read as %q does not read back: %v", typed, e.Reveal(), err)
		}
		if strings.ContainsAny(e.Reveal(), "\r\n\x00 ") || len(e.Reveal()) > 254 {
			t.Fatalf("%q", e.Reveal())
		}
	})
}
