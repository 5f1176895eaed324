package locale

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name   string
		wishes []string
		want   string
	}{
		{"nothing asked", nil, "es"},
		{"cookie before header", []string{"en", "", "es-ES,es;q=0.9"}, "en"},
		{"stored when no cookie", []string{"", "en", "es"}, "en"},
		{"header alone", []string{"", "", "en-US,en;q=0.9,es;q=0.8"}, "en"},
		{"header by weight", []string{"en;q=0.2, es;q=0.9"}, "es"},
		{"a language we lack, then one we have", []string{"ja,en;q=0.5"}, "en"},
		{"a language we lack", []string{"ja"}, "es"},
		{"malformed cookie does not hide the header", []string{"!!;q=x", "en"}, "en"},
		{"any language", []string{"*"}, "es"},
		{"Catalan", []string{"ca-ES,ca;q=0.9,es;q=0.8"}, "ca"},
		{"Valencian", []string{"ca-valencia,es;q=0.8"}, "ca"},
		{"Valencian of Spain", []string{"ca-ES-valencia"}, "ca"},
		{"Valencian as offices say it", []string{"val"}, "ca"},
		{"Galician", []string{"gl-ES,gl;q=0.9,es;q=0.8,en;q=0.7"}, "gl"},
		{"Basque", []string{"eu-ES,eu;q=0.9,es;q=0.8"}, "eu"},
		{"Spanish before Galician", []string{"es,gl;q=0.9"}, "es"},
	} {
		if got := Match(c.wishes...).Code(); got != c.want {
			t.Errorf("%s: Match(%q) = %s, want %s", c.name, c.wishes, got, c.want)
		}
	}
}

// A wish that holds the mark between wishes decides for no other visitor.
func TestMatchIsNotPoisoned(t *testing.T) {
	Match("eu\n\n\nfr", "", "", "")
	Match("eu\n\n\nfr")
	if got := Match("eu", "", "", "fr").Code(); got != "eu" {
		t.Error(got)
	}
	Match("en\n", "ca")
	if got := Match("", "", "ca").Code(); got != "ca" {
		t.Error(got)
	}
}

func TestLookup(t *testing.T) {
	for _, l := range All() {
		if got, ok := Lookup(l.Code()); !ok || got != l {
			t.Errorf("Lookup(%q) = %v, %v", l.Code(), got, ok)
		}
		if l.Name() == "" {
			t.Errorf("%s has no name", l.Code())
		}
	}
	for _, code := range []string{"", "ES", "es-ES", "xx"} {
		if _, ok := Lookup(code); ok {
			t.Errorf("Lookup(%q) found a language", code)
		}
	}
}

// Spanish, its neighbours, and last the language of visitors.
func TestLanguagesStandInOrder(t *testing.T) {
	var codes []string
	for _, l := range All() {
		codes = append(codes, l.Code())
	}
	if got := strings.Join(codes, " "); got != "es ca gl eu en" {
		t.Errorf("pages offer %s", got)
	}
}

func TestZeroLangIsSpanish(t *testing.T) {
	var l Lang
	if l.Code() != "es" || l.Name() != "Español" {
		t.Errorf("zero Lang is %s, %s", l.Code(), l.Name())
	}
	if got := l.Text("duration.days", "n", 1); got != "1 día" {
		t.Errorf("zero Lang says %q", got)
	}
}

func FuzzMatch(f *testing.F) {
	for _, seed := range []string{"", "es", "en-GB,en;q=0.9", "ca-valencia", "*", "x-x-x;q=2", "a-----------"} {
		f.Add(seed, "en")
	}
	f.Fuzz(func(t *testing.T, cookie, header string) {
		if _, ok := Lookup(Match(cookie, header).Code()); !ok {
			t.Error("Match returned a language we do not speak")
		}
	})
}
