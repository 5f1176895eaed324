package relying_test

import (
	"strings"
	"testing"

	"clave/internal/relying"
)

func TestDoubts(t *testing.T) {
	others := []relying.Party{
		{ID: "town", Names: map[string]string{"es": "Sede de Villaclara", "en": "Villaclara Town Hall"}},
		{ID: "new", Names: map[string]string{"es": "Sede nueva"}},
	}
	for name, want := range map[string]string{
		"Sede de Otra":          "",
		"Sede nueva":            "", // its own, as it is registered already
		"Sede de la Cl@ve":      "Cl@ve itself",
		"CLAVE PIN":             "Cl@ve itself",
		"Ｃｌ＠ｖｅ":                 "Cl@ve itself",
		"sede  de villaclará":   "name of town",
		"VILLACLARA TOWN-HALL":  "name of town",
		"Sede de Vill\u0430":    "another alphabet",
		"Sede d\u0435 la Clave": "another alphabet",
	} {
		got := strings.Join(relying.Party{ID: "new", Names: map[string]string{"es": name}}.Doubts(others), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
