package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/confirm"
	"clave/internal/courier"
	"clave/internal/person"
	"clave/internal/relying"
)

const (
	helpDesk = "S0000000A_E00000000"
	asksFor  = "Ayuda: su <b>cita<b> del 12 de mayo"
)

// newDesk is a gate where a service asks for confirmations of somebody.
func newDesk(t *testing.T, how assurance.Proofing) (*gate, person.Person) {
	t.Helper()
	g := newGate(t)
	g.Parties = relying.WithOwn{Registry: g.Parties}
	g.Broker.Parties = g.Parties
	g.Confirm = &confirm.Service{
		Store: g.db, Ring: ring(), Parties: g.Parties, Policy: g.Broker.Policy, Methods: g.Broker.Methods,
		Limits: confirm.DefaultLimits(), Host: "clave.test", Now: g.clock.Now,
	}
	return g, g.registered(g.someone(12345678), how, nil)
}

// asksToConfirm has the service ask, and takes the SMS.
func (g *gate) asksToConfirm(who person.Person, level assurance.Level) (id, sms string) {
	g.t.Helper()
	id, wait, err := g.Confirm.Ask(g.t.Context(), confirm.Ask{
		Party: helpDesk, NIF: who.NIF, Message: asksFor, Level: level, Released: []relying.Attribute{relying.NIF}, Life: 10 * time.Minute,
	})
	list := g.messages()
	if err != nil || wait > 0 || len(list) != 1 {
		g.t.Fatalf("asked %q, wait %v, %v; %d messages", id, wait, err, len(list))
	}
	return id, must(courier.Write(list[0])).Text
}

// enters identifies somebody for a page of their own, and opens it.
func (b *browser) enters(path string, who person.Person) answer {
	b.t.Helper()
	at := b.leads(b.do(httptest.NewRequest("GET", home+path, nil)))
	b.typed(at, who)
	_, pin := b.sms()
	if to := b.leads(b.post(at+"/pin", "pin", pin)); to != path {
		b.t.Fatalf("the login led to %s, want %s", to, path)
	}
	return b.get(path)
}

func (b *browser) leads(a answer) string {
	b.t.Helper()
	if a.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("got %s, want to be led on:\n%s", a.Status, a.text)
	}
	return a.Header.Get("Location")
}

func (g *gate) becomes(id string, want confirm.State) confirm.Outcome {
	g.t.Helper()
	o, err := g.Confirm.Outcome(g.t.Context(), id)
	if err != nil || o.State != want {
		g.t.Errorf("outcome %+v, %v; want %s", o, err, want)
	}
	return o
}

// The person comes by themselves, identifies themselves, reads who asks for what, and confirms.
func TestRule07Confirm(t *testing.T) {
	g, who := newDesk(t, assurance.Advanced)
	id, sms := g.asksToConfirm(who, assurance.Substantial)
	if strings.Contains(sms, id) || strings.Contains(sms, "://") || sixDigits.MatchString(sms) || !strings.Contains(sms, "Sede de pruebas") {
		t.Errorf("the message: %s", sms)
	}
	b := g.browser()
	page := b.enters("/confirm", who)
	holds(t, page, "Sede de pruebas le pide una confirmación", "Ayuda: su &lt;b&gt;cita&lt;b&gt; del 12 de mayo", "con sus palabras",
		who.NIF.Masked(), "cuelgue", "Puede responder hasta", "Confirmar", "No confirmar", "Yo no he pedido esto")
	if strings.Contains(page.text, who.NIF.String()) || strings.Contains(page.text, "meta http-equiv") {
		t.Error("the page shows too much")
	}
	if to := b.leads(b.post("/confirm/"+id+"/answer", "answer", "confirmed")); to != "/confirm/"+id {
		t.Errorf("led to %s", to)
	}
	o := g.becomes(id, confirm.Confirmed)
	if o.Means.Method != assurance.PIN || o.Means.Level != assurance.Substantial || o.Means.Session == "" {
		t.Errorf("outcome %+v", o)
	}
	holds(t, b.get("/confirm/"+id), "Lo ha confirmado", "lo sabrá en unos segundos")
	if spent, err := g.Confirm.Spend(t.Context(), id); !spent || err != nil {
		t.Errorf("spent %t, %v", spent, err)
	}
	holds(t, b.get("/confirm/"+id), "El servicio lo sabe desde las")
	holds(t, b.get("/confirm"), "No tiene nada que confirmar", "Cuelgue y llame usted al servicio")
	holds(t, b.get("/confirm?lang=en"), "You have nothing to confirm")
}

func TestRule07RefuseAndReport(t *testing.T) {
	for answer, want := range map[string][]string{
		"refused":  {"No lo ha confirmado", "Sede de pruebas no ha recibido ningún dato"},
		"reported": {"Gracias por avisar", "cuelgue"},
	} {
		g, who := newDesk(t, assurance.Basic)
		id, _ := g.asksToConfirm(who, assurance.Low)
		b := g.browser()
		b.enters("/confirm", who)
		b.post("/confirm/"+id+"/answer", "answer", answer)
		g.becomes(id, confirm.Refused)
		holds(t, b.get("/confirm/"+id), want...)
		b.post("/confirm/"+id+"/answer", "answer", "confirmed") // too late
		g.becomes(id, confirm.Refused)
	}
}

