package web_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/person"
)

// Row 2: a hundred parallel guesses at a PIN of three tries are three guesses.
func TestPast02ParallelPINs(t *testing.T) {
	g := newGate(t)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, g.registered(g.someone(12345678), assurance.Advanced, nil))
	_, pin := g.sms()
	var compared atomic.Int64
	parallel(100, func(i int) {
		a := b.post(at+"/pin", "pin", wrongPIN(pin, i))
		if strings.Contains(a.text, "El PIN no es correcto") {
			compared.Add(1)
		}
	})
	if compared.Load() != 3 {
		t.Errorf("%d guesses were compared, want 3", compared.Load())
	}
	if a := b.post(at+"/pin", "pin", pin); strings.Contains(a.text, "SAMLResponse") {
		t.Error("the right PIN still serves")
	}
}

// Row 4: asking again gives no tries back: ten wrong PINs a day, whatever the number of PINs.
func TestPast04AskingAgainKeepsTheCount(t *testing.T) {
	g := newGate(t)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, g.registered(g.someone(12345678), assurance.Advanced, nil))
	compared, pin := 0, ""
	for range 5 {
		for range 3 {
			_, pin = pinOr(g, pin)
			if a := b.post(at+"/pin", "pin", wrongPIN(pin, 0)); a.StatusCode != http.StatusTooManyRequests && strings.Contains(a.text, "El PIN no es correcto") {
				compared++
			}
		}
		g.clock.Move(21 * time.Minute) // three may be asked for in an hour
		at = b.begun("low")
		b.post(at+"/nif", "nif", g.someone(12345678).NIF.String())
		b.post(at+"/document", "datum", g.someone(12345678).Datum.Reveal())
		pin = ""
	}
	if compared != 10 {
		t.Errorf("%d wrong PINs were compared, want 10", compared)
	}
}

// pinOr is the PIN of the message that waits, or the one before.
func pinOr(g *gate, before string) (text, pin string) {
	if before != "" {
		return "", before
	}
	for _, m := range g.messages() {
		return "", m.Values["code"]
	}
	return "", "000000"
}

// Row 5: a PIN dies on time, whatever the page in the browser says.
func TestPast05DiesOnTime(t *testing.T) {
	g := newGate(t)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, g.registered(g.someone(12345678), assurance.Advanced, nil))
	_, pin := g.sms()
	g.clock.Move(10 * time.Minute)
	holds(t, b.post(at+"/pin", "pin", pin), "Este PIN ya no sirve")
	holds(t, b.get(at+"/pin"), "Este PIN ya no sirve", "Pedir otro PIN")
	b.post(at + "/again")
	_, pin = g.sms()
	g.clock.Move(10*time.Minute - time.Microsecond)
	b.enter(at, pin).reply(t)
}

// Row 6: two simultaneous uses of a right PIN are one answer and one session.
func TestPast06OneAnswer(t *testing.T) {
	g := newGate(t)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, g.registered(g.someone(12345678), assurance.Advanced, nil))
	_, pin := g.sms()
	cookies := b.jar.Cookies(must(http.NewRequest("GET", home+at, nil)).URL)
	var in *browser
	var mu sync.Mutex
	parallel(20, func(int) {
		twin := g.browser() // a copy of the browser, cookies and all
		twin.jar.SetCookies(must(http.NewRequest("GET", home+at, nil)).URL, cookies)
		if a := twin.post(at+"/pin", "pin", pin); a.Header.Get("Location") != at { // none is sent to ask for another PIN
			t.Errorf("led to %q: %s", a.Header.Get("Location"), a.Status)
		} else if strings.Contains(fmt.Sprint(a.Cookies()), "__Host-session=") {
			mu.Lock()
			defer mu.Unlock()
			if in != nil {
				t.Error("two browsers got a session")
			}
			in = twin
		}
	})
	if in == nil || g.count("sessions") != 1 {
		t.Fatalf("%d sessions", g.count("sessions"))
	}
	var answers, told atomic.Int64
	seen := in.get(at).seen()
	cookies = in.jar.Cookies(must(http.NewRequest("GET", home+at, nil)).URL)
	parallel(20, func(int) {
		twin := g.browser()
		twin.jar.SetCookies(must(http.NewRequest("GET", home+at, nil)).URL, cookies)
		switch page := twin.post(at+"/continue", "seen", seen).text; {
		case strings.Contains(page, "SAMLResponse"):
			answers.Add(1)
		case strings.Contains(page, "Esta petición ya está contestada"):
			told.Add(1)
		}
	})
	if answers.Load() != 1 || told.Load() != 19 {
		t.Errorf("%d answers, %d were told that the service has its answer", answers.Load(), told.Load())
	}
}

