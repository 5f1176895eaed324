package web_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/base64"
	"fmt"
	"html"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/authn/pin"
	"clave/internal/census"
	"clave/internal/citizen"
	"clave/internal/confirm"
	"clave/internal/contact"
	"clave/internal/courier"
	"clave/internal/enrolment"
	"clave/internal/federation/saml"
	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/relying"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
	"clave/internal/web"
	"clave/internal/xmlsig"
)

const (
	home    = "https://clave.test"
	service = "https://sp.test/ReturnPage"
	library = "S1111111B_E11111111"
	bank    = "S2222222C_E22222222"
)

// gate is a whole Clave for logins, on an embedded database, with a clock that tests move.
type gate struct {
	*web.Server
	http.Handler
	t      testing.TB
	db     *store.Store
	path   string
	people census.List
	clock  *clock
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// tomorrow is a noon at which the keys that are made now are valid, far from midnight.
func tomorrow() time.Time {
	return time.Now().UTC().Truncate(24 * time.Hour).Add(36 * time.Hour)
}

var ring = storetest.Ring

// provider is the service's key with its certificate.
var provider = sync.OnceValue(func() identity {
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sp.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
	}
	return identity{key, must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, form, form, key.Public(), key))))}
})

type identity struct {
	key         crypto.Signer
	certificate *x509.Certificate
}

func newGate(t testing.TB) *gate {
	t.Helper()
	g := &gate{t: t, path: filepath.Join(t.TempDir(), "clave.db"), people: census.List{}, clock: &clock{now: tomorrow()}}
	db, err := store.Open(t.Context(), g.path, store.Options{Kind: keyring.Demo, Ring: ring(), Now: g.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(context.Background()) })
	parties := relying.WithOwn{Registry: relying.List{{
		ID: "S0000000A_E00000000", Names: map[string]string{"es": "Sede de pruebas", "en": "Test service"},
		SAML: &relying.SAML{Certificates: []*x509.Certificate{provider().certificate}, ReturnTo: []string{service}, LogoutReturn: []string{service}},
	}, {
		ID: library, Names: map[string]string{"es": "Biblioteca"},
		SAML: &relying.SAML{Certificates: []*x509.Certificate{provider().certificate}, ReturnTo: []string{"https://lib.test/in"}, Logout: "https://lib.test/out"},
	}, {
		ID: bank, Names: map[string]string{"es": "Banco"}, Private: true,
		SAML: &relying.SAML{Certificates: []*x509.Certificate{provider().certificate}, ReturnTo: []string{"https://bank.test/in"}},
	}}}
	g.db = db
	g.Server = &web.Server{
		Origin: home, Help: web.Help{Phone: "060", Address: "ayuda@clave.test"}, Store: db, Ring: ring(), Parties: parties,
		Broker: &login.Broker{
			Store: db, Ring: ring(), Parties: parties, Policy: assurance.Policy{NationalPractice: true},
			Methods: []assurance.Method{assurance.PIN}, Limits: login.DefaultLimits(), Origin: home, Host: "clave.test", Now: g.clock.Now,
		},
		PIN: &pin.Service{
			Store: db, Ring: ring(), Census: g.people, Limits: pin.DefaultLimits(), Style: pin.SixDigits,
			Host: "clave.test", Origin: home, Now: g.clock.Now,
		},
		Confirm: &confirm.Service{
			Store: db, Ring: ring(), Parties: parties, Policy: assurance.Policy{NationalPractice: true},
			Methods: []assurance.Method{assurance.PIN}, Limits: confirm.DefaultLimits(), Host: "clave.test", Now: g.clock.Now,
		},
		Enrolment: &enrolment.Service{
			Store: db, Ring: ring(), Census: g.people, Limits: enrolment.DefaultLimits(), Origin: home, Host: "clave.test", Now: g.clock.Now,
		},
		SAML: &saml.Gateway{
			Destination: home + "/Proxy2/ServiceProvider", Issuer: home, Parties: parties, Now: g.clock.Now, Skew: 5 * time.Minute,
			Signing:  func(now time.Time) (keyring.Signing, error) { return ring().Signing("saml", now) },
			Signings: func() ([]keyring.Signing, error) { return ring().Signings("saml") },
		},
		Records: db, Now: g.clock.Now, Slow: web.DefaultSlow(g.clock.Now),
	}
	g.Handler = g.Server.Handler()
	return g
}

