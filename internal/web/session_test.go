package web_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/xmlsig"
)

// signed is a service's message, signed by it, in base64.
func (g *gate) signed(text string) string {
	g.t.Helper()
	doc, err := xmlsig.Parse([]byte(text))
	if err != nil {
		g.t.Fatal(err)
	}
	if err := xmlsig.Sign(doc.Root(), "ID", xmlsig.SignOptions{Signer: provider().key, Certificate: provider().certificate}); err != nil {
		g.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(must(xmlsig.Bytes(doc.Root())))
}

// at is a login of another service, which leaves single sign-on to us unless more says otherwise.
func (b *browser) at(party, returnTo string, more ...string) string {
	b.t.Helper()
	text := fmt.Sprintf(`<saml2p:AuthnRequest xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_%s" Version="2.0" IssueInstant="%s"`+
		` Destination="%s/Proxy2/ServiceProvider" AssertionConsumerServiceURL="%s" ProviderName="%s" %s></saml2p:AuthnRequest>`,
		secret.ID(b.clock.Now()), b.clock.Now().Format(time.RFC3339), home, returnTo, party, strings.Join(more, " "))
	return b.from(url.Values{"SAMLRequest": {b.signed(text)}, "RelayState": {"relay"}}.Encode())
}

func (b *browser) atLibrary(more ...string) string {
	return b.at(library, "https://lib.test/in", more...)
}

// inside signs somebody in at the first service.
func (b *browser) inside(p person.Person) {
	b.t.Helper()
	at := b.begun("low")
	b.typed(at, p)
	_, pin := b.sms()
	b.enter(at, pin).reply(b.t)
}

// One identification opens the next service after one page, which says who goes where with what, and when they last did.
func TestRule17OnePageForTheNextService(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	b.inside(who)
	at := b.atLibrary()
	page := b.get(at)
	holds(t, page, "Entrar en Biblioteca", "ANA Á. M.", who.NIF.Masked(), "Su número de DNI o NIE", "Su nombre y sus apellidos", "Su último acceso", "Sede de pruebas")
	if strings.Contains(page.text, who.NIF.String()) {
		t.Error("the number is not masked")
	}
	reply := b.post(at+"/continue", "seen", page.seen()).reply(t)
	if reply.action != "https://lib.test/in" || !strings.Contains(reply.message, who.NIF.String()) {
		t.Errorf("goes to %s", reply.action)
	}
	if n := len(g.messages()); n != 0 {
		t.Errorf("%d SMS were sent", n)
	}
}

// What a service asks beyond the session needs a PIN, which is sent without typing anything again.
func TestStepUpSendsAPINToWhoIsIn(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	b.inside(who)
	at := b.atLibrary(`ForceAuthn="true"`)
	holds(t, b.get(at), "Confirme que es usted", "Biblioteca pide que se identifique de nuevo", who.NIF.Masked())
	if a := b.post(at + "/continue"); a.Header.Get("Location") != at {
		t.Errorf("entered without: %s", a.Status)
	}
	if a := b.post(at+"/me", "seen", b.get(at).seen()); a.Header.Get("Location") != at+"/pin" {
		t.Fatalf("%s\n%s", a.Status, a.text)
	}
	_, pin := g.sms()
	b.enter(at, pin).reply(t)
	if g.count("sessions") != 1 {
		t.Errorf("%d sessions", g.count("sessions"))
	}
}

// A private entity gets nothing from the session, and gives nothing to it.
func TestRule17PrivateStaysAlone(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.at(bank, "https://bank.test/in")
	b.typed(at, who)
	_, pin := g.sms()
	b.enter(at, pin).reply(t)
	if page := b.get(b.atLibrary()); strings.Contains(page.text, who.NIF.Masked()) {
		t.Errorf("the bank's identification opens a library:\n%s", page.text)
	}
	b.inside(who)
	if page := b.get(b.at(bank, "https://bank.test/in")); strings.Contains(page.text, who.NIF.Masked()) {
		t.Errorf("the session opens a bank:\n%s", page.text)
	}
}

// A service that forbids us to ask learns that the person must be asked, whether or not they have a session.
func TestPassiveIsAnswered(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	for range 2 {
		a := b.get(b.atLibrary(`IsPassive="true"`))
		if reply := a.reply(t); !strings.Contains(reply.message, "NoPassive") || strings.Contains(reply.message, "Assertion ") || reply.relay != "relay" {
			t.Errorf("answered %s", reply.message)
		}
		b.inside(who)
	}
}

// A session that ends between the page and the press is asked for again, and the login goes on.
func TestSessionEndsInTheMiddle(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	for name, over := range map[string]func(*browser){
		"by time": func(b *browser) { g.clock.Move(40 * time.Minute) },
		"by a logout in another tab": func(b *browser) {
			b.post(b.begunLogout())
		},
	} {
		b := g.browser()
		b.inside(who)
		g.clock.Move(25 * time.Minute)
		at := b.atLibrary()
		b.get(at)
		if name == "by time" {
			g.clock.Move(20 * time.Minute)
			at = b.atLibrary()
			b.get(at)
			g.clock.Move(20 * time.Minute)
		} else {
			over(b)
		}
		if a := b.post(at + "/continue"); a.Header.Get("Location") != at {
			t.Fatalf("%s: %s\n%s", name, a.Status, a.text)
		}
		holds(t, b.get(at), "Su sesión ha terminado", "Identifíquese con Cl@ve PIN")
		b.typed(at, who)
		_, pin := g.sms()
		b.enter(at, pin).reply(t)
		g.clock.Move(time.Hour)
	}
}

// begunLogout is a logout that the person asks for.
func (b *browser) begunLogout() string {
	b.t.Helper()
	return b.do(must(http.NewRequest("GET", home+"/logout", nil))).Header.Get("Location")
}

// The person ends the session: the services that can be told are visited, and the rest are listed.
func TestLogoutTellsEveryService(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	b.inside(who)
	b.agree(b.atLibrary()).reply(t)
	at := b.begunLogout()
	holds(t, b.get(at), "Cerrar la sesión en todos", "Sede de pruebas", "Biblioteca")
	if a := b.post(at); a.Header.Get("Location") != at || !strings.Contains(fmt.Sprint(a.Cookies()), "__Host-session=;") {
		t.Fatalf("%s %v", a.Status, a.Cookies())
	}
	visit := b.get(at)
	holds(t, visit, "Cerrando la sesión en Biblioteca", `action="https://lib.test/out"`)
	if policy := visit.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, " https://lib.test") {
		t.Error(policy)
	}
	asked := visit.field(t, "SAMLRequest")
	id := between(asked, ` ID="`, `"`)
	answer := fmt.Sprintf(`<saml2p:LogoutResponse xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"`+
		` ID="_x" Version="2.0" IssueInstant="%s" Destination="%s/Proxy2/ServiceProvider" InResponseTo="%s"><saml2:Issuer>https://lib.test</saml2:Issuer>`+
		`<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status></saml2p:LogoutResponse>`,
		g.clock.Now().Format(time.RFC3339), home, id)
	back := b.do(serviceForm(url.Values{"SAMLResponse": {g.signed(answer)}, "RelayState": {strings.TrimPrefix(at, "/logout/")}}.Encode()))
	if back.StatusCode != http.StatusOK || back.Header.Get("Refresh") != "0; url="+at { // a redirect would be held to the service's policy
		t.Fatalf("%s\n%s", back.Status, back.text)
	}
	left := b.get(at)
	closed, open, _ := strings.Cut(left.text, "Cerrados")
	if !strings.Contains(closed, "Sede de pruebas") || !strings.Contains(open, "Biblioteca") {
		t.Errorf("what became of them:\n%s", left.text)
	}
	if page := b.get(b.atLibrary()); strings.Contains(page.text, who.NIF.Masked()) {
		t.Error("the session lives")
	}
}

