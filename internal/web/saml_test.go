package web_test

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
)

// Row 22: a field under an escaped name, or there twice, is read in one way by a filter and in another by us.
func TestPast22ServiceForm(t *testing.T) {
	g := newGate(t)
	request := url.QueryEscape(g.request("low"))
	for _, c := range []struct{ name, kind, body string }{
		{"escaped name", "", "%53AMLRequest=" + request},
		{"escaped twin", "", "SAMLRequest=" + request + "&%53AMLRequest=" + request},
		{"escaped relay", "", "SAMLRequest=" + request + "&Relay%53tate=x"},
		{"plus in a name", "", "SAMLRequest=" + request + "&Relay+State=x"},
		{"twice", "", "SAMLRequest=" + request + "&SAMLRequest=" + request},
		{"relay twice", "", "SAMLRequest=" + request + "&RelayState=a&RelayState=b"},
		{"another twice", "", "SAMLRequest=" + request + "&country=ES&country=FR"},
		{"semicolon", "", "SAMLRequest=" + request + ";RelayState=x"},
		{"no name", "", "=x&SAMLRequest=" + request},
		{"broken escape", "", "SAMLRequest=" + request + "&RelayState=%zz"},
		{"escaped twice", "", "SAMLRequest=" + url.QueryEscape(request)},
		{"other case", "", "samlrequest=" + request},
		{"a response", "", "SAMLResponse=" + request},
		{"nothing", "", ""},
		{"JSON", "application/json", "SAMLRequest=" + request},
		{"parts", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=SAMLRequest\r\n\r\nx\r\n--x--"},
		{"no kind", "-", "SAMLRequest=" + request},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := serviceForm(c.body)
			if c.kind != "" {
				r.Header.Set("Content-Type", strings.Trim(c.kind, "-"))
			}
			a := g.browser().do(r)
			if a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" || len(a.Cookies()) > 0 {
				t.Errorf("%s, cookies %v", a.Status, a.Cookies())
			}
			holds(t, a, "No podemos aceptar la petición del servicio")
		})
	}
	b := g.browser()
	if at := b.from("country=ES&SAMLRequest=" + request + "&forcedIdP="); !strings.HasPrefix(at, "/login/") {
		t.Errorf("a plain form with fields of others leads to %q", at)
	}
	r := httptest.NewRequest("POST", home+"/Proxy2/ServiceProvider?SAMLRequest="+request, strings.NewReader(""))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a := b.do(r); a.StatusCode != http.StatusBadRequest {
		t.Errorf("a request in the address got %s", a.Status)
	}
}

// A refused request is never answered to the service, and the log has the reason in a word.
func TestRefusedRequests(t *testing.T) {
	for _, c := range []struct {
		name, body, reason, says string
		status                   int
		late                     time.Duration
	}{
		{"not base64", "SAMLRequest=%21", "encoding", "No podemos aceptar", 400, 0},
		{"not XML", "SAMLRequest=aGVsbG8%3D", "xml", "No podemos aceptar", 400, 0},
		{"too long", "SAMLRequest=" + strings.Repeat("A", 300<<10), "size", "No podemos aceptar", 413, 0},
		{"long relay", "", "size", "No podemos aceptar", 400, 0},
		{"stale", "", "stale", "es antigua", 400, time.Hour},
		{"logout", "logoutRequest=x", "encoding", "No podemos aceptar", 400, 0},
		{"logout of RedIRIS", "samlRequestLogout=aGVsbG8%3D&RelayState=y", "xml", "No podemos aceptar", 400, 0},
		{"answer to a logout", "SAMLResponse=aGVsbG8%3D&RelayState=y", "xml", "No podemos aceptar", 400, 0},
		{"two messages in one", "SAMLRequest=aGVsbG8%3D&logoutResponse=aGVsbG8%3D", "message", "No podemos aceptar", 400, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			before := slog.Default()
			slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
			defer slog.SetDefault(before)
			g := newGate(t)
			body := c.body
			if body == "" {
				relay := "relay"
				if c.reason == "size" {
					relay = strings.Repeat("x", 1025)
				}
				body = g.asked("low", relay)
			}
			g.clock.Move(c.late)
			a := g.browser().do(serviceForm(body))
			if a.StatusCode != c.status || len(a.Cookies()) > 0 {
				t.Errorf("%s, cookies %v", a.Status, a.Cookies())
			}
			holds(t, a, c.says, `class="reference"`)
			if !strings.Contains(log.String(), "reason="+c.reason) {
				t.Errorf("the log says %q", log.String())
			}
			if g.count("audits") != 0 {
				t.Error("a bad request is in the record")
			}
		})
	}
}

// Row 25: a document type, an entity that reads a file or asks a host, one that grows, are all refused unread.
func TestPast25DocumentTypes(t *testing.T) {
	asked := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a host was asked") }))
	defer asked.Close()
	for name, message := range map[string]string{
		"file":      `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`,
		"host":      `<!DOCTYPE a [<!ENTITY b SYSTEM "` + asked.URL + `">]><a>&b;</a>`,
		"subset":    `<!DOCTYPE a SYSTEM "` + asked.URL + `"><a/>`,
		"expansion": `<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;">]><a>&d;</a>`,
		"include":   `<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="` + asked.URL + `"/></a>`,
		"style":     `<?xml-stylesheet href="` + asked.URL + `"?><a/>`,
	} {
		g := newGate(t)
		a := g.browser().do(serviceForm(url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte(message))}}.Encode()))
		if a.StatusCode != http.StatusBadRequest || len(a.Cookies()) > 0 {
			t.Errorf("%s: %s", name, a.Status)
		}
	}
}