// someone is a person of the tests, whose document is valid for five years.
func (g *gate) someone(number int) person.Person {
	const letters = "TRWAGMYFPDXBNJZSQVHLCKE"
	until := g.clock.Now().AddDate(5, 0, 0).Truncate(24 * time.Hour)
	return person.Person{
		NIF: must(nif.Parse(fmt.Sprintf("%08d%c", number, letters[number%23]))), GivenName: "ANA", FirstSurname: "ÁLVAREZ", SecondSurname: "MUÑIZ",
		Birth: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), Datum: must(nif.ParseDate(nif.Validity, until.Format(time.DateOnly))), Until: until,
	}
}

// listed puts somebody into the State's register.
func (g *gate) listed(p person.Person) person.Person {
	g.people[p.NIF] = p
	return p
}

// registered makes a citizen of somebody; change may bend it before it is saved.
func (g *gate) registered(p person.Person, how assurance.Proofing, change func(*citizen.Citizen)) person.Person {
	g.t.Helper()
	g.listed(p)
	now := g.clock.Now()
	c := citizen.Citizen{
		ID: secret.ID(now), NIF: p.NIF, GivenName: p.GivenName, FirstSurname: p.FirstSurname, SecondSurname: p.SecondSurname,
		Phone: must(contact.ParsePhone("6001" + p.NIF.String()[3:8])), PhoneBinding: how.Binding(), PhoneSince: now.Add(-time.Hour),
		Email: must(contact.ParseEmail("ana@example.org")), Lang: "es", Proofing: how, Registered: now, Datum: p.Datum, Until: p.Until,
	}
	if change != nil {
		change(&c)
	}
	if err := g.db.Do(g.t.Context(), func(ctx context.Context) error { return g.db.AddCitizen(ctx, c) }); err != nil {
		g.t.Fatal(err)
	}
	return p
}

