package sede_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// ask sends a question and gives the address of its page.
func (b *browser) ask() string {
	b.t.Helper()
	form := url.Values{"nif": {"00000000-t"}, "mensaje": {"Caso 4711"}}
	return b.visit("POST", "/ventanilla", form).must(b.t, 303, "/ventanilla/").Header.Get("Location")
}

func refusal(code string) func() (int, map[string]any) {
	return func() (int, map[string]any) { return http.StatusBadRequest, map[string]any{"error": code} }
}

func granted() (int, map[string]any) { return http.StatusOK, nil }

func TestTheDeskAsksOnTheTelephone(t *testing.T) {
	here := openTax(t)
	b := here.browser(t)
	page := b.ask()
	for name, want := range map[string]string{
		"login_hint": "00000000T", "binding_message": "Caso 4711", "scope": "openid profile nif", "acr_values": "http://eidas.europa.eu/LoA/low",
	} {
		if got := here.idp.asked.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	here.idp.ciba = func() (int, map[string]any) { t.Error("asked too early"); return granted() }
	b.get(page).must(t, 200, "***0000**", "Caso 4711", "Esperamos su respuesta", `data-every="5"`)

	here.now = noon.Add(5 * time.Second)
	here.idp.ciba = refusal("authorization_pending")
	b.get(page).must(t, 200, "Esperamos su respuesta")
	here.now = noon.Add(10 * time.Second)
	here.idp.ciba = refusal("slow_down")
	b.get(page).must(t, 200, "Esperamos su respuesta", `data-every="10"`)

	here.now = noon.Add(20 * time.Second)
	here.idp.ciba = granted
	here.idp.tells("", nil)
	b.get(page).must(t, 200, "Lo ha confirmado", "MARÍA GARCÍA LÓPEZ")
	here.browser(t).get(page).must(t, 404) // another browser than the desk's
}

func TestTheDeskLearnsThatNobodyConfirmed(t *testing.T) {
	for code, says := range map[string]string{
		"access_denied": "No lo ha confirmado", "expired_token": "No contestó a tiempo", "invalid_grant": "no ha pasado las comprobaciones",
	} {
		here := openTax(t)
		b := here.browser(t)
		page := b.ask()
		here.now = noon.Add(5 * time.Second)
		here.idp.ciba = refusal(code)
		b.get(page).must(t, 200, says)
	}
}

func TestOnlyTheOneWhoWasAskedConfirms(t *testing.T) {
	for name, change := range map[string]func(*idp){
		"somebody else": func(g *idp) { g.user["nif"] = "99999999R" },
		"with a nonce":  func(g *idp) { g.tells("n", nil) }, // of a login, not of a question
		"for another":   func(g *idp) { g.tells("", map[string]any{"aud": "other"}) },
	} {
		t.Run(name, func(t *testing.T) {
			here := openTax(t)
			b := here.browser(t)
			page := b.ask()
			here.now = noon.Add(5 * time.Second)
			here.idp.ciba = granted
			here.idp.tells("", nil)
			change(here.idp)
			b.get(page).must(t, 200, "no ha pasado las comprobaciones")
		})
	}
}

func TestTheDeskFillsInAForm(t *testing.T) {
	here := openTax(t)
	b := here.browser(t)
	b.get("/ventanilla").must(t, 200, "caso 4711")
	b.visit("POST", "/ventanilla", url.Values{"nif": {"1"}}).must(t, 422, `id="nif-mal"`, `id="mensaje-mal"`, `value="1"`)
	b.visit("POST", "/ventanilla", nil, "Sec-Fetch-Site", "cross-site").must(t, 403)
}
