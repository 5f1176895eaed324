package sede_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// taxIn lets a citizen in at the tax office.
func (b *browser) taxIn(g *idp) {
	b.t.Helper()
	q := b.begin(g, "/entrar?tramite=recibos")
	g.tells(q.Get("nonce"), nil)
	b.back(g, q).must(b.t, 303, "/mi-carpeta")
}

func TestACitizenEntersTheTaxOffice(t *testing.T) {
	here := openTax(t)
	b := here.browser(t)
	q := b.begin(here.idp, "/entrar?tramite=recibos&lang=en")
	for name, want := range map[string]string{
		"response_type": "code", "client_id": clientID, "redirect_uri": taxOrigin + "/vuelta", "scope": "openid profile nif",
		"acr_values": "http://eidas.europa.eu/LoA/low", "ui_locales": "en", "prompt": "", "code_challenge_method": "S256",
	} {
		if got := q.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	here.idp.tells(q.Get("nonce"), nil)
	b.back(here.idp, q).must(t, 303, "/mi-carpeta")
	b.get("/mi-carpeta?lang=es").must(t, 200, "MARÍA GARCÍA LÓPEZ", "***0000**", "00000000T", "sustancial", "bajo", "Cl@ve PIN", "otp sms", "p1", "s1",
		"02/03/2026, 13:00", "&#34;acr&#34;", "&#34;given_name&#34;")
	b.back(here.idp, q).must(t, 403, "ya no vale")
	b.visit("POST", "/salir", nil).must(t, 303, "/?adios=1")
	b.get("/mi-carpeta").must(t, 303, "/")
}

func TestALevelAndAFreshIdentificationAreAskedFor(t *testing.T) {
	here := openTax(t)
	b := here.browser(t)
	for _, path := range []string{"/entrar?tramite=renta", "/entrar?tramite=recibos&nivel=substantial&forzar=1"} {
		q := b.begin(here.idp, path)
		if q.Get("prompt") != "login" || q.Get("acr_values") != "http://eidas.europa.eu/LoA/substantial" {
			t.Errorf("%s asks %v", path, q)
		}
		here.idp.tells(q.Get("nonce"), map[string]any{"auth_time": noon.Add(-time.Hour).Unix()})
		b.back(here.idp, q).must(t, 403, "No podemos aceptar")
	}
}

// Each row spoils one thing in an answer that is otherwise good.
func TestBadTokensAreRefused(t *testing.T) {
	here := openTax(t)
	sign := here.idp.sign
	thief := newECKey()
	rows := map[string]struct {
		claims map[string]any
		sign   func(map[string]any) string
		user   map[string]any
	}{
		"another audience":    {claims: map[string]any{"aud": "other"}},
		"others too":          {claims: map[string]any{"aud": []string{clientID, "other"}}},
		"another party":       {claims: map[string]any{"azp": "other"}},
		"another issuer":      {claims: map[string]any{"iss": "https://other.test"}},
		"another nonce":       {claims: map[string]any{"nonce": "other"}},
		"no nonce":            {claims: map[string]any{"nonce": nil}},
		"expired":             {claims: map[string]any{"exp": noon.Add(-time.Second).Unix()}},
		"unknown level":       {claims: map[string]any{"acr": "substantial!"}},
		"no level":            {claims: map[string]any{"acr": nil}},
		"no time":             {claims: map[string]any{"auth_time": nil}},
		"time to come":        {claims: map[string]any{"auth_time": noon.Add(time.Hour).Unix()}},
		"another access":      {claims: map[string]any{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
		"signed by a thief":   {sign: func(c map[string]any) string { return token(t, thief, jose.ES256, c) }},
		"signed by a secret":  {sign: func(c map[string]any) string { return token(t, []byte(strings.Repeat("k", 32)), jose.HS256, c) }},
		"unsigned":            {sign: func(c map[string]any) string { return unsigned(sign(c)) }},
		"about somebody else": {user: map[string]any{"sub": "s2", "nif": "99999999R"}},
		"about nobody":        {user: map[string]any{"sub": "s1"}},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			b := here.browser(t)
			q := b.begin(here.idp, "/entrar?tramite=recibos")
			here.idp.tells(q.Get("nonce"), row.claims)
			here.idp.sign = sign
			if row.sign != nil {
				here.idp.sign = row.sign
			}
			if row.user != nil {
				here.idp.user = row.user
			}
			b.back(here.idp, q).must(t, 403, "No podemos aceptar")
			b.get("/mi-carpeta").must(t, 303, "/")
		})
	}
}

// unsigned says alg none and has no signature.
func unsigned(token string) string {
	return "eyJhbGciOiJub25lIn0." + strings.Split(token, ".")[1] + "."
}

func TestLevelTooLow(t *testing.T) {
	here := openTax(t)
	b := here.browser(t)
	q := b.begin(here.idp, "/entrar?tramite=renta")
	here.idp.tells(q.Get("nonce"), map[string]any{"acr": "http://eidas.europa.eu/LoA/low"})
	b.back(here.idp, q).must(t, 403, "No podemos aceptar")
}

func TestPast14AnotherBrowserGainsNothingOverOpenIDConnect(t *testing.T) {
	here := openTax(t)
	thief, citizen := here.browser(t), here.browser(t)
	citizen.begin(here.idp, "/entrar?tramite=recibos")
	q := thief.begin(here.idp, "/entrar?tramite=recibos")
	here.idp.tells(q.Get("nonce"), nil)
	citizen.back(here.idp, q).must(t, 403, "otro navegador")
	citizen.get("/mi-carpeta").must(t, 303, "/")
}

// A service that talks to several providers must not take one's answer for another's (RFC 9207).
func TestAnswersNameTheGateway(t *testing.T) {
	here := openTax(t)
	b := here.browser(t)
	for _, iss := range []string{"", "https://other.test", here.idp.URL + "/"} {
		q := b.begin(here.idp, "/entrar?tramite=recibos")
		here.idp.tells(q.Get("nonce"), nil)
		b.get("/vuelta?"+url.Values{"code": {"c1"}, "state": {q.Get("state")}, "iss": {iss}}.Encode()).must(t, 403, "No podemos aceptar")
	}
}

func TestACitizenCancelsAtTheTaxOffice(t *testing.T) {
	here := openTax(t)
	b := here.browser(t)
	q := b.begin(here.idp, "/entrar?tramite=renta")
	answer := "/vuelta?" + url.Values{"error": {"access_denied"}, "state": {q.Get("state")}, "iss": {here.idp.URL}}.Encode()
	b.get(answer).must(t, 200, "No se ha completado", "Canceló", "access_denied", `value="renta"`)
}

// Cookies know no ports: the services of one host would overwrite each other's.
func TestCookiesOfTheServicesDiffer(t *testing.T) {
	here, hall := openTax(t), open(t)
	tax := here.browser(t)
	tax.begin(here.idp, "/entrar?tramite=recibos")
	town := hall.browser(t)
	town.enter("cita")
	names := map[string]bool{}
	for _, pair := range []struct {
		b    *browser
		site string
	}{{tax, here.Server.URL}, {town, hall.URL}} {
		u, _ := url.Parse(pair.site)
		for _, c := range pair.b.Jar.Cookies(u) {
			if names[c.Name] {
				t.Errorf("two services set %s", c.Name)
			}
			names[c.Name] = true
		}
	}
	if len(names) != 2 {
		t.Errorf("cookies %v", names)
	}
}

func TestTheTaxOfficeWithoutAGateway(t *testing.T) {
	here := openTax(t)
	here.idp.Close()
	here.browser(t).get("/entrar?tramite=recibos").must(t, http.StatusBadGateway, "No podemos atenderle")
}