// The same request, begun twice, is answered once.
func TestRequestIsAnsweredOnce(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(12345678), assurance.Advanced, nil)
	request := g.asked("low", "relay")
	one, two := g.browser(), g.browser()
	first, second := one.from(request), two.from(request)
	one.typed(first, who)
	_, pin := g.sms()
	two.typed(second, who)
	_, again := g.sms()
	one.enter(first, pin).reply(t)
	a := two.enter(second, again)
	holds(t, a, "Esta petición ya está contestada")
	if strings.Contains(a.text, "SAMLResponse") || g.count("participations") != 1 {
		t.Error("answered twice")
	}
	gone(t, two, second)
}

// Row 9: no page, header or cookie, and no line of the log, ever holds the PIN.
func TestPast09NothingHoldsThePIN(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	g := newGate(t)
	who := g.registered(g.someone(12345678), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, who)
	_, pin := g.sms()
	pages := []answer{
		b.get(at + "/pin"), b.get(at + "/status"), b.get(at + "/document"), b.get(at),
		b.post(at+"/pin", "pin", wrongPIN(pin, 0)), b.post(at+"/pin", "pin", pin+"1"), b.post(at+"/pin", "pin", pin),
	}
	for _, a := range pages {
		var all bytes.Buffer
		a.Header.Write(&all)
		all.WriteString(a.text)
		if strings.Contains(all.String(), pin) {
			t.Errorf("%s holds the PIN:\n%s", a.Status, all.String())
		}
	}
	for _, text := range []string{pin, who.NIF.String(), who.Datum.Reveal()} {
		if strings.Contains(log.String(), text) {
			t.Errorf("the log holds %q:\n%s", text, log.String())
		}
	}
}

// Row 13: whoever is not registered, gives a wrong datum, is frozen or has no phone sees what a citizen sees.
func TestPast13StrangersLookLikeCitizens(t *testing.T) {
	var want trail
	for i, c := range []struct {
		name string
		make func(g *gate) person.Person
		more int // e-mails that tell the person what no page may tell
	}{
		{"citizen", func(g *gate) person.Person { return g.registered(g.someone(12345678), assurance.Advanced, nil) }, 0},
		{"nobody", func(g *gate) person.Person { return g.someone(12345678) }, 0},
		{"not registered", func(g *gate) person.Person { return g.listed(g.someone(12345678)) }, 0},
		{"wrong datum", func(g *gate) person.Person {
			p := g.registered(g.someone(12345678), assurance.Advanced, nil)
			p.Datum = must(nif.ParseDate(nif.Validity, p.Until.AddDate(0, 0, 1).Format(time.DateOnly)))
			return p
		}, 0},
		{"frozen", func(g *gate) person.Person {
			return g.registered(g.someone(12345678), assurance.Advanced, func(c *citizen.Citizen) { c.Frozen = true })
		}, 0},
		{"without phone", func(g *gate) person.Person {
			return g.registered(g.someone(12345678), assurance.Advanced, func(c *citizen.Citizen) { c.Phone = contact.Phone{} })
		}, 3},
		{"closed by themselves", func(g *gate) person.Person {
			return g.registered(g.someone(12345678), assurance.Advanced, func(c *citizen.Citizen) { c.Blocked = []assurance.Method{assurance.PIN} })
		}, 3},
	} {
		g := newGate(t)
		got := g.walk(c.make(g))
		got.rows["messages"] -= c.more
		if i == 0 {
			want = got
			continue
		}
		for j, page := range want.pages {
			if got.pages[j] != page {
				t.Errorf("%s: page %d is not a citizen's:\n%s\n%s", c.name, j, got.pages[j], page)
			}
		}
		if fmt.Sprint(got.rows) != fmt.Sprint(want.rows) {
			t.Errorf("%s: rows %v, a citizen's %v", c.name, got.rows, want.rows)
		}
	}
}

// trail is what a visitor saw, and what was written.
type trail struct {
	pages []string
	rows  map[string]int
}

// walk asks for a PIN, watches the message, types wrong PINs until there are no tries left, and asks until it must wait.
func (g *gate) walk(who person.Person) trail {
	b := g.browser()
	at := b.begun("low")
	steps := []answer{b.typed(at, who), b.get(at + "/status")}
	sent := g.messages()
	for i, state := range []notify.State{notify.Accepted, notify.Delivered} {
		g.clock.Move([]time.Duration{300 * time.Millisecond, 1200 * time.Millisecond}[i]) // the pace of a decoy
		for _, m := range sent {
			g.settle(m.ID, state)
		}
		steps = append(steps, b.get(at+"/status"), b.get(at+"/pin"))
	}
	for range 4 {
		steps = append(steps, b.post(at+"/pin", "pin", "000000"), b.get(at+"/pin"))
	}
	for range 3 {
		steps = append(steps, b.post(at+"/again"), b.get(at+"/pin"))
	}
	steps = append(steps, b.post(at+"/cancel"))
	left := trail{rows: map[string]int{}}
	for _, a := range steps {
		left.pages = append(left.pages, fmt.Sprint(a.StatusCode, a.Header.Get("Location"), len(a.Cookies()), "\n", masked(a.text)))
	}
	for i := range left.pages {
		left.pages[i] = strings.ReplaceAll(left.pages[i], at, "/login/ID")
	}
	for _, table := range []string{"challenges", "messages", "audits", "counters", "answered", "sessions", "known_browsers"} {
		left.rows[table] = g.count(table)
	}
	return left
}