// messages takes the SMS that wait out of the queue, as a courier does.
func (g *gate) messages() []notify.Message {
	g.t.Helper()
	var list []notify.Message
	err := g.db.Do(g.t.Context(), func(ctx context.Context) (err error) {
		list, err = g.db.ClaimMessages(ctx, notify.SMS, g.clock.Now(), 100)
		return err
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return list
}

func (g *gate) settle(id string, s notify.State) {
	g.t.Helper()
	if err := g.db.Do(g.t.Context(), func(ctx context.Context) error { return g.db.SettleMessage(ctx, id, s, g.clock.Now()) }); err != nil {
		g.t.Fatal(err)
	}
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// sms is the text of the one message that waits, and the PIN in it.
func (g *gate) sms() (text, pin string) {
	g.t.Helper()
	list := g.messages()
	if len(list) != 1 {
		g.t.Fatalf("%d messages wait, want one", len(list))
	}
	parcel := must(courier.Write(list[0]))
	return parcel.Text, sixDigits.FindString(parcel.Text)
}

// count counts rows, from outside.
func (g *gate) count(table string) (n int) {
	g.t.Helper()
	db := must(sql.Open("sqlite", "file:"+g.path))
	defer db.Close()
	if err := db.QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil {
		g.t.Fatal(err)
	}
	return n
}

// A browser keeps cookies as browsers do, and says where its posts come from.
type browser struct {
	*gate
	jar  http.CookieJar
	lang string
}

func (g *gate) browser() *browser { return &browser{g, must(cookiejar.New(nil)), "es"} }

// answer is a page.
type answer struct {
	*http.Response
	text string
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	r.Header.Set("Accept-Language", b.lang)
	at := must(url.Parse(home + r.URL.Path))
	for _, c := range b.jar.Cookies(at) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	response := w.Result()
	b.jar.SetCookies(at, response.Cookies())
	return answer{response, w.Body.String()}
}

// get follows redirects.
func (b *browser) get(path string) answer {
	b.t.Helper()
	a := b.do(httptest.NewRequest("GET", home+path, nil))
	for range 5 {
		if a.StatusCode != http.StatusSeeOther {
			return a
		}
		path = a.Header.Get("Location")
		a = b.do(httptest.NewRequest("GET", home+path, nil))
	}
	b.t.Fatalf("%s goes round", path)
	return a
}

func form(path, body string) *http.Request {
	r := httptest.NewRequest("POST", home+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// post sends a form from our own page, and does not follow where it leads.
func (b *browser) post(path string, fields ...string) answer {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	r := form(path, values.Encode())
	r.Header.Set("Origin", home)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// from sends a service's form, and returns the address that it leads to.
func (b *browser) from(body string) string {
	b.t.Helper()
	a := b.do(serviceForm(body))
	if a.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("the service's form got %s:\n%s", a.Status, a.text)
	}
	return a.Header.Get("Location")
}

func serviceForm(body string) *http.Request {
	r := form("/Proxy2/ServiceProvider", body)
	r.Header.Set("Origin", "https://sp.test")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return r
}

// asked is a service's form, with a request of its own that asks for a level.
func (g *gate) asked(level, relayState string, more ...string) string {
	return url.Values{"SAMLRequest": {g.request(level, more...)}, "RelayState": {relayState}}.Encode()
}

func (g *gate) request(level string, more ...string) string {
	g.t.Helper()
	text := fmt.Sprintf(`<saml2p:AuthnRequest xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"`+
		` ID="_%s" Version="2.0" IssueInstant="%s" ForceAuthn="true" Destination="%s" AssertionConsumerServiceURL="%s"`+
		` ProviderName="S0000000A_E00000000;DEMO" %s><saml2p:RequestedAuthnContext Comparison="minimum"><saml2:AuthnContextClassRef>`+
		`http://eidas.europa.eu/LoA/%s</saml2:AuthnContextClassRef></saml2p:RequestedAuthnContext></saml2p:AuthnRequest>`,
		secret.ID(g.clock.Now()), g.clock.Now().Format(time.RFC3339), home+"/Proxy2/ServiceProvider", service, strings.Join(more, " "), level)
	doc, err := xmlsig.Parse([]byte(text))
	if err != nil {
		g.t.Fatal(err)
	}
	if err := xmlsig.Sign(doc.Root(), "ID", xmlsig.SignOptions{Signer: provider().key, Certificate: provider().certificate}); err != nil {
		g.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(must(xmlsig.Bytes(doc.Root())))
}

// begun is a login at a level, at its first page.
func (b *browser) begun(level string) string { return b.from(b.asked(level, "relay")) }

// typed goes from a login's first page to where the PIN is typed.
func (b *browser) typed(at string, p person.Person) answer {
	b.t.Helper()
	b.post(at+"/nif", "nif", p.NIF.String())
	a := b.post(at+"/document", "datum", p.Datum.Reveal())
	if a.Header.Get("Location") != at+"/pin" {
		b.t.Fatalf("no PIN was asked for: %s\n%s", a.Status, a.text)
	}
	return b.get(at + "/pin")
}

// enter types the PIN and agrees to go on to the service.
func (b *browser) enter(at, pin string) answer {
	b.t.Helper()
	if a := b.post(at+"/pin", "pin", pin); a.Header.Get("Location") != at {
		b.t.Fatalf("the PIN leads to %q: %s\n%s", a.Header.Get("Location"), a.Status, a.text)
	}
	return b.agree(at)
}

// agree goes on to the service with the session.
func (b *browser) agree(at string) answer {
	b.t.Helper()
	page := b.get(at)
	holds(b.t, page, at+"/continue")
	return b.post(at+"/continue", "seen", page.seen())
}

// seen is what a page hands back of what it shows.
func (a answer) seen() string { return between(a.text, `name="seen" value="`, `"`) }

// replied is what a page takes to the service.
type replied struct {
	action, relay, message string
}

var (
	actionOf = regexp.MustCompile(`<form method="post" action="([^"]*)" data-post>`)
	hidden   = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// reply reads the page that goes back to the service, and believes it as a service does: by our signature.
func (a answer) reply(t testing.TB) replied {
	t.Helper()
	action := actionOf.FindStringSubmatch(a.text)
	if action == nil {
		t.Fatalf("nothing goes back to the service: %s\n%s", a.Status, a.text)
	}
	fields := map[string]string{}
	for _, f := range hidden.FindAllStringSubmatch(a.text, -1) {
		fields[f[1]] = html.UnescapeString(f[2])
	}
	message := must(base64.StdEncoding.DecodeString(fields["SAMLResponse"]))
	doc, err := xmlsig.Parse(message)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ring().Signing("saml", tomorrow())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := xmlsig.Verify(doc, []*x509.Certificate{key.Certificate}, tomorrow()); err != nil {
		t.Fatal(err)
	}
	return replied{html.UnescapeString(action[1]), fields["RelayState"], string(message)}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
