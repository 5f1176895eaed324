package web_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/authn/pin"
	"clave/internal/locale"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/person"
)

// Rule 5: the label is on the page and in the message, except one that the person chose: chosen text is attacker's text.
func TestRule05Label(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	page := b.typed(at, who)
	text, _ := g.sms()
	if label := labelOf(page); !strings.Contains(text, "Codigo "+label) {
		t.Errorf("label %q, message %q", label, text)
	}
	holds(t, page, "El mensaje lleva el mismo código")

	for _, wrong := range []string{"ABC", "ABCDE", "AB C", "ÑÑÑÑ", "ıııı", "<b>x"} {
		a := b.post(at+"/document", "datum", who.Datum.Reveal(), "label", wrong)
		if a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("label %q: %s", wrong, a.Status)
		}
		holds(t, a, "El código tiene cuatro letras o números", `<details class="help" open>`)
	}
	b.post(at+"/document", "datum", who.Datum.Reveal(), "label", strings.Repeat(" ", 6000)+"malo") // a flood of blanks must not fill the cookie
	page = b.get(at + "/pin")
	text, pin := g.sms()
	if labelOf(page) != "MALO" || strings.Contains(text, "MALO") || strings.Contains(text, "Codigo") {
		t.Errorf("label %q, message %q", labelOf(page), text)
	}
	holds(t, page, "El mensaje no lo repite")
	b.enter(at, pin).reply(t)
}

func TestNIFPage(t *testing.T) {
	g := newGate(t)
	b := g.browser()
	at := b.begun("low")
	for typed, says := range map[string]string{
		"":           "Escriba su DNI o NIE.",
		"11111111A":  "La letra no corresponde al número",
		"K1234567L":  "Aquí solo sirven un DNI o un NIE",
		`"><script>`: "Un DNI tiene ocho cifras y una letra",
	} {
		a := b.post(at+"/nif", "nif", typed)
		if a.StatusCode != http.StatusUnprocessableEntity || strings.Contains(a.text, "<script>") {
			t.Errorf("%q: %s", typed, a.Status)
		}
		holds(t, a, says, `href="#nif"`, `aria-invalid="true"`)
	}
	for _, page := range []string{"/document", "/pin"} {
		holds(t, b.get(at+page), `name="nif"`) // the question that is due
	}
	holds(t, b.get(at+"/nif?lang=en"), "Identify yourself with Cl@ve PIN")
}

func TestDocumentPage(t *testing.T) {
	g := newGate(t)
	soon := g.clock.Now().AddDate(1, 0, 0).Format("2 1 2006")
	for _, c := range []struct{ nif, address, typed, says, leads string }{
		{"11111111H", "", "", "Escriba la fecha", ""},
		{"11111111H", "", "31-02-2030", "Escriba el día, el mes con número y el año", ""},
		{"11111111H", "", "01-01-9999", "", "/document?dni=permanent"},
		{"11111111H", "?dni=permanent", "", "Escriba la fecha", ""},
		{"11111111H", "?dni=permanent", "12 5 2016", "", "/pin"},
		{"11111111H", "", soon, "", "/pin"},
		{"X1234567L", "", "123", "El número de soporte empieza por E o por C", ""},
		{"X1234567L", "?dni=permanent", "e 12345678", "", "/pin"},
	} {
		b := g.browser()
		at := b.begun("low")
		b.post(at+"/nif", "nif", c.nif)
		a := b.post(at+"/document"+c.address, "datum", c.typed)
		if c.leads != "" && a.Header.Get("Location") != at+c.leads {
			t.Errorf("%s %s %q leads to %q: %s", c.nif, c.address, c.typed, a.Header.Get("Location"), a.Status)
		}
		if c.says != "" && a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s %s %q: %s", c.nif, c.address, c.typed, a.Status)
		}
		holds(t, a, c.says)
	}
	b := g.browser()
	at := b.begun("low")
	b.post(at+"/nif", "nif", "11111111H")
	holds(t, b.get(at+"/document"), "Fecha de validez", "***1111**", `href="?dni=permanent"`, "document-dni.svg", "Obtener PIN")
	holds(t, b.get(at+"/document?dni=permanent"), "Fecha de emisión", `action="`+at+`/document?dni=permanent"`, "document-dni-permanent.svg")
	b.post(at+"/nif", "nif", "X1234567L")
	holds(t, b.get(at+"/document"), "Número de soporte", "document-tie.svg", "document-eu.svg")
}