var masks = map[*regexp.Regexp]string{
	regexp.MustCompile(`(?s)<p class="shown-code">.*?</p>`):                                "LABEL",
	regexp.MustCompile(`<(span|strong) class="reference">[^<]*<`):                          "REFERENCE",
	regexp.MustCompile(`name="reference" value="[^"]*"|reference=[A-Z0-9]{9}`):             "REFERENCE",
	regexp.MustCompile(`name="SAMLResponse" value="[^"]*"`):                                "ANSWER",
	regexp.MustCompile(`data-until="[^"]*"|sirve hasta las \d\d:\d\d|a partir de las \S+`): "TIME",
}

func masked(text string) string {
	for mask, name := range masks {
		text = mask.ReplaceAllString(text, name)
	}
	return text
}

// Row 14: a link into a login that somebody else began leads nowhere, and neither does their cookie's name.
func TestPast14LinkOfAnotherBrowser(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(12345678), assurance.Advanced, nil)
	attacker, victim := g.browser(), g.browser()
	at := attacker.begun("low")
	attacker.typed(at, who)
	_, pin := g.sms()
	for _, page := range []string{"", "/document", "/pin", "/status"} {
		if a := victim.get(at + page); a.StatusCode != http.StatusGone || !strings.Contains(a.text, "de otro navegador") {
			t.Errorf("%s opens: %s", page, a.Status)
		}
	}
	if a := victim.post(at+"/pin", "pin", pin); a.StatusCode != http.StatusGone || strings.Contains(a.text, "SAMLResponse") {
		t.Errorf("the PIN is taken from another browser: %s", a.Status)
	}
	mine := victim.begun("low")
	cookie := victim.jar.Cookies(must(http.NewRequest("GET", home+mine, nil)).URL)[0]
	cookie.Name = "__Host-login-" + strings.TrimPrefix(at, "/login/")
	r := httptest.NewRequest("GET", home+at, nil)
	r.AddCookie(cookie)
	if a := g.browser().do(r); a.StatusCode != http.StatusGone {
		t.Errorf("the cookie of one login opens another: %s", a.Status)
	}
	attacker.enter(at, pin).reply(t) // the visits of others closed nothing
}

// Row 15: who comes second to a shared browser finds the first person's session named, masked, and nothing more of it; their
// own PIN does not enter it, and once it is closed they are let in as themselves.
func TestPast15SharedBrowser(t *testing.T) {
	g := newGate(t)
	first := g.registered(g.someone(11111111), assurance.Advanced, nil)
	second := g.registered(g.someone(87654321), assurance.Advanced, func(c *citizen.Citizen) { c.GivenName = "BLAS" })
	b := g.browser()
	at := b.begun("low")
	b.typed(at, first)
	_, pin := g.sms()
	b.enter(at, pin).reply(t)

	next := b.begun("low")
	page := b.get(next)
	holds(t, page, "ANA Á. M.", first.NIF.Masked(), "No soy esa persona")
	if strings.Contains(page.text, first.NIF.String()) || strings.Contains(page.text, "ÁLVAREZ") {
		t.Errorf("the first person shows:\n%s", page.text)
	}
	b.typed(next, second)
	if a := b.post(next+"/pin", "pin", pin); a.StatusCode == http.StatusSeeOther {
		t.Error("the first person's PIN serves the second")
	}
	_, pin = g.sms()
	a := b.post(next+"/pin", "pin", pin)
	holds(t, a, "hay una sesión de otra persona", next+"/cancel")
	if a := b.post(next + "/continue"); strings.Contains(a.text, "SAMLResponse") {
		t.Fatal("somebody was answered")
	}
	left := b.goes(next+"/cancel", "not-me", "1")
	holds(t, left, "Ciérrelos usted", "Sede de pruebas", `href="`+next+`"`) // what the first person left open, and cannot be told
	holds(t, b.get(next), "Identifíquese con Cl@ve PIN")
	b.typed(next, second)
	_, pin = g.sms()
	if reply := b.enter(next, pin).reply(t); !strings.Contains(reply.message, second.NIF.String()) || strings.Contains(reply.message, first.NIF.String()) {
		t.Error("the answer is not about the second person")
	}
}

func parallel(n int, f func(int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

// wrongPIN is a PIN that is not this one; n makes different ones.
func wrongPIN(pin string, n int) string {
	var number int
	fmt.Sscan(pin, &number)
	return fmt.Sprintf("%06d", (number+1+n)%1_000_000)
}
