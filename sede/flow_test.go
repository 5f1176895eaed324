package sede_test

import (
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"clave/sede"
)

// A town is a running site with a clock that tests move.
type town struct {
	*httptest.Server
	now time.Time
}

func open(t *testing.T) *town {
	t.Helper()
	here := &town{now: noon}
	cfg := config()
	cfg.Now = func() time.Time { return here.now }
	handler, err := sede.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	here.Server = httptest.NewServer(handler)
	t.Cleanup(here.Close)
	return here
}

// A browser keeps cookies and does not follow redirects, so that tests see each step.
type browser struct {
	t    *testing.T
	town *town
	http.Client
}

func (here *town) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t, here, http.Client{Jar: jar, CheckRedirect: stay}}
}

// seen is an answered request with its body read.
type seen struct {
	*http.Response
	body string
}

func (b *browser) visit(method, path string, form url.Values, header ...string) seen {
	b.t.Helper()
	request, err := http.NewRequest(method, b.town.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := b.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return seen{response, string(body)}
}

func (b *browser) get(path string) seen { b.t.Helper(); return b.visit("GET", path, nil) }

// enter presses a procedure's button and gives the relay state and the ID of the request for the gateway.
func (b *browser) enter(procedure string) (relayState, id string) {
	b.t.Helper()
	page := b.get("/entrar?tramite=" + procedure)
	raw, err := base64.StdEncoding.DecodeString(field(b.t, page.body, "SAMLRequest"))
	if err != nil {
		b.t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		b.t.Fatal(err)
	}
	return field(b.t, page.body, "RelayState"), doc.Root().SelectAttrValue("ID", "")
}

func field(t *testing.T, page, name string) string {
	t.Helper()
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no field %s in %s", name, page)
	}
	return html.UnescapeString(found[1])
}

// deliver posts an answer as a browser does from another site: without SameSite=Lax cookies.
func (b *browser) deliver(relayState string, doc *etree.Document) seen {
	b.t.Helper()
	bare := b.town.browser(b.t)
	return bare.visit("POST", "/ReturnPage", url.Values{"SAMLResponse": {encode(b.t, doc)}, "RelayState": {relayState}},
		"Origin", "http://localhost:8100", "Sec-Fetch-Site", "cross-site")
}

func (s seen) must(t *testing.T, code int, parts ...string) seen {
	t.Helper()
	if s.StatusCode != code {
		t.Fatalf("%s %s: status %d, want %d: %s", s.Request.Method, s.Request.URL, s.StatusCode, code, s.body)
	}
	for _, part := range parts {
		if !strings.Contains(s.body, part) && !strings.Contains(s.Header.Get("Location"), part) {
			t.Errorf("%s lacks %q: %s", s.Request.URL, part, s.body)
		}
	}
	return s
}

func TestACitizenEntersAndLeaves(t *testing.T) {
	b := open(t).browser(t)
	b.get("/").must(t, 200, "Entrar con Cl@ve", "Pagar un tributo", "sustancial")
	relayState, id := b.enter("padron")
	back := b.deliver(relayState, good(id).signed(t)).must(t, 303, "/vuelta?vale=")
	b.get(back.Header.Get("Location")).must(t, 303, "/mi-carpeta")
	b.get("/mi-carpeta").must(t, 200, "MARÍA GARCÍA LÓPEZ", "00000000T", "sustancial", "Cl@ve PIN", "PIN24H", "02/03/2026, 13:00", "calle del Molino")
	b.visit("POST", "/salir", nil).must(t, 303, "/?adios=1")
	b.get("/mi-carpeta").must(t, 303, "/")
	b.get("/?adios=1").must(t, 200, "Ha salido")
}

func TestACitizenCancels(t *testing.T) {
	b := open(t).browser(t)
	relayState, id := b.enter("cita")
	back := b.deliver(relayState, declined(id).signed(t)).must(t, 303).Header.Get("Location")
	for range 2 { // reading it again is no harm
		b.get(back).must(t, 200, "No se ha completado", "Canceló", "003002 - Authentication Failed", `value="cita"`, "Intentarlo de nuevo")
	}
	b.get("/mi-carpeta").must(t, 303, "/")
}

func TestATaxNeedsASubstantialLevel(t *testing.T) {
	b := open(t).browser(t)
	relayState, id := b.enter("tributo")
	low := good(id)
	low.Level = "low"
	b.deliver(relayState, low.signed(t)).must(t, 403, "No podemos aceptar la respuesta")
}

// A thief begins a sign-in and has a citizen finish it (then the thief must not be in), or finishes it and has a citizen's
// browser deliver the answer (then the citizen must not be in as the thief).
func TestPast14AnotherBrowserGainsNothing(t *testing.T) {
	here := open(t)
	thief, citizen := here.browser(t), here.browser(t)
	citizen.enter("cita")
	relayState, id := thief.enter("cita")
	back := citizen.deliver(relayState, good(id).signed(t)).must(t, 303).Header.Get("Location")

	citizen.get(back).must(t, 403, "otro navegador")
	citizen.get("/mi-carpeta").must(t, 303, "/")
	thief.get("/mi-carpeta").must(t, 303, "/")
}

