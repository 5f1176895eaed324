package web_test

import (
	"net/http"
	"strings"
	"testing"

	"clave/internal/assurance"
)

func TestSignIn(t *testing.T) {
	for _, c := range []struct {
		how   assurance.Proofing
		asked string
		level string
	}{
		{assurance.Advanced, "low", "substantial"},
		{assurance.Advanced, "substantial", "substantial"},
		{assurance.Basic, "low", "low"},
	} {
		t.Run(string(c.how)+" "+c.asked, func(t *testing.T) {
			g := newGate(t)
			who := g.registered(g.someone(12345678), c.how, nil)
			b := g.browser()
			at := b.begun(c.asked)
			holds(t, b.get(at), "Identifíquese con Cl@ve PIN", "Sede de pruebas")
			page := b.typed(at, who)
			text, pin := g.sms()
			label := labelOf(page)
			if len(label) != 4 || !strings.Contains(text, label) || !strings.Contains(text, "Sede de pruebas") {
				t.Errorf("label %q, message %q", label, text)
			}
			a := b.enter(at, pin)
			reply := a.reply(t)
			if reply.action != service || reply.relay != "relay" {
				t.Errorf("goes to %q with %q", reply.action, reply.relay)
			}
			for _, want := range []string{who.NIF.String(), "LoA/" + c.level, "status:Success", "ÁLVAREZ"} {
				if !strings.Contains(reply.message, want) {
					t.Errorf("the answer does not say %q", want)
				}
			}
			policy := a.Header.Get("Content-Security-Policy")
			if !strings.HasSuffix(policy, "form-action 'self' https://sp.test") || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("policy %q, cache %q", policy, a.Header.Get("Cache-Control"))
			}
			gone(t, b, at)
		})
	}
}

// gone sees that nothing of a login is left in its browser.
func gone(t testing.TB, b *browser, at string) {
	t.Helper()
	for _, page := range []string{"", "/document", "/pin", "/status"} {
		if a := b.get(at + page); a.StatusCode != http.StatusGone {
			t.Errorf("%s is still there: %s", page, a.Status)
		}
	}
}

func holds(t testing.TB, a answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.text, text) {
			t.Errorf("%s: the page does not say %q:\n%s", a.Status, text, a.text)
		}
	}
}

// labelOf is the label that a page shows.
func labelOf(a answer) string {
	_, rest, _ := strings.Cut(a.text, `<p class="shown-code">`)
	letters, _, _ := strings.Cut(rest, "</p>")
	return strings.NewReplacer("<span>", "", "</span>", "").Replace(letters)
}
