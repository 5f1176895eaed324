package web_test

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/crowd"
	"clave/internal/store"
)

// crowded is a gate that lets one in each hundred seconds, and has let one in just now.
func crowded(t *testing.T, limits crowd.Limits) *gate {
	g := newGate(t)
	if limits.Newcomers == 0 {
		limits.Newcomers = 0.01
	}
	g.Door = crowd.NewDoor(limits, g.clock.Now)
	g.Handler = g.Server.Handler()
	if a := g.browser().get("/"); a.StatusCode != http.StatusOK {
		t.Fatalf("the first who comes: %s", a.Status)
	}
	return g
}

var hiddenField = regexp.MustCompile(`name="(ticket|request)" value="([^"]*)"`)

// held are the fields of a waiting page.
func held(t testing.TB, a answer) url.Values {
	t.Helper()
	if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
		t.Fatalf("no waiting page: %s\n%s", a.Status, a.text)
	}
	fields := url.Values{}
	for _, f := range hiddenField.FindAllStringSubmatch(a.text, -1) {
		fields.Set(f[1], html.UnescapeString(f[2]))
	}
	if fields.Get("ticket") == "" {
		t.Fatalf("no ticket:\n%s", a.text)
	}
	return fields
}

// again sends the form of a waiting page.
func (b *browser) again(fields url.Values) answer {
	return b.post("/waiting", "ticket", fields.Get("ticket"), "request", fields.Get("request"))
}

type placeNews struct {
	Open   bool
	Before int
	Ask    int
	Time   string
}

func (b *browser) news(fields url.Values, more ...string) (n placeNews) {
	b.t.Helper()
	a := b.post("/waiting/place", append(more, "ticket", fields.Get("ticket"))...)
	if err := json.Unmarshal([]byte(a.text), &n); err != nil {
		b.t.Fatalf("%s: %s", a.Status, a.text)
	}
	return n
}

// moves lets time pass as it does, while people ask: a pace earns no more than a moment's worth at once.
func (g *gate) moves(d time.Duration) {
	for range d / (10 * time.Second) {
		g.clock.Move(10 * time.Second)
		g.Door.Look(crowd.Ticket{Arrived: g.clock.Now()})
	}
}

// waits sends a service's form, and is shown the waiting page.
func (b *browser) waits() url.Values {
	b.t.Helper()
	return held(b.t, b.do(serviceForm(b.asked("low", "relay"))))
}

// taken has somebody take what the pace allows.
func (g *gate) taken() { g.browser().get("/") }

// Whoever comes when it is full keeps their place and their form, and goes on when it is their turn, though the service's request
// has grown old meanwhile.
func TestWaitingKeepsPlaceAndForm(t *testing.T) {
	g := crowded(t, crowd.Limits{})
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	first, second := g.browser(), g.browser()
	one := first.waits()
	g.clock.Move(time.Second)
	two := second.waits()
	if n := second.news(two); n.Open || n.Before != 1 || n.Ask < 1 {
		t.Errorf("the second is told %+v", n)
	}
	early := second.again(two)
	two = held(t, early)
	holds(t, early, "Delante de usted hay 1 persona.", `lang="es"`)
	g.moves(10 * time.Minute)
	if n := second.news(two); !n.Open {
		t.Errorf("after a long time: %+v", n)
	}
	first.again(one)
	a := second.again(two)
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("whose turn it is: %s\n%s", a.Status, a.text)
	}
	at := a.Header.Get("Location")
	second.typed(at, who)
	_, pin := g.sms()
	holds(t, second.enter(at, pin), "SAMLResponse", "relay")
}

// What was asked for without a form is asked for again by the page itself; a place is that address's, in any language.
func TestWaitingForAPage(t *testing.T) {
	g := crowded(t, crowd.Limits{})
	b := g.browser()
	a := b.get("/register")
	fields := held(t, a)
	holds(t, a, `http-equiv="refresh"`, `?lang=ca`)
	if b.news(fields, "at", "/register").Open {
		t.Error("the line is open at once")
	}
	g.moves(3 * time.Minute)
	if !b.news(fields, "at", "/register?lang=ca").Open {
		t.Error("the line does not open")
	}
	g.taken()
	g.browser().waits() // somebody who waits behind
	if a := b.get("/register?lang=ca"); a.StatusCode != http.StatusOK {
		t.Errorf("whose turn it is: %s", a.Status)
	}
	if a := b.get("/help"); a.StatusCode != http.StatusOK { // has waited, and comes before newcomers
		t.Errorf("their next page: %s", a.Status)
	}
	if a := g.browser().get("/help"); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("another's: %s", a.Status)
	}
}

