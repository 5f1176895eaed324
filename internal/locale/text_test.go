package locale

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/language"
)

func TestFill(t *testing.T) {
	const tries = "{name}: {n|queda {n} intento|quedan {n} intentos}."
	for _, c := range []struct {
		text string
		args []any
		want string
		err  error
	}{
		{"Entrar", nil, "Entrar", nil},
		{tries, []any{"name", "Ana", "n", 1}, "Ana: queda 1 intento.", nil},
		{tries, []any{"n", 3, "name", "Ana"}, "Ana: quedan 3 intentos.", nil},
		{tries, []any{"name", "Ana", "n", 0}, "Ana: quedan 0 intentos.", nil},
		{tries, []any{"name", "Ana"}, "Ana: {n}.", errNoValue},
		{tries, []any{"name", "Ana", "n", "1"}, "Ana: quedan 1 intentos.", errNoValue},
		{"{name}", []any{"name", "{n}"}, "{n}", nil},
		{"{name}", []any{"name"}, "{name}", errNoValue},
		{"a } b { c", nil, "a } b { c", nil},
		{"{n||s}", []any{"n", 1}, "", nil},
	} {
		got, err := parse(c.text).fill(language.Spanish, c.args)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%q with %v = %q, %v; want %q, %v", c.text, c.args, got, err, c.want, c.err)
		}
	}
}

func TestTextFallsBack(t *testing.T) {
	half := Lang{load(&tongue{code: "xx", tag: language.English, texts: texts{"duration.days": "{n} x"}})}
	for _, c := range []struct {
		key  Key
		want string
		err  error
	}{
		{"duration.days", "2 x", nil},
		{"duration.hours", "2 horas", errNoText},
		{"no.such.key", "no.such.key", errNoText},
	} {
		got, err := half.text(c.key, []any{"n", 2})
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("text(%s) = %q, %v; want %q, %v", c.key, got, err, c.want, c.err)
		}
	}
}

func TestTextPanicsUnderTest(t *testing.T) {
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, "no.such.key") {
			t.Errorf("recovered %q", said)
		}
	}()
	Lang{}.Text("no.such.key")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "a {b} c", "{n|{n} x|{n} y}", "{{", "}{", "{a|b}", "{|||}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		said, err := parse(text).fill(language.Spanish, nil)
		if err == nil && said != text {
			t.Errorf("%q became %q with no value filled in", text, said)
		}
	})
}