// Rule 19: a login's cookie is bound to what it is for: no bit of it may change, and it opens no other kind or id.
func TestRule19SealedLogin(t *testing.T) {
	g := newGate(t)
	b := g.browser()
	at := b.begun("low")
	cookie := b.jar.Cookies(must(url.Parse(home)))[0]
	id := strings.TrimPrefix(at, "/login/")
	opens := func(name, value, path string) bool {
		r := httptest.NewRequest("GET", home+path, nil)
		r.AddCookie(&http.Cookie{Name: name, Value: value})
		return g.browser().do(r).StatusCode == http.StatusOK
	}
	if !opens(cookie.Name, cookie.Value, at) {
		t.Fatal("the login does not open at all")
	}
	for i := 0; i < len(cookie.Value); i += 7 {
		bent := []byte(cookie.Value)
		bent[i] ^= 1
		if opens(cookie.Name, string(bent), at) {
			t.Errorf("it opens with byte %d changed", i)
		}
	}
	other := strings.Repeat("0", len(id))
	if opens("__Host-login-"+other, cookie.Value, "/login/"+other) || opens("__Host-register-"+id, cookie.Value, "/register/letter/"+id) {
		t.Error("it opens what it is not for")
	}
}

func TestAddressForServices(t *testing.T) {
	g := newGate(t)
	a := g.browser().get("/Proxy2/ServiceProvider")
	if a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "POST" {
		t.Errorf("%s, allow %q", a.Status, a.Header.Get("Allow"))
	}
	holds(t, a, "Esta dirección es para los servicios", `href="/"`)
}

// A level that nothing reaches is said honestly, before anything is typed; the person takes the refusal back.
func TestLevelOutOfReach(t *testing.T) {
	g := newGate(t)
	b := g.browser()
	at := b.begun("high")
	a := b.get(at)
	holds(t, a, "Sede de pruebas pide más de lo que podemos ofrecer aquí", "Volver a Sede de pruebas")
	if a := b.post(at+"/nif", "nif", "12345678Z"); a.StatusCode != http.StatusForbidden {
		t.Errorf("a step further: %s", a.Status)
	}
	reply := b.post(at + "/cancel").reply(t)
	if !strings.Contains(reply.message, "RequestDenied") || reply.relay != "relay" {
		t.Errorf("answered %s", reply.message)
	}
	gone(t, b, at)
}

// Rule 16: what a service posts reads no cookie, and what a foreign page posts to ours is refused.
func TestRule16(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(12345678), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, who)
	_, pin := g.sms()
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.test"}, {"Origin", "null"}} {
		for _, page := range []string{"/nif", "/document", "/pin", "/again", "/cancel"} {
			r := form(at+page, url.Values{"pin": {pin}, "nif": {who.NIF.String()}, "datum": {who.Datum.Reveal()}}.Encode())
			r.Header.Set(header[0], header[1])
			if a := b.do(r); a.StatusCode != http.StatusForbidden || len(a.Cookies()) > 0 || !strings.Contains(a.text, "No hemos aceptado este formulario") {
				t.Errorf("%s with %s: %s", page, header, a.Status)
			}
		}
	}

	for range 6 { // as many logins as fit; one more, if it saw them, would drop the oldest
		b.begun("low")
	}
	r := serviceForm(g.asked("low", "relay"))
	r.AddCookie(&http.Cookie{Name: "lang", Value: "en"})
	a := b.do(r)
	if cookies := a.Cookies(); len(cookies) != 1 || cookies[0].SameSite != http.SameSiteLaxMode || !cookies[0].Secure || !cookies[0].HttpOnly || !strings.HasPrefix(cookies[0].Name, "__Host-") {
		t.Errorf("a service's post sets %v", cookies)
	}
	r = serviceForm("SAMLRequest=x")
	r.AddCookie(&http.Cookie{Name: "lang", Value: "en"})
	holds(t, b.do(r), `<html lang="es">`)

	b.get(a.Header.Get("Location")) // our own page sees them, and makes room
	logins := 0
	for _, c := range b.jar.Cookies(must(url.Parse(home))) {
		if strings.HasPrefix(c.Name, "__Host-login-") {
			logins++
		}
	}
	if logins > 6 {
		t.Errorf("the browser carries %d logins", logins)
	}
}

// A login fits its cookie, with the longest relay state and everything typed, or is refused before anything is typed.
func TestCookieFits(t *testing.T) {
	for _, c := range []struct {
		name, relay string
		fits        bool
	}{
		{"letters", strings.Repeat("x", 1024), true},
		{"quotes", strings.Repeat(`"`, 500), true},
		{"what JSON escapes sixfold", strings.Repeat("<", 1024), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGate(t)
			who := g.registered(g.someone(12345678), assurance.Advanced, nil)
			b := g.browser()
			a := b.do(serviceForm(g.asked("low", c.relay)))
			if got := a.StatusCode == http.StatusSeeOther; got != c.fits {
				t.Fatalf("%s:\n%s", a.Status, a.text)
			}
			if !c.fits {
				return
			}
			at := a.Header.Get("Location")
			b.post(at+"/nif", "nif", who.NIF.String())
			b.post(at+"/document", "datum", who.Datum.Reveal(), "label", "WWWW")
			for _, c := range b.jar.Cookies(must(url.Parse(home))) {
				if len(c.Value) > 3072 {
					t.Errorf("%s has %d bytes", c.Name, len(c.Value))
				}
			}
			_, pin := g.sms()
			if reply := b.enter(at, pin).reply(t); reply.relay != c.relay {
				t.Errorf("the relay state comes back as %q", reply.relay)
			}
		})
	}
}