func TestPast30AnswersServeOnce(t *testing.T) {
	b := open(t).browser(t)
	relayState, id := b.enter("cita")
	doc := good(id).signed(t)
	back := b.deliver(relayState, doc).must(t, 303).Header.Get("Location")
	b.deliver(relayState, doc).must(t, 403, "ya no vale")
	b.deliver("made-up", doc).must(t, 403, "ya no vale")
	b.get(back).must(t, 303, "/mi-carpeta")
	b.get(back).must(t, 403, "ya no vale")

	other, _ := b.enter("cita")
	b.deliver(other, doc).must(t, 403, "No podemos aceptar")
}

func TestWaitingHasAnEnd(t *testing.T) {
	here := open(t)
	b := here.browser(t)
	relayState, id := b.enter("cita")
	back := b.deliver(relayState, good(id).signed(t)).must(t, 303).Header.Get("Location")
	slow, slowID := b.enter("cita")
	here.now = noon.Add(10 * time.Minute)
	b.get(back).must(t, 403, "ya no vale")
	here.now = noon.Add(31 * time.Minute)
	b.deliver(slow, good(slowID).signed(t)).must(t, 403, "ya no vale")
}

func TestASessionEnds(t *testing.T) {
	here := open(t)
	b := here.browser(t)
	relayState, id := b.enter("cita")
	b.get(b.deliver(relayState, good(id).signed(t)).Header.Get("Location"))
	b.get("/mi-carpeta").must(t, 200)
	here.now = noon.Add(30 * time.Minute)
	b.get("/mi-carpeta").must(t, 303, "/")
}

func TestOtherSitesCannotPostExceptAnswers(t *testing.T) {
	b := open(t).browser(t)
	for _, path := range []string{"/salir", "/entrar?tramite=cita"} {
		b.visit("POST", path, nil, "Sec-Fetch-Site", "cross-site").must(t, 403)
	}
	b.visit("POST", "/entrar", url.Values{"tramite": {"cita"}}, "Sec-Fetch-Site", "same-origin").must(t, 200, "SAMLRequest")
}

func TestPolicyNamesTheGatewayOnlyWhereThePagePostsThere(t *testing.T) {
	b := open(t).browser(t)
	for path, want := range map[string]string{"/": "form-action 'self'", "/entrar?tramite=cita": "form-action http://localhost:8100"} {
		page := b.get(path)
		if got := page.Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, want) {
			t.Errorf("%s: policy %q, want %q", path, got, want)
		}
		if strings.Contains(page.body, "<style") || strings.Contains(page.body, " style=") || strings.Contains(page.body, "<script>") {
			t.Errorf("%s has inline style or script", path)
		}
	}
}

func TestCookiesOverTLSArePrefixedAndSecure(t *testing.T) {
	cfg := config()
	cfg.Origin = "https://sede.villaclara.test"
	handler, err := sede.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/entrar?tramite=cita", nil))
	got := w.Header().Get("Set-Cookie")
	for _, part := range []string{"__Host-sede_navegador=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q lacks %s", got, part)
		}
	}
}

func TestLanguages(t *testing.T) {
	here := open(t)
	b := here.browser(t)
	b.visit("GET", "/", nil, "Accept-Language", "en-GB,en;q=0.9").must(t, 200, `lang="en"`, "Sign in with Cl@ve")
	b.visit("GET", "/", nil, "Accept-Language", "de").must(t, 200, `lang="es"`)
	b.get("/?lang=en").must(t, 200, "Sign in with Cl@ve")
	b.get("/?lang=xx").must(t, 200, "Sign in with Cl@ve") // the choice before stands
	b.get("/no-such-page").must(t, 404, "There is no such page")
	b.get("/entrar?tramite=nada").must(t, 404)
}

func TestNewRefusesHalfAConfiguration(t *testing.T) {
	for name, spoil := range map[string]func(*sede.Config){
		"origin with a path":  func(c *sede.Config) { c.Origin += "/" },
		"no gateway":          func(c *sede.Config) { c.GatewayURL = "" },
		"gateway by script":   func(c *sede.Config) { c.GatewayURL = "javascript:alert(1)" },
		"no issuer":           func(c *sede.Config) { c.GatewayIssuer = "" },
		"no key":              func(c *sede.Config) { c.Key = nil },
		"another's key":       func(c *sede.Config) { c.Key = keys()["thief"].key },
		"no certificate":      func(c *sede.Config) { c.Certificate = nil },
		"nobody to believe":   func(c *sede.Config) { c.GatewayCertificates = nil },
		"no clock":            func(c *sede.Config) { c.Now = nil },
		"no level":            func(c *sede.Config) { c.Level = "" },
		"origin with a query": func(c *sede.Config) { c.Origin += "?a" },
	} {
		cfg := config()
		spoil(&cfg)
		if _, err := sede.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
