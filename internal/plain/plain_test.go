package plain_test

import (
	"strings"
	"testing"

	"clave/internal/plain"
)

// TestSeen: a text that hides something is a text about which the person who reads it was deceived.
func TestSeen(t *testing.T) {
	for text, want := range map[string]bool{
		"Sede electrónica de Villaclara": true, "Alacant/Alicante": true, "Col·legi, n.º 4, 2.ª": true, "L´Hospitalet": true, "Việt e\u0301\u0323": true, "7": true,
		"": false, " ": false, "—": false, "a\nb": false, "a\u00a0b": false, "\u202eaicnegA": false, "a\u200bb": false, "a\u00adb": false, "\xff": false,
		"a\u034fb": false, "a\ufe0fb": false, "a\U000e0101b": false, "a\u180bb": false, "\u115f": false, "\u3164": false, "\uffa0": false, "\u17b4a": false,
		"\u2800": false, "a\u2800b": false, "a\ufffcb": false, "a\U00013441": false, "\U0001d159a": false,
		"a\u0300\u0301\u0302": false, "\u0301a": false, "x" + strings.Repeat("\u0489", 40): false,
		"malo\u2024es": false, "malo\u06d4es": false, "malo\ufe52es": false, "malo\uff0ees": false, "malo\u3002es": false, "malo\uff61es": false,
	} {
		if got := plain.Seen(text); got != want {
			t.Errorf("%+q: %v", text, got)
		}
	}
}

// TestLeads: phones make something to press of whatever looks like an address or a number.
func TestLeads(t *testing.T) {
	for text, c := range map[string]struct{ page, leads bool }{
		"Cita el 12.03.2026 10:30, n.º 4":  {},
		"Cita el 12/03/2026 a las 10":      {},
		"Cita el 2026-03-12 10:30, sala 5": {},
		"Pago de 1.234.567,89 EUR":         {},
		"Exp. 123/2026 de la S. A.":        {},
		"Talleres García S.L.U.":           {},
		"Pero...así es":                    {},
		"Ayuntamiento 12345678":            {},
		"malo.example":                     {true, true},
		"MALO.es/x":                        {true, true},
		"ｍａｌｏ.ｅｓ":                          {true, true},
		"malo.xn--p1ai":                    {true, true},
		"malo.e\u0332s":                    {true, true},
		"malo_.es":                         {true, true},
		"www malo":                         {true, true},
		"ⓦⓦⓦ malo":                         {true, true},
		"http://malo":                      {true, true},
		"mire 192.0.2.1":                   {true, true},
		"①.①.①.①":                          {true, true},
		"Mi Cl@ve":                         {false, true},
		"a＠malo":                           {false, true},
		"Alacant/Alicante":                 {false, true},
		"entre en malo/x":                  {false, true},
		"malo／x":                           {false, true},
		"malo∕x":                           {false, true},
		"Llame al 600123456":               {false, true},
		"Llame al 600 12 34 56":            {false, true},
		"Llame al 6 0 0 1 2 3 4 5 6":       {false, true},
		"Llame al +34 (600) 123-456":       {false, true},
		"Llame al 600.123.456":             {false, true},
		"Llame al ６００１２３４５６":               {false, true},
		"Llame al ٦٠٠١٢٣٤٥٦":               {false, true},
		"El 12.03.2026 al 600123456":       {false, true},
	} {
		if page, leads := plain.Page(text), plain.Leads(text); page != c.page || leads != c.leads {
			t.Errorf("%q: page %v, leads %v", text, page, leads)
		}
	}
}
