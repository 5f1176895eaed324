package web_test

import (
	"net/http"
	"testing"

	"clave/internal/assurance"
	"clave/internal/store"
)

// While the database cannot work, people read that, and what to do; nothing of what they typed is on the page.
func TestAway(t *testing.T) {
	g := newGate(t)
	g.Server.Away = store.Away
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, who)
	if err := g.db.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for lang, title := range map[string]string{
		"es": "Cl@ve no puede funcionar ahora mismo", "ca": "Cl@ve no pot funcionar ara mateix", "gl": "Cl@ve non pode funcionar agora mesmo",
		"eu": "Cl@vek ezin du orain funtzionatu", "en": "Cl@ve cannot work just now",
	} {
		b.lang = lang
		a := b.post(at+"/pin", "pin", "735190")
		if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s, to be asked again after %q", lang, a.Status, a.Header.Get("Retry-After"))
		}
		holds(t, a, title, `href="`+at+`/pin"`)
		lacks(t, a, "735190", who.NIF.String(), who.Datum.Reveal())
	}
}