// A button that is none of ours, and a form of another site, answer nothing.
func TestRule07OnlyOurButtons(t *testing.T) {
	g, who := newDesk(t, assurance.Advanced)
	id, _ := g.asksToConfirm(who, assurance.Low)
	b := g.browser()
	b.enters("/confirm", who)
	b.post("/confirm/"+id+"/answer", "answer", "expired")
	b.post("/confirm/" + id + "/answer")
	r := form("/confirm/"+id+"/answer", "answer=confirmed")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := b.do(r); a.StatusCode != http.StatusForbidden {
		t.Errorf("another site's form: %s", a.Status)
	}
	g.becomes(id, confirm.Waiting)
	if to := b.leads(b.do(httptest.NewRequest("GET", home+"/confirm/"+id+"/answer", nil))); to != "/confirm/"+id {
		t.Errorf("led to %s", to)
	}
}

// Nobody else answers: not whoever has the address, and not another person who has identified themselves.
func TestRule07OnlyWhoWasAsked(t *testing.T) {
	g, who := newDesk(t, assurance.Advanced)
	other := g.registered(g.someone(87654321), assurance.Advanced, nil)
	id, _ := g.asksToConfirm(who, assurance.Low)
	nobody := g.browser()
	if to := nobody.leads(nobody.post("/confirm/"+id+"/answer", "answer", "confirmed")); !strings.HasPrefix(to, "/login/") {
		t.Errorf("led to %s", to)
	}
	b := g.browser()
	page := b.enters("/confirm", other)
	for _, page := range []answer{page, b.get("/confirm/" + id)} {
		holds(t, page, "No tiene nada que confirmar")
	}
	for _, answer := range []string{"confirmed", "refused", "reported"} {
		b.post("/confirm/"+id+"/answer", "answer", answer)
	}
	g.becomes(id, confirm.Waiting)
}

// An identification serves five minutes; then the person is led through another, back to the question.
func TestRule07FreshProof(t *testing.T) {
	g, who := newDesk(t, assurance.Advanced)
	b := g.browser()
	b.enters("/confirm", who)
	g.clock.Move(4 * time.Minute)
	id, _ := g.asksToConfirm(who, assurance.Low)
	holds(t, b.get("/confirm/"+id), "Sede de pruebas le pide una confirmación")
	g.clock.Move(time.Minute)
	at := b.leads(b.post("/confirm/"+id+"/answer", "answer", "confirmed"))
	g.becomes(id, confirm.Waiting)
	holds(t, b.get(at), "Su respuesta no se ha enviado")
	b.typed(at, who)
	_, pin := g.sms()
	if to := b.leads(b.post(at+"/pin", "pin", pin)); to != "/confirm/"+id {
		t.Fatalf("led to %s", to)
	}
	b.post("/confirm/"+id+"/answer", "answer", "confirmed")
	g.becomes(id, confirm.Confirmed)
}

// Who cannot confirm at the level asked is told, and can refuse.
func TestConfirmTooLow(t *testing.T) {
	g, who := newDesk(t, assurance.Basic)
	id, _ := g.asksToConfirm(who, assurance.Substantial)
	b := g.browser()
	page := b.enters("/confirm", who)
	holds(t, page, "pide más seguridad", "No confirmar")
	if strings.Contains(page.text, `value="confirmed"`) {
		t.Error("there is a button that cannot work")
	}
	b.post("/confirm/"+id+"/answer", "answer", "confirmed")
	g.becomes(id, confirm.Waiting)
	b.post("/confirm/"+id+"/answer", "answer", "refused")
	g.becomes(id, confirm.Refused)
}

// What nobody answered is seen to be over, and can be reported.
func TestConfirmExpires(t *testing.T) {
	g, who := newDesk(t, assurance.Advanced)
	id, _ := g.asksToConfirm(who, assurance.Low)
	g.clock.Move(9 * time.Minute)
	b := g.browser()
	b.enters("/confirm", who)
	g.clock.Move(time.Minute)
	b.post("/confirm/"+id+"/answer", "answer", "confirmed")
	g.becomes(id, confirm.Expired)
	holds(t, b.get("/confirm/"+id), "Se ha acabado el tiempo", "Yo no he pedido esto")
	holds(t, b.get("/confirm"), "No tiene nada que confirmar", "Se ha acabado el tiempo", "Yo no he pedido esto")
	b.post("/confirm/"+id+"/answer", "answer", "reported")
	holds(t, b.get("/confirm/"+id), "Gracias por avisar")
	g.becomes(id, confirm.Expired)
}

// Who stops something may do so for longer than who confirms it, and reads that it was stopped and nothing else.
func TestRule07RefuseAfterAWhile(t *testing.T) {
	for answer, want := range map[string]string{"refused": "No lo ha confirmado", "reported": "Gracias por avisar"} {
		g, who := newDesk(t, assurance.Advanced)
		b := g.browser()
		b.enters("/confirm", who)
		g.clock.Move(14 * time.Minute)
		id, _ := g.asksToConfirm(who, assurance.Low)
		to := b.leads(b.post("/confirm/"+id+"/answer", "answer", answer))
		g.becomes(id, confirm.Refused)
		holds(t, b.get(to), want)
		if to := b.leads(b.do(httptest.NewRequest("GET", home+"/confirm/"+id, nil))); !strings.HasPrefix(to, "/login/") {
			t.Errorf("led to %s", to)
		}
		g.clock.Move(2 * time.Minute)
		late := b.leads(b.post("/confirm/"+id+"/answer", "answer", answer))
		holds(t, b.get(late), "Su respuesta no se ha enviado")
	}
}
