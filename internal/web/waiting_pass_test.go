package web_test

import (
	"net/http"
	"testing"
	"time"

	"clave/internal/crowd"
)

// waited is a browser that has waited for its turn, and was let in, while others wait.
func (g *gate) waited() *browser {
	b := g.browser()
	held(g.t, b.get("/register"))
	g.moves(3 * time.Minute)
	g.taken()
	g.browser().waits()
	if a := b.get("/register"); a.StatusCode != http.StatusOK {
		g.t.Fatalf("whose turn it is: %s", a.Status)
	}
	return b
}

// Somebody who has waited, and for whom it is full again, keeps their form and comes in as soon as there is a place.
func TestWaitingAgainWithAPass(t *testing.T) {
	g := crowded(t, crowd.Limits{Work: 1})
	b := g.waited()
	leave := g.full()
	page := held(t, b.get("/help"))
	if n := b.news(page, "at", "/help"); !n.Open {
		t.Errorf("their page is told to wait: %+v", n)
	}
	fields := held(t, b.post("/register", "nif", "x"))
	leave()
	if a := b.get("/help"); a.StatusCode != http.StatusOK {
		t.Errorf("the pass is lost: %s", a.Status)
	}
	if a := b.again(fields); a.Header.Get("Location") == "/" || a.StatusCode == http.StatusServiceUnavailable {
		t.Errorf("the form is lost: %s to %q", a.Status, a.Header.Get("Location"))
	}
	held(t, b.again(fields)) // a copy of it waits
}

// A pass that many clients hold is used up; whoever has it then is a newcomer, with a place of their own.
func TestPassForMany(t *testing.T) {
	g := crowded(t, crowd.Limits{})
	b := g.waited()
	in := 0
	for range 200 {
		if a := b.get("/help"); a.StatusCode == http.StatusOK {
			in++
		}
	}
	if in < 20 || in > 100 {
		t.Errorf("one pass opened %d pages", in)
	}
	held(t, b.get("/help"))
}