// An expired document is refused: a date that is past to everybody, before anything is asked; another after a match.
func TestRule08ExpiredDocument(t *testing.T) {
	g := newGate(t)
	yesterday := g.clock.Now().AddDate(0, 0, -2).Format(time.DateOnly)
	for _, number := range []int{11111111, 22222222} { // of somebody, of nobody
		if number == 11111111 {
			g.registered(g.someone(number), assurance.Advanced, nil)
		}
		b := g.browser()
		at := b.begun("low")
		b.post(at+"/nif", "nif", g.someone(number).NIF.String())
		a := b.post(at+"/document", "datum", yesterday)
		holds(t, a, "Este documento está caducado", at+"/document")
	}
	if g.count("challenges")+g.count("audits")+g.count("counters") != 0 {
		t.Error("something was asked")
	}

	foreigner := g.someone(11111111)
	foreigner.NIF, foreigner.Datum = must(nif.Parse("X1234567L")), must(nif.ParseSupport("E12345678"))
	foreigner.Until = g.clock.Now().AddDate(0, 0, -2)
	g.registered(foreigner, assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	b.post(at+"/nif", "nif", "X1234567L")
	holds(t, b.post(at+"/document", "datum", "E12345678"), "Este documento está caducado")
	if len(g.messages()) != 0 {
		t.Error("a PIN was sent")
	}
	if a := b.post(at+"/document", "datum", "E87654321"); a.Header.Get("Location") != at+"/pin" {
		t.Errorf("a wrong number tells of the card: %s", a.Status)
	}
}

// The page tells what became of the message, and its script is told the same.
func TestStatus(t *testing.T) {
	for _, c := range []struct {
		states []notify.State
		says   string
		final  bool
	}{
		{nil, "Entregándolo a la operadora", false},
		{[]notify.State{notify.Accepted}, "Esperando a que llegue al teléfono", false},
		{[]notify.State{notify.Accepted, notify.Delivered}, "Recibido en el teléfono", true},
		{[]notify.State{notify.Refused}, "La operadora lo ha rechazado", true},
		{[]notify.State{notify.Lost}, "No sabemos si ha salido", true},
	} {
		g := newGate(t)
		b := g.browser()
		at := b.begun("low")
		before := b.typed(at, g.registered(g.someone(11111111), assurance.Advanced, nil))
		m := g.messages()[0]
		if claimed := b.get(at + "/pin"); claimed.text != before.text {
			t.Error("that the message is being handed over shows; a decoy never is")
		}
		for _, s := range c.states {
			g.settle(m.ID, s)
		}
		status := b.get(at + "/status")
		if status.Header.Get("Content-Type") != "application/json" || status.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("status is %v", status.Header)
		}
		holds(t, status, c.says, fmt.Sprintf(`"final":%v`, c.final))
		holds(t, b.get(at+"/pin"), c.says, `data-status="`+at+`/status"`)
	}
}

func TestPINPage(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	holds(t, b.typed(at, who), "Si los datos corresponden a una persona registrada", `inputmode="numeric" autocomplete="one-time-code"`,
		"El PIN sirve hasta las", "No me llega el mensaje", `href="/register"`, "Pedir otro PIN", "Cancelar")
	_, right := g.sms()
	for _, typed := range []string{"", "12345", "1234567", " - "} { // these cost no try
		a := b.post(at+"/pin", "pin", typed)
		if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.text, "Escriba el PIN") && !strings.Contains(a.text, "El PIN tiene seis cifras") {
			t.Errorf("%q: %s", typed, a.Status)
		}
	}
	for _, left := range []string{"Le quedan 2 intentos", "Le queda 1 intento"} {
		a := b.post(at+"/pin", "pin", wrongPIN(right, 0))
		holds(t, a, left)
		if a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("a wrong PIN: %s", a.Status)
		}
	}
	b.enter(at, right[:3]+" "+right[3:]).reply(t)
}

func TestClassicPIN(t *testing.T) {
	g := newGate(t)
	g.PIN.Style = pin.Classic
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	holds(t, b.typed(at, who), "Las tres letras o números", `autocomplete="one-time-code" autocapitalize="characters"`)
	holds(t, b.post(at+"/pin", "pin", "123456"), "El PIN tiene tres letras o números.")
	code := g.messages()[0].Values["code"]
	b.enter(at, strings.ToLower(code)).reply(t)
}

// The page warns in the last minute, and another PIN can be had without typing the data again.
func TestCountdown(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	if a := b.typed(at, who); !strings.Contains(a.text, "<div data-soon hidden>") {
		t.Error("it warns at once")
	}
	first := labelOf(b.get(at + "/pin"))
	g.clock.Move(9*time.Minute + 10*time.Second)
	holds(t, b.get(at+"/pin"), "countdown-soon", "<div data-soon>", "50 segundos")
	g.messages()
	if a := b.post(at + "/again"); a.Header.Get("Location") != at+"/pin" {
		t.Fatalf("another PIN: %s", a.Status)
	}
	if again := labelOf(b.get(at + "/pin")); again == first {
		t.Error("both PINs have one label")
	}
	_, pin := g.sms()
	b.enter(at, pin).reply(t)
}