// Nobody jumps the line: a ticket that is forged, another's form, another address's, used, or old is none; and no foreign page
// sends one.
func TestWaitingIsNotJumped(t *testing.T) {
	g := crowded(t, crowd.Limits{})
	early, late := g.browser(), g.browser()
	one := early.waits()
	cookie := g.browser()
	held(t, cookie.get("/register"))
	g.moves(5 * time.Minute)
	g.taken()
	two := late.waits()
	three := g.browser().waits()
	forged := url.Values{"ticket": {strings.Repeat("A", len(one.Get("ticket")))}, "request": one["request"]}
	swapped := url.Values{"ticket": one["ticket"], "request": two["request"]}
	for name, fields := range map[string]url.Values{"forged": forged, "another's form": swapped, "no form": {"ticket": one["ticket"]}, "nothing": {}} {
		if a := late.again(fields); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/" {
			t.Errorf("%s: %s, to %q", name, a.Status, a.Header.Get("Location"))
		}
	}
	if n := late.news(url.Values{"ticket": one["ticket"]}, "at", "/register"); !n.Open || n.Before != 0 {
		t.Errorf("a ticket for something else is told of a place: %+v", n)
	}
	held(t, cookie.get("/register/letter")) // a ticket for another address
	foreign := form("/waiting", one.Encode())
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	foreign.Header.Set("Origin", "https://evil.test")
	if a := late.do(foreign); a.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign page's: %s", a.Status)
	}
	if a := early.again(one); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("whose turn it is: %s", a.Status)
	}
	if a := early.again(one); held(t, a).Get("ticket") == one.Get("ticket") {
		t.Error("a ticket that was used lets in again, or keeps its place")
	}
	g.clock.Move(crowd.TicketLife)
	if a := late.again(three); a.Header.Get("Location") != "/" {
		t.Errorf("an old one: %s", a.Status)
	}
}

// Many use one ticket at once, and one gets in.
func TestWaitingTicketOnce(t *testing.T) {
	g := crowded(t, crowd.Limits{})
	one := g.browser().waits()
	g.moves(3 * time.Minute)
	g.taken()
	g.browser().waits()
	var all sync.WaitGroup
	in := make(chan int, 50)
	for range cap(in) {
		all.Go(func() {
			w := httptest.NewRecorder()
			r := form("/waiting", one.Encode())
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			g.ServeHTTP(w, r)
			in <- w.Code
		})
	}
	all.Wait()
	close(in)
	count := 0
	for code := range in {
		if code == http.StatusSeeOther {
			count++
		}
	}
	if count != 1 {
		t.Errorf("one ticket let %d in", count)
	}
}

// Somebody in the middle of a login for whom there is no place at all waits with what they typed, which the page does not show.
func TestWaitingInTheMiddle(t *testing.T) {
	g := crowded(t, crowd.Limits{Work: 1, Newcomers: 100})
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, who)
	_, pin := g.sms()
	leave := g.full()
	a := b.post(at+"/pin", "pin", pin)
	fields := held(t, a)
	if strings.Contains(a.text, pin) || !strings.Contains(a.Header.Get("Content-Security-Policy"), "form-action 'self'") {
		t.Error("the page shows what was typed, or may be sent elsewhere")
	}
	if a := b.get(at + "/status"); a.StatusCode != http.StatusOK {
		t.Errorf("news of the message need no place: %s", a.Status)
	}
	if a := b.post("/oidc/token"); a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.text, "<html") {
		t.Errorf("a service is told %s: %s", a.Status, a.text)
	}
	if a := b.get("/saml/metadata"); a.StatusCode != http.StatusOK {
		t.Errorf("what we publish needs no place: %s", a.Status)
	}
	leave()
	if a := b.again(fields); a.Header.Get("Location") != at {
		t.Errorf("the PIN leads to %q: %s", a.Header.Get("Location"), a.Status)
	}
	b.agree(at)
}

// full takes every place, in the queue too, until it is left.
func (g *gate) full() (leave func()) {
	ctx, cancel := context.WithCancel(g.t.Context())
	_, last, err := g.Door.Enter(ctx, crowd.Inside)
	if err != nil {
		g.t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if _, leave, err := g.Door.Enter(ctx, crowd.Inside); err == nil {
				leave()
			}
		})
	}
	for g.Door.State().Queueing < 32 {
		runtime.Gosched()
	}
	return func() {
		cancel()
		all.Wait()
		last()
	}
}

// A form that is too long is refused as without a crowd; one for which there is no memory is not read.
func TestWaitingHugeForms(t *testing.T) {
	g := crowded(t, crowd.Limits{Held: 1 << 20})
	b := g.browser()
	a := b.do(serviceForm("SAMLRequest=" + strings.Repeat("A", 257<<10)))
	if a.StatusCode != http.StatusServiceUnavailable && a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a huge form: %s", a.Status)
	}
	if len(a.text) > 20<<10 {
		t.Errorf("a page of %d bytes keeps a form that is too long", len(a.text))
	}
	var all []*crowd.Hold
	for i := range 8 {
		all = append(all, g.Door.Hold(strconv.Itoa(i)))
		all[i].Take(1 << 17)
	}
	a = b.do(serviceForm(b.asked("low", "relay")))
	if a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.text, `name="ticket"`) {
		t.Errorf("without memory: %s", a.Status)
	}
	holds(t, a, "Ahora no podemos guardar lo que ha enviado")
	if a := b.post("/oidc/token", "code", "c"); a.StatusCode != http.StatusServiceUnavailable || strings.Contains(a.text, "<html") {
		t.Errorf("a service without memory is told %s: %s", a.Status, a.text)
	}
	for _, h := range all {
		h.Release()
	}
	held(t, b.do(serviceForm(b.asked("low", "relay"))))
}

// A unit of work that found the writer's queue full is no failure: what was sent waits.
func TestBusyStoreWaits(t *testing.T) {
	g := crowded(t, crowd.Limits{Newcomers: 100})
	g.Server.Store = busyStore{}
	g.Handler = g.Server.Handler()
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, who)
	if held(t, b.post(at+"/pin", "pin", "123456")).Get("request") == "" {
		t.Error("the form is lost")
	}
}

// busyStore has no room for any unit.
type busyStore struct{}

func (busyStore) Do(context.Context, func(context.Context) error) error { return store.ErrBusy }