// A service that does not answer is not visited again, and is left to the person.
func TestLogoutGoesOnWithoutAnAnswer(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.atLibrary()
	b.typed(at, who)
	_, pin := g.sms()
	b.enter(at, pin).reply(t)
	out := b.begunLogout()
	b.post(out)
	holds(t, b.get(out), "Cerrando la sesión en Biblioteca")
	holds(t, b.get(out), "Ciérrelos usted", "Biblioteca")
}

// agreeable is a login whose page has been read.
func (b *browser) agreeable(at string) string {
	b.t.Helper()
	holds(b.t, b.get(at), at+"/continue")
	return at
}

// field is the XML in a hidden field.
func (a answer) field(t testing.TB, name string) string {
	t.Helper()
	for _, f := range hidden.FindAllStringSubmatch(a.text, -1) {
		if f[1] == name {
			return string(must(base64.StdEncoding.DecodeString(strings.ReplaceAll(f[2], "&#43;", "+"))))
		}
	}
	t.Fatalf("no field %s:\n%s", name, a.text)
	return ""
}

func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

// leaving is a logout that the first service asks for, as Cl@ve's kits do.
func (g *gate) leaving() url.Values {
	text := fmt.Sprintf(`<saml2p:LogoutRequest xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"`+
		` ID="_%s" Version="2.0" IssueInstant="%s" Destination="%s/Proxy2/ServiceProvider"><saml2:Issuer>%s</saml2:Issuer>`+
		`<saml2:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified" SPNameQualifier="%s">S0000000A_E00000000;DEMO</saml2:NameID></saml2p:LogoutRequest>`,
		secret.ID(g.clock.Now()), g.clock.Now().Format(time.RFC3339), home, service, service)
	return url.Values{"logoutRequest": {g.signed(text)}, "RelayState": {"back"}}
}

