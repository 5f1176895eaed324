package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
)

// Whoever gives up takes a signed failure back, and the request is over.
func TestCancel(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	request := g.asked("low", "relay")
	b, twin := g.browser(), g.browser()
	at, other := b.from(request), twin.from(request)
	b.typed(at, who)
	a := b.post(at + "/cancel")
	reply := a.reply(t)
	if !strings.Contains(reply.message, "003002 - Authentication Failed") || strings.Contains(reply.message, "saml2:Assertion ") || reply.action != service {
		t.Errorf("answered %s to %s", reply.message, reply.action)
	}
	holds(t, a, "Vuelve a Sede de pruebas", "No le decimos al servicio quién es usted")
	gone(t, b, at)
	if a := twin.post(other + "/cancel"); a.StatusCode != http.StatusConflict {
		t.Errorf("a second answer: %s", a.Status)
	}
	if g.count("sessions") != 0 {
		t.Error("there is a session")
	}
}

// A basic registration is told before typing that it will not do, and after the PIN how to raise it.
func TestTooLow(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Basic, nil)
	b := g.browser()
	at := b.begun("substantial")
	holds(t, b.get(at), "Este servicio pide un registro avanzado")
	b.typed(at, who)
	_, pin := g.sms()
	a := b.post(at+"/pin", "pin", pin)
	if a.StatusCode != http.StatusSeeOther || strings.Contains(a.text, "SAMLResponse") {
		t.Fatalf("the PIN got %s", a.Status)
	}
	a = b.get(at + "/pin?lang=en")
	holds(t, a, "Test service asks for an advanced registration, and yours is basic", "Go back to Test service")
	if a.StatusCode != http.StatusForbidden || g.count("participations") != 0 {
		t.Errorf("%s, %d services were told", a.Status, g.count("participations"))
	}
	if reply := b.post(at + "/cancel").reply(t); !strings.Contains(reply.message, "RequestDenied") {
		t.Errorf("answered %s", reply.message)
	}
	if low := b.begun("low"); strings.Contains(b.get(low).text, "advanced") {
		t.Error("a low level asks for an advanced registration")
	}
}

// After half an hour nothing completes the login any more; for another half hour the service can still be told.
func TestTimeIsOver(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at, forgotten := b.begun("low"), b.begun("low")
	g.clock.Move(25 * time.Minute)
	b.typed(at, who)
	_, pin := g.sms()
	g.clock.Move(5 * time.Minute)
	a := b.post(at+"/pin", "pin", pin)
	holds(t, a, "Se ha acabado el tiempo para identificarse", "Volver a Sede de pruebas")
	if a.StatusCode != http.StatusGone || g.count("sessions") != 0 {
		t.Errorf("%s, %d sessions", a.Status, g.count("sessions"))
	}
	if reply := b.post(at + "/cancel").reply(t); !strings.Contains(reply.message, "Authentication Failed") {
		t.Errorf("answered %s", reply.message)
	}
	g.clock.Move(30 * time.Minute)
	holds(t, b.get(forgotten), "es de otro navegador o ya ha terminado", `href="/"`)
}

// Changing the number forgets what was asked for another.
func TestAnotherNumber(t *testing.T) {
	g := newGate(t)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, g.registered(g.someone(11111111), assurance.Advanced, nil))
	holds(t, b.get(at), `value="11111111H"`)
	b.post(at+"/nif", "nif", "87654321X")
	holds(t, b.get(at+"/pin"), "***5432**", `name="datum"`)
}
