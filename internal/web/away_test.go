package web_test

import (
	"context"
	"net/http"
	"testing"

	"clave/internal/assurance"
	"clave/internal/crowd"
	"clave/internal/store"
	"clave/internal/web"
)

// outage is a store whose database is away.
type outage struct {
	web.Unit
	away bool
}

func (o *outage) Do(ctx context.Context, unit func(context.Context) error) error {
	if o.away {
		return store.ErrAway
	}
	return o.Unit.Do(ctx, unit)
}

// While the database cannot work, people read that, and what to do; what they typed is not on the page, and yet they need not
// type it again.
func TestAwayKeepsTheForm(t *testing.T) {
	g := newGate(t)
	out := &outage{Unit: g.db}
	g.Server.Away, g.Server.Store, g.Door = store.Away, out, crowd.NewDoor(crowd.Limits{Newcomers: 1000}, g.clock.Now)
	g.Handler = g.Server.Handler()
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, who)
	_, pin := g.sms()
	out.away = true
	var page answer
	for lang, title := range map[string]string{
		"es": "Cl@ve no puede funcionar ahora mismo", "ca": "Cl@ve no pot funcionar ara mateix", "gl": "Cl@ve non pode funcionar agora mesmo",
		"eu": "Cl@vek ezin du orain funtzionatu", "en": "Cl@ve cannot work just now",
	} {
		b.lang = lang
		page = b.post(at+"/pin", "pin", pin)
		holds(t, page, title)
		lacks(t, page, pin, who.NIF.String(), who.Datum.Reveal())
	}
	fields := held(t, page)
	if a := b.again(fields); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("still away: %s", a.Status)
	}
	out.away = false
	if a := b.again(fields); a.Header.Get("Location") != at {
		t.Errorf("the PIN that was kept leads to %q: %s", a.Header.Get("Location"), a.Status)
	}
}