// Only a signed, fresh request of a service of this very session ends it without a question, and only once (safety rule 18).
func TestRule18WhoMayLogOut(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	b.inside(who)
	message := g.leaving().Encode()
	at := b.from(message)
	holds(t, b.get(at), "data-post", "Ha cerrado la sesión en Sede de pruebas")
	b.post(at)
	left := b.get(at)
	holds(t, left, "Ha cerrado la sesión", `action="`+service+`" data-post`)
	if answer := left.field(t, "logoutResponse"); !strings.Contains(answer, "status:Success") || strings.Contains(answer, "PartialLogout") {
		t.Errorf("answered %s", answer)
	}
	b.inside(who)
	for name, page := range map[string]answer{
		"the same request again":   b.get(b.from(message)),
		"a link that anybody made": b.get("/logout"),
	} {
		if strings.Contains(page.text, "data-post") {
			t.Errorf("%s: sends itself:\n%s", name, page.text)
		}
	}
	other := g.browser() // a session in which that service has no part
	at = other.atLibrary()
	other.typed(at, who)
	_, pin := g.sms()
	other.enter(at, pin).reply(t)
	page := other.get(other.from(g.leaving().Encode()))
	holds(t, page, "Usted decide", "No cerrarla")
	if strings.Contains(page.text, "data-post") {
		t.Error("a stranger's request sends itself")
	}
}

// Who stays is told so, and so is the service.
func TestRule18Stay(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.atLibrary()
	b.typed(at, who)
	_, pin := g.sms()
	b.enter(at, pin).reply(t)
	out := b.from(g.leaving().Encode())
	b.post(out + "/stay")
	left := b.get(out)
	holds(t, left, "Su sesión sigue abierta")
	if answer := left.field(t, "logoutResponse"); strings.Contains(answer, "status:Success") {
		t.Errorf("answered %s", answer)
	}
	holds(t, b.get(b.atLibrary()), who.NIF.Masked())
}

