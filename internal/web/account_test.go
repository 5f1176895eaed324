package web_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clave/internal/account"
	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/secret"
)

// newOwn is a gate where people have pages of their own.
func newOwn(t *testing.T, how assurance.Proofing) (*gate, person.Person) {
	t.Helper()
	g, who := newDesk(t, how)
	g.Account = &account.Service{Store: g.db, Ring: ring(), Broker: g.Broker, Origin: home, Host: "clave.test", Now: g.clock.Now}
	return g, who
}

func lacks(t testing.TB, a answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.text, text) {
			t.Errorf("the page says %q:\n%s", text, a.text)
		}
	}
}

// goes follows a form to the page that it leads to.
func (b *browser) goes(path string, fields ...string) answer {
	b.t.Helper()
	return b.get(b.leads(b.post(path, fields...)))
}

// sessionIn is the id that the session list has for this browser.
func (b *browser) sessionIn(page answer) string {
	b.t.Helper()
	found := regexp.MustCompile(`/account/sessions/([0-9A-Z]{26})/end`).FindStringSubmatch(page.text)
	if found == nil {
		b.t.Fatalf("no session:\n%s", page.text)
	}
	return found[1]
}

// What opens services does not open a person's history: that takes a proof of its own, under five minutes old.
func TestRule17AccountTakesAFreshProof(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	b.inside(who)
	for _, path := range []string{"/account", "/account/accesses", "/account/sessions", "/account/export", "/account/not-me"} {
		if to := b.leads(b.do(httptest.NewRequest("GET", home+path, nil))); !strings.HasPrefix(to, "/login/") {
			t.Errorf("%s led to %s", path, to)
		}
	}
	b.enters("/account", who)
	g.clock.Move(5*time.Minute + time.Second)
	page := b.enters("/account/accesses", who) // led through a login, and back here
	holds(t, page, "<h1>Accesos</h1>")
}

// The front page shows the person's data, masked, and what their registration is good for.
func TestAccountIsMasked(t *testing.T) {
	g, who := newOwn(t, assurance.Basic)
	page := g.browser().enters("/account", who)
	c, _, err := g.db.CitizenByNIF(t.Context(), who.NIF)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, page, "<h1>Mi Cl@ve</h1>", who.NIF.Masked(), strings.TrimPrefix(c.Phone.Masked(), "+"), c.Email.Masked(), "Por carta", "nivel bajo", "oficina de registro", "No he sido yo")
	lacks(t, page, who.NIF.String(), c.Phone.Reveal(), c.Email.Reveal(), who.FirstSurname, "Tiene una confirmación pendiente")
	g.asksToConfirm(who, assurance.Low)
	b := g.browser()
	holds(t, b.enters("/account", who), "Tiene una confirmación pendiente")
}

// One visit is one line, with no more of its place than its owner needs to know it again.
func TestAccesses(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	thief := g.browser()
	at := thief.begun("low")
	thief.typed(at, who)
	_, pin := g.sms()
	thief.post(at+"/pin", "pin", wrongPIN(pin, 0))
	thief.enter(at, pin)
	g.clock.Move(time.Minute)
	page := g.browser().enters("/account/accesses", who)
	holds(t, page, "Sede de pruebas", "Entró", "Un PIN equivocado", "Cl@ve PIN, nivel sustancial", "red 192.0.··", "la de ahora", "Mi Cl@ve", "/account/not-me?since=")
	lacks(t, page, "192.0.2.1", who.NIF.String())
	if n := strings.Count(page.text, "<tr>"); n != 3 {
		t.Errorf("%d lines, want the heading and two visits:\n%s", n, page.text)
	}
}