// Asking too often says when to come back, and keeps a PIN that is still good at hand.
func TestWait(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, who)
	b.post(at + "/again")
	b.post(at + "/again")
	a := b.post(at + "/again")
	if a.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the fourth in an hour: %s", a.Status)
	}
	back := locale.Match("es").Clock(g.clock.Now().Add(time.Hour + time.Minute))
	holds(t, a, "Hay que esperar", "a partir de las "+back, at+"/pin", "Volver a Sede de pruebas")
}

// A stranger who uses up the tries elsewhere does not lock people out of the browser that they use.
func TestRule02KnownBrowser(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, who)
	_, pin := g.sms()
	if a := b.post(at+"/pin", "pin", wrongPIN(pin, 0)); strings.Contains(fmt.Sprint(a.Cookies()), "known") {
		t.Error("a wrong PIN makes the browser known")
	}
	a := b.post(at+"/pin", "pin", pin)
	if c := fmt.Sprint(a.Cookies()); !strings.Contains(c, "__Host-known=") || !strings.Contains(c, "Max-Age=31536000") {
		t.Errorf("cookies %s", c)
	}
	stranger := g.browser()
	theirs := stranger.begun("low")
	stranger.typed(theirs, who)
	for range 5 {
		stranger.post(theirs + "/again")
	}
	if a := stranger.post(theirs + "/again"); a.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("the stranger goes on: %s", a.Status)
	}
	g.messages()
	at = b.begun("low")
	b.typed(at, who)
	_, pin = g.sms()
	b.enter(at, pin).reply(t)
}

// What is broken on our side says so, with a reference, and nothing of the cause.
func TestBroken(t *testing.T) {
	g := newGate(t)
	b := g.browser()
	at := b.begun("low")
	b.post(at+"/nif", "nif", "11111111H")
	if err := g.db.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	a := b.post(at+"/document", "datum", g.someone(11111111).Datum.Reveal())
	holds(t, a, "Algo ha fallado por nuestra parte", `class="reference"`)
	if a.StatusCode != http.StatusInternalServerError || strings.Contains(a.text, "closed") {
		t.Errorf("%s\n%s", a.Status, a.text)
	}
}

var (
	inline  = regexp.MustCompile(`(?i)<style|<script[^>]*>[^<]|\sstyle=|\son[a-z]+=|javascript:`)
	ids     = regexp.MustCompile(`\sid="([^"]*)"`)
	heading = regexp.MustCompile(`<h1`)
)

// Every page, in every language, has one heading, no id twice, and nothing inline that its policy would stop.
func TestPagesAreSound(t *testing.T) {
	for _, l := range locale.All() {
		lang := l.Code()
		g := newGate(t)
		who := g.registered(g.someone(11111111), assurance.Basic, nil)
		for _, level := range []string{"low", "substantial", "high"} {
			b := g.browser()
			b.lang = lang
			for _, a := range b.everyPage(level, who) {
				text := a.text
				seen := map[string]bool{}
				for _, id := range ids.FindAllStringSubmatch(text, -1) {
					if seen[id[1]] {
						t.Errorf("id %q is there twice:\n%s", id[1], text)
					}
					seen[id[1]] = true
				}
				if found := inline.FindString(text); found != "" || len(heading.FindAllString(text, -1)) != 1 || !strings.Contains(text, `<html lang="`+lang+`">`) {
					t.Errorf("inline %q, or not one heading, or not in %s:\n%s", found, lang, text)
				}
			}
			g.clock.Move(2 * time.Hour)
		}
	}
}

func (b *browser) everyPage(level string, who person.Person) []answer {
	at := b.begun(level)
	pages := []answer{b.get(at), b.post(at+"/nif", "nif", "x")}
	if level != "high" {
		b.post(at+"/nif", "nif", who.NIF.String())
		pages = append(pages, b.get(at+"/document"), b.get(at+"/document?dni=permanent"), b.post(at+"/document", "datum", "x"))
		b.post(at+"/document", "datum", who.Datum.Reveal())
		_, pin := b.sms()
		pages = append(pages, b.get(at+"/pin"), b.post(at+"/pin", "pin", "x"), b.post(at+"/pin", "pin", wrongPIN(pin, 0)))
		b.post(at+"/pin", "pin", pin)
		pages = append(pages, b.get(at))
		if level == "low" {
			pages = append(pages, b.agree(at), b.get(b.begun("low")), b.get("/logout"))
		}
	}
	return append(pages, b.post(at+"/cancel"), b.get(at), b.get("/Proxy2/ServiceProvider"), b.do(serviceForm("logoutRequest=x")), b.do(serviceForm("x=y")))
}
