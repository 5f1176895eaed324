package web_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/confirm"
)

// asksWho begins a login for a page of one's own.
func (b *browser) asksWho(path string) (at string, page answer) {
	b.t.Helper()
	at = b.leads(b.do(httptest.NewRequest("GET", home+path, nil)))
	return at, b.get(at)
}

// Where a service was entered, our own pages send a PIN to the same person, who types nothing else; without the PIN nothing
// opens.
func TestRule17OwnPagesSendAPINToWhoIsIn(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	b.inside(who)
	g.clock.Move(time.Minute)
	at, page := b.asksWho("/account")
	holds(t, page, "Confirme que es usted", "Para ver sus datos", who.NIF.Masked(), "Cancelar e ir al inicio", "Enviarme un PIN")
	lacks(t, page, who.NIF.String(), "vuelva al servicio", "Para entrar en Mi Cl@ve")
	if to := b.leads(b.post(at+"/me", "seen", "another page's")); to != at {
		t.Errorf("led to %s", to)
	}
	if to := b.leads(b.post(at+"/continue", "seen", page.seen())); to != at {
		t.Errorf("opened without: %s", to)
	}
	if to := b.leads(b.post(at+"/me", "seen", page.seen())); to != at+"/pin" {
		t.Fatalf("led to %s", to)
	}
	_, pin := g.sms()
	if to := b.leads(b.post(at+"/pin", "pin", pin)); to != "/account" {
		t.Fatalf("led to %s", to)
	}
	holds(t, b.get("/account"), "<h1>Mi Cl@ve</h1>")
}

// An answer that came too late is asked for again with one button.
func TestOwnPagesKnowWhoWasThere(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	b.enters("/confirm", who)
	g.clock.Move(5 * time.Minute)
	id, _ := g.asksToConfirm(who, assurance.Low)
	at := b.leads(b.post("/confirm/"+id+"/answer", "answer", "confirmed"))
	page := b.get(at)
	holds(t, page, "Su respuesta no se ha enviado", "Para responder", who.NIF.Masked())
	b.post(at+"/me", "seen", page.seen())
	_, pin := g.sms()
	if to := b.leads(b.post(at+"/pin", "pin", pin)); to != "/confirm/"+id {
		t.Fatalf("led to %s", to)
	}
	b.post("/confirm/"+id+"/answer", "answer", "confirmed")
	g.becomes(id, confirm.Confirmed)
}

// Another person who sits here ends the session that the page names, and says who they are.
func TestOwnPagesNotMe(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	b.inside(who)
	at, _ := b.asksWho("/account")
	next := b.leads(b.post(at + "/not-me"))
	left := b.get(next)
	holds(t, left, "Sede de pruebas")
	page := b.get(at)
	holds(t, page, "Para ver sus datos", "DNI o NIE")
	lacks(t, page, who.NIF.Masked())
}

// Nobody is named to whom no PIN can be sent.
func TestOwnPagesNameWhoCanUseIt(t *testing.T) {
	for name, bend := range map[string]func(*citizen.Citizen){
		"frozen":  func(c *citizen.Citizen) { c.Frozen = true },
		"blocked": func(c *citizen.Citizen) { c.Blocked = []assurance.Method{assurance.PIN} },
	} {
		g, who := newOwn(t, assurance.Advanced)
		b := g.browser()
		b.inside(who)
		err := g.db.Do(t.Context(), func(ctx context.Context) error {
			c, _, err := g.db.CitizenByNIF(ctx, who.NIF)
			if bend(&c); err != nil {
				return err
			}
			return g.db.SaveCitizen(ctx, c)
		})
		if err != nil {
			t.Fatal(err)
		}
		_, page := b.asksWho("/account")
		if strings.Contains(page.text, who.NIF.Masked()) {
			t.Errorf("%s: named", name)
		}
		holds(t, page, "DNI o NIE", "Si necesita más tiempo, empiece otra vez")
	}
}
