package web_test

import (
	"net/http"
	"strings"
	"testing"

	"clave/internal/assurance"
	"clave/internal/notify"
)

// While so many SMS wait that one more would come too late, nobody is asked to wait for one: citizen or stranger, the page is the
// same, and nothing is looked up, counted or written. What was typed is kept.
func TestRule08BusySMS(t *testing.T) {
	g := newGate(t)
	busy := true
	g.Server.Late = func(c notify.Channel) bool { return busy && c == notify.SMS }
	who, stranger := g.registered(g.someone(11111111), assurance.Advanced, nil), g.listed(g.someone(22222222))
	tables := []string{"challenges", "messages", "audits", "counters"}
	rows := map[string]int{}
	for _, table := range tables {
		rows[table] = g.count(table)
	}
	var pages []string
	b := g.browser()
	at := b.begun("low")
	b.post(at+"/nif", "nif", who.NIF.String())
	for i, person := range []struct{ nif, datum string }{
		{who.NIF.String(), who.Datum.Reveal()}, {stranger.NIF.String(), stranger.Datum.Reveal()}, {stranger.NIF.String(), who.Datum.Reveal()},
	} {
		v, place := b, at
		if i > 0 {
			v = g.browser()
			place = v.begun("low")
			v.post(place+"/nif", "nif", person.nif)
		}
		a := v.post(place+"/document", "datum", person.datum)
		if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "60" {
			t.Errorf("%s, retry after %q", a.Status, a.Header.Get("Retry-After"))
		}
		holds(t, a, "Ahora hay muchos SMS esperando", "No hemos enviado nada", `formaction="`+place+`/again"`)
		pages = append(pages, strings.ReplaceAll(masked(a.text), place, "/login/ID"))
	}
	if pages[0] != pages[1] || pages[0] != pages[2] {
		t.Error("a stranger sees another page")
	}
	for _, table := range tables {
		if n := g.count(table); n != rows[table] {
			t.Errorf("%d rows were written to %s", n-rows[table], table)
		}
	}
	busy = false
	if a := b.post(at + "/again"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("asked again: %s", a.Status)
	}
	_, pin := g.sms()
	busy = true
	holds(t, b.post(at+"/again"), "Ya tengo un PIN") // the one they have still works
	b.enter(at, pin).reply(t)
}
