package confirm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/confirm"
	"clave/internal/relying"
)

// A request that nobody could answer is refused before anybody is looked up.
func TestAskRefused(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		bend func(*confirm.Ask)
		want error
	}{
		"unknown party":     {func(a *confirm.Ask) { a.Party = "nobody" }, relying.ErrUnknown},
		"no words":          {func(a *confirm.Ask) { a.Message = " " }, confirm.ErrMessage},
		"a level beyond":    {func(a *confirm.Ask) { a.Level = assurance.High }, confirm.ErrLevel},
		"a method not here": {func(a *confirm.Ask) { a.Party = "cards" }, confirm.ErrLevel},
		"no time":           {func(a *confirm.Ask) { a.Life = 0 }, confirm.ErrLife},
		"too long":          {func(a *confirm.Ask) { a.Life = 10*time.Minute + 1 }, confirm.ErrLife},
	} {
		a := request("tax", ana)
		c.bend(&a)
		if id, wait, err := h.Ask(t.Context(), a); !errors.Is(err, c.want) || id != "" || wait != 0 {
			t.Errorf("%s: %q, %v, %v", name, id, wait, err)
		}
	}
	if got := h.rows(); got != "confirmations 0; messages 0; audits 0; counters 0; " {
		t.Errorf("written: %s", got)
	}
}

var messages = map[string]bool{
	words: true, "José (oposiciones), exp. 12.03.2026 n.º 4": true, "x": true, strings.Repeat("ñ", 60): true,
	"": false, "  ": false, strings.Repeat("ñ", 61): false, "una\notra": false, "\u202eaicnegA": false, "a\u200bb": false, "\xff": false,
	"https://malo.example": false, "entre en malo.example": false, "MALO.ES/x": false, "www.malo": false, "a@malo": false,
	"ayuda。example": false, "bit.ly/3x": false, "ayuda\u2024example": false, "Cita\ufe0f": false, "\u3164": false, "z\u0300\u0301\u0302": false,
	"malo/x": false, "192.0.2.1": false, "Llame al 600 12 34 56": false, "Cita el 12/03/2026 10:30": true,
}

func TestCheckMessage(t *testing.T) {
	for text, want := range messages {
		if err := confirm.CheckMessage(text); (err == nil) != want || err != nil && !errors.Is(err, confirm.ErrMessage) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzCheckMessage(f *testing.F) {
	for text := range messages {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if confirm.CheckMessage(text) == nil && (len([]rune(text)) > confirm.MaxMessage || strings.ContainsAny(text, "\n\r\t\x00@") || strings.Contains(text, "://")) {
			t.Errorf("%q is taken", text)
		}
	})
}