// A page of another site can post no consent, and a link opens no login or logout of another browser (safety rule 16).
func TestRule16OnlyOurOwnPagesDecide(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	b.inside(who)
	at := b.agreeable(b.atLibrary())
	for _, path := range []string{at + "/continue", at + "/not-me", at + "/me", b.begunLogout()} {
		r := form(path, "")
		r.Header.Set("Origin", "https://attacker.test")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if a := b.do(r); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	thief := g.browser()
	for _, path := range []string{at, at + "/continue", b.begunLogout()} {
		if a := thief.get(path); a.StatusCode != http.StatusGone && a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s opens elsewhere: %s", path, a.Status)
		}
	}
	b.agree(at).reply(t)
}

// The session's cookie ends with the browser, reaches no script and no other site's post.
func TestSessionCookie(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	at := b.begun("low")
	b.typed(at, who)
	_, pin := g.sms()
	for _, c := range b.post(at+"/pin", "pin", pin).Cookies() {
		if c.Name == "__Host-session" && (c.MaxAge != 0 || !c.Expires.IsZero() || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode) {
			t.Errorf("%v", c)
		}
	}
}

// Our own pages open only to a fresh identification of their own, and it opens no service.
func TestRule17OwnPages(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	b.inside(who)
	led := b.do(must(http.NewRequest("GET", home+"/confirm", nil)))
	at := led.Header.Get("Location")
	if !strings.HasPrefix(at, "/login/") {
		t.Fatalf("%s\n%s", led.Status, led.text)
	}
	holds(t, b.get(at), "Mi Cl@ve")
	b.typed(at, who)
	_, pin := g.sms()
	if a := b.post(at+"/pin", "pin", pin); a.Header.Get("Location") != "/confirm" {
		t.Fatalf("led to %q: %s", a.Header.Get("Location"), a.Status)
	}
	if a := b.get("/confirm"); a.StatusCode != http.StatusOK {
		t.Errorf("%s", a.Status)
	}
	g.clock.Move(5*time.Minute + time.Second)
	if a := b.do(must(http.NewRequest("GET", home+"/confirm", nil))); !strings.HasPrefix(a.Header.Get("Location"), "/login/") {
		t.Errorf("old proof: %s", a.Status)
	}
}

// A form that one person's logout made, put on a page of somebody else's, ends nobody's session without a question.
func TestRule18FormFromElsewhere(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	b.inside(who)
	for _, origin := range []string{"https://attacker.test", "null", ""} {
		r := serviceForm(g.leaving().Encode())
		r.Header.Set("Origin", origin)
		page := b.get(b.do(r).Header.Get("Location"))
		holds(t, page, "Usted decide")
		if strings.Contains(page.text, "data-post") {
			t.Errorf("%q: sends itself", origin)
		}
	}
}

// What is open at a service that stays alone is ended by the person's logout, and by "not me" on its own page, which leaves the
// others alone.
func TestAloneIsEndedToo(t *testing.T) {
	g := newGate(t)
	who := g.registered(g.someone(11111111), assurance.Advanced, nil)
	b := g.browser()
	b.inside(who)
	atBank := func() string {
		g.clock.Move(time.Hour / 2)
		at := b.at(bank, "https://bank.test/in")
		b.typed(at, who)
		_, pin := g.sms()
		if a := b.post(at+"/pin", "pin", pin); a.Header.Get("Location") != at {
			t.Fatalf("%s\n%s", a.Status, a.text)
		}
		return at
	}
	at := atBank()
	seen := b.get(at).seen()
	b.goes(at + "/not-me")
	if a := b.post(at+"/continue", "seen", seen); strings.Contains(a.text, "SAMLResponse") {
		t.Error("the bank is entered by whom it was not")
	}
	holds(t, b.get(b.atLibrary()), who.NIF.Masked()) // the session for all is not meant

	at = atBank()
	seen = b.get(at).seen()
	out := b.begunLogout()
	b.post(out)
	if a := b.post(at+"/continue", "seen", seen); strings.Contains(a.text, "SAMLResponse") {
		t.Error("the bank is entered after the logout")
	}
}