func TestAccessesComeInPages(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	b.enters("/account", who)
	err := g.db.Do(t.Context(), func(ctx context.Context) error {
		for range 2 * account.PageLength {
			g.clock.Move(time.Millisecond)
			now := g.clock.Now()
			e := audit.Entry{ID: secret.ID(now), At: now, Event: audit.PhoneTaken, Subject: audit.Subject(ring(), who.NIF)}
			if err := g.db.AddAudit(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	older, lines := "/account/accesses", 0
	for pages := 0; older != ""; pages++ {
		page := b.get(older)
		lines += strings.Count(page.text, `<th scope="row">`)
		older = ""
		if found := regexp.MustCompile(`href="(/account/accesses\?before=[^"]+)"`).FindStringSubmatch(page.text); found != nil {
			older = found[1]
		}
		if pages > 3 {
			t.Fatal("the pages go round")
		}
	}
	if lines != 2*account.PageLength+1 {
		t.Errorf("%d lines", lines)
	}
}

// "This was not me": everything is closed, the person knows what next, and hears of it on every channel.
func TestNotMe(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	thief, b := g.browser(), g.browser()
	thief.inside(who)
	g.clock.Move(time.Minute)
	page := b.enters("/account/accesses", who)
	since := regexp.MustCompile(`since=([0-9A-Z]{26})`).FindAllStringSubmatch(page.text, -1)
	page = b.get("/account/not-me?since=" + since[len(since)-1][1])
	holds(t, page, "Todavía no ha ocurrido nada", "Bloqueamos Cl@ve PIN", "oficina de registro", since[len(since)-1][1])
	done := b.leads(b.post("/account/not-me", "since", since[len(since)-1][1]))
	holds(t, b.get(done), "Nadie puede entrar ya con Cl@ve PIN", "060", "Sede de pruebas", "Una vez", "avise al servicio",
		"Allí la sesión sigue abierta hasta que se cierre", "No podemos avisar a Sede de pruebas")
	lacks(t, b.get(done), who.NIF.String())
	if to := thief.leads(thief.do(httptest.NewRequest("GET", home+done, nil))); to != "/account" {
		t.Errorf("another browser was led to %s", to)
	}
	holds(t, thief.get(thief.atLibrary()), "DNI o NIE") // no session is left
	if to := b.leads(b.do(httptest.NewRequest("GET", home+"/account", nil))); !strings.HasPrefix(to, "/login/") {
		t.Errorf("own pages are still open: %s", to)
	}
	if n := g.count("known_browsers"); n != 0 {
		t.Errorf("%d browsers are still known", n)
	}
	g.told(t, notify.SMS, notify.NotMeSMS)
	g.told(t, notify.Email, notify.NotMe)
	g.clock.Move(6 * time.Minute)
	lacks(t, b.get(done), "Una vez") // the list was read with a proof that is old by now
	g.clock.Move(10 * time.Minute)
	holds(t, b.get(done), "Allí la sesión sigue abierta hasta que se cierre")
	lacks(t, b.get(done), "Sede de pruebas")
}

// told wants a message of a kind among those that wait on a channel, with a link to nothing but ourselves.
func (g *gate) told(t *testing.T, channel notify.Channel, kind notify.Kind) {
	t.Helper()
	var list []notify.Message
	err := g.db.Do(t.Context(), func(ctx context.Context) (err error) {
		list, err = g.db.ClaimMessages(ctx, channel, g.clock.Now(), 100)
		return err
	})
	i := slices.IndexFunc(list, func(m notify.Message) bool { return m.Kind == kind })
	if err != nil || i < 0 {
		t.Fatalf("%d messages, none of %s, %v", len(list), kind, err)
	}
	if url := list[i].Values["url"]; url != home {
		t.Errorf("the link is %q", url)
	}
}

// Row 12: what the request calls our host is written into no message.
func TestPast12NotMeTrustsNoHost(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	b.enters("/account/not-me", who)
	r := form("/account/not-me", "")
	r.Host, r.Header["X-Forwarded-Host"] = "evil.test", []string{"evil.test"}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	b.leads(b.do(r))
	g.told(t, notify.Email, notify.NotMe)
}

// Another site's form blocks nobody and closes nothing.
func TestRule16OtherSitesControlNothing(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	b.enters("/account", who)
	for _, path := range []string{"/account/not-me", "/account/sessions/end-all", "/account/export/file"} {
		r := form(path, "")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if a := b.do(r); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	c, _, err := g.db.CitizenByNIF(t.Context(), who.NIF)
	if err != nil || !c.May(assurance.PIN) {
		t.Errorf("blocked %v, %v", c.Blocked, err)
	}
	holds(t, b.get("/account"), "<h1>Mi Cl@ve</h1>")
}

// A person sees the browsers in which they are identified, and ends any of them; the id of another's ends nothing.
func TestPast15SessionsOfOneselfOnly(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	other := g.registered(g.someone(87654321), assurance.Advanced, nil)
	b, theirs := g.browser(), g.browser()
	b.inside(who)
	theirs.inside(other)
	g.clock.Move(time.Minute)
	theirID := theirs.sessionIn(theirs.enters("/account/sessions", other))
	page := b.enters("/account/sessions", who)
	holds(t, page, "Este navegador", "Sede de pruebas", "Cerrar esta sesión")
	mine := b.sessionIn(page)
	page = b.goes("/account/sessions/" + theirID + "/end")
	lacks(t, page, "Sesión cerrada")
	if alive := must(g.Broker.Alive(t.Context(), theirID)); !alive {
		t.Fatal("another person's session has ended")
	}
	page = b.goes("/account/sessions/" + mine + "/end")
	holds(t, page, "Sesión cerrada", "Sede de pruebas", "Si dejó algo abierto, ciérrelo allí")
	holds(t, b.get("/account/sessions"), "No está identificado en ningún navegador")
	if alive := must(g.Broker.Alive(t.Context(), mine)); alive {
		t.Error("it lives")
	}
}

// All sessions end but the one in which that is read. A form that comes too late is led through a login, and back.
func TestEndAllSessions(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	one, two, b := g.browser(), g.browser(), g.browser()
	one.inside(who)
	g.clock.Move(time.Minute)
	two.inside(who)
	g.clock.Move(time.Minute)
	page := b.enters("/account/sessions", who)
	if n := strings.Count(page.text, "Cerrar esta sesión"); n != 2 {
		t.Errorf("%d sessions", n)
	}
	g.clock.Move(16 * time.Minute)
	for path, back := range map[string]string{"/account/sessions/" + b.sessionIn(page) + "/end": "/account/sessions/" + b.sessionIn(page), "/account/sessions/end-all": "/account/sessions"} {
		at := b.leads(b.post(path))
		b.typed(at, who)
		_, pin := g.sms()
		if to := b.leads(b.post(at+"/pin", "pin", pin)); to != back {
			t.Errorf("%s: back to %s", path, to)
		}
		g.clock.Move(21 * time.Minute)
	}
	b.enters("/account/sessions", who)
	g.clock.Move(6 * time.Minute) // too late to read, in time to act: what came of it is told, and nothing else
	did := b.leads(b.post("/account/sessions/end-all"))
	page = b.get(did)
	holds(t, page, "Hemos cerrado todas las sesiones", "No podemos avisar a Sede de pruebas desde aquí")
	if strings.Count(page.text, "No podemos avisar") != 1 {
		t.Error("a service is named twice")
	}
	holds(t, two.get(two.atLibrary()), "DNI o NIE")
	if to := b.leads(b.do(httptest.NewRequest("GET", home+"/account/sessions", nil))); !strings.HasPrefix(to, "/login/") {
		t.Errorf("acting lets read: %s", to)
	}
	if to := two.leads(two.do(httptest.NewRequest("GET", home+did, nil))); to != "/account" {
		t.Errorf("another browser was led to %s", to)
	}
	g.clock.Move(9*time.Minute + time.Second)
	if to := b.leads(b.do(httptest.NewRequest("GET", home+did, nil))); to != "/account" {
		t.Errorf("led to %s", to)
	}
}

// A form that came too late is not carried out, and the login that follows says so.
func TestTooLateIsSaid(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	b.enters("/account/sessions", who)
	g.clock.Move(16 * time.Minute)
	holds(t, b.get(b.leads(b.post("/account/sessions/end-all"))), "No hemos hecho lo que pidió")
	lacks(t, b.get(b.leads(b.do(httptest.NewRequest("GET", home+"/account/sessions", nil)))), "No hemos hecho lo que pidió")
}

// The person chooses in which language we write to them; how the pages speak is another matter.
func TestLanguageOfMessages(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	holds(t, b.enters("/account", who), `href="/account/language"`)
	page := b.get("/account/language")
	holds(t, page, "<h1>Idioma de los mensajes</h1>", `value="eu"`, "Galego")
	if !strings.Contains(page.text, `value="es" checked`) && !regexp.MustCompile(`value="es"[^>]* checked`).MatchString(page.text) {
		t.Error("the present one is not marked")
	}
	if to := b.leads(b.post("/account/language", "language", "fr")); to != "/account/language" {
		t.Errorf("led to %s", to)
	}
	g.clock.Move(6 * time.Minute)
	holds(t, b.goes("/account/language", "language", "gl"), "Le escribiremos en este idioma: Galego")
	if c, _, err := g.db.CitizenByNIF(t.Context(), who.NIF); c.Lang != "gl" || err != nil {
		t.Errorf("it is %q, %v", c.Lang, err)
	}
	holds(t, b.enters("/account/accesses", who), "Cambió el idioma de los mensajes")
}

// The front page offers to leave as a card where there is something to leave. The name in the header leads there, but for
// pages in the middle of something.
func TestWaysToAndFromTheFrontPage(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	brand := `<a class="brand" href="/">`
	page := b.get("/")
	holds(t, page, brand, "Cerrar la sesión")
	lacks(t, page, "Si usan este ordenador otras personas")
	b.inside(who)
	page = b.get("/")
	holds(t, page, "Si usan este ordenador otras personas")
	if n := strings.Count(page.text, `href="/logout"`); n != 1 {
		t.Errorf("%d ways out", n)
	}
	for _, path := range []string{"/register", "/help", "/privacy", "/nowhere"} {
		holds(t, b.get(path), brand)
	}
	for _, path := range []string{b.atLibrary(), b.begunLogout()} {
		lacks(t, b.get(path), brand)
	}
}

// The copy holds all of the person's data, and no other's; its name tells nobody whose it is.
func TestCopy(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	b.inside(who)
	g.clock.Move(time.Minute)
	b.enters("/account/export", who)
	c, _, err := g.db.CitizenByNIF(t.Context(), who.NIF)
	if err != nil {
		t.Fatal(err)
	}
	table := b.file(t, "csv")
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(table.text, "\ufeff")))
	r.Comma = ';'
	if rows, err := r.ReadAll(); err != nil || len(rows) < 12 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	holds(t, table, who.NIF.String(), "'"+c.Phone.Reveal(), c.Email.Reveal(), "ÁLVAREZ MUÑIZ", "Sede de pruebas", "192.0.2.1", "Entró")
	machine := b.file(t, "json")
	holds(t, machine, who.NIF.String(), c.Phone.Reveal(), c.Email.Reveal(), helpDesk, "192.0.2.1", "login.completed", "record.copied")
	if !json.Valid([]byte(machine.text)) {
		t.Error("it is not JSON")
	}
	g.clock.Move(5*time.Minute + time.Second) // a form that acts would still be taken
	if to := b.leads(b.post("/account/export/file", "format", "json")); !strings.HasPrefix(to, "/login/") {
		t.Errorf("led to %s", to)
	}
}

func (b *browser) file(t *testing.T, format string) answer {
	t.Helper()
	a := b.post("/account/export/file", "format", format)
	name := a.Header.Get("Content-Disposition")
	if a.StatusCode != http.StatusOK || !regexp.MustCompile(`^attachment; filename="mi-clave-\d{4}-\d\d-\d\d\.`+format+`"$`).MatchString(name) ||
		a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s, %s, %s", a.Status, name, a.Header.Get("Cache-Control"))
	}
	return a
}

// A logout closes the pages too, with and without a session that services rely on.
func TestLeaveOwnPages(t *testing.T) {
	g, who := newOwn(t, assurance.Advanced)
	b := g.browser()
	b.enters("/account", who)
	out := b.begunLogout()
	holds(t, b.get(out), "Mi Cl@ve", "Cerrar la sesión en todos")
	b.post(out)
	holds(t, b.get(out), "Ha cerrado la sesión")
	if to := b.leads(b.do(httptest.NewRequest("GET", home+"/account", nil))); !strings.HasPrefix(to, "/login/") {
		t.Errorf("led to %s", to)
	}
	g.clock.Move(time.Minute)
	b.inside(who)
	g.clock.Move(time.Minute)
	b.enters("/account", who)
	out = b.begunLogout()
	holds(t, b.get(out), "Mi Cl@ve", "Sede de pruebas")
	b.post(out)
	if to := b.leads(b.do(httptest.NewRequest("GET", home+"/account", nil))); !strings.HasPrefix(to, "/login/") {
		t.Errorf("led to %s", to)
	}
}

// Every page of one's own has one heading, no id twice, and nothing inline.
func TestAccountPagesAreSound(t *testing.T) {
	g, who := newOwn(t, assurance.Basic)
	for _, lang := range []string{"es", "en"} {
		b := g.browser()
		b.lang = lang
		b.inside(who)
		g.clock.Move(time.Hour)
		b.inside(who)
		b.enters("/account", who)
		for _, path := range []string{"/", "/account", "/account/accesses", "/account/sessions", "/account/export", "/account/not-me"} {
			a := b.get(path)
			if found := inline.FindString(a.text); found != "" || len(heading.FindAllString(a.text, -1)) != 1 {
				t.Errorf("%s: inline %q, or not one heading:\n%s", path, found, a.text)
			}
		}
		g.clock.Move(time.Hour)
	}
}
