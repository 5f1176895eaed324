package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"clave/internal/census"
	"clave/internal/courier"
	"clave/internal/enrolment"
	"clave/internal/keyring"
	"clave/internal/notify"
	"clave/internal/store"
	"clave/internal/web"
)

// registry is a Clave with a census of its own, where people register.
type registry struct {
	t       *testing.T
	now     time.Time
	store   *store.Store
	service *enrolment.Service
	server  *web.Server
	handler http.Handler
	log     *bytes.Buffer
}

const registryPeople = `{"nif":"12345678Z","given":"Carmen","first":"Española","second":"Española","birth":"1980-01-01","street":"Calle Mayor, 1","postcode":"28013","town":"Madrid","province":"Madrid","valid":"2030-06-30"}
{"nif":"11111111H","given":"Luis","first":"Prueba","second":"Prueba","birth":"1975-05-05","street":"Calle Menor, 2","postcode":"42001","town":"Soria","province":"Soria","valid":"2030-06-30"}
{"nif":"22222222J","given":"Ana","first":"Menor","second":"Menor","birth":"2012-01-01","street":"Calle Mayor, 3","postcode":"28013","town":"Madrid","province":"Madrid","valid":"2030-06-30"}
{"nif":"33333333P","given":"Eva","first":"Tarde","second":"Tarde","birth":"1960-01-01","street":"Calle Mayor, 4","postcode":"28013","town":"Madrid","province":"Madrid","valid":"2025-06-30"}
{"nif":"44444444A","given":"Pilar","first":"Siempre","second":"Siempre","birth":"1940-01-01","street":"Calle Mayor, 5","postcode":"28013","town":"Madrid","province":"Madrid","issued":"2016-05-12"}
{"nif":"X1234567L","given":"Mary","first":"Smith","birth":"1985-01-01","street":"Calle Mayor, 6","postcode":"28013","town":"Madrid","province":"Madrid","support":"E12345678","valid":"2030-06-30"}
`

const validToday = "30 6 2030"

func openRegistry(t *testing.T) *registry {
	t.Helper()
	ring := ring()
	var err error
	g := &registry{t: t, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), log: logged(t)}
	clock := func() time.Time { return g.now }
	g.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "clave.db"), store.Options{Kind: keyring.Demo, Ring: ring, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.store.Close(context.Background()) })
	people, err := census.ReadList(strings.NewReader(registryPeople))
	if err != nil {
		t.Fatal(err)
	}
	g.service = &enrolment.Service{
		Store: g.store, Ring: ring, Census: people, Limits: enrolment.DefaultLimits(), Origin: "http://clave.localhost", Host: "clave.localhost", Now: clock,
	}
	g.server = &web.Server{
		Origin: "http://clave.localhost", Help: web.Help{Phone: "060", Address: "calle del Ejemplo 1, Madrid"}, Store: g.store, Ring: ring,
		Enrolment: g.service, Now: clock, Slow: &web.Slow{Free: 1 << 20, Every: time.Hour, Now: clock},
	}
	g.handler = g.server.Handler()
	return g
}

// logged keeps what a test logs.
func logged(t *testing.T) *bytes.Buffer {
	var b bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &b
}

// claimed takes every message that waits on a channel, sees that each can be written, and says that it arrived.
func (g *registry) claimed(c notify.Channel) []notify.Message {
	g.t.Helper()
	var list []notify.Message
	err := g.store.Do(g.t.Context(), func(ctx context.Context) (err error) {
		if list, err = g.store.ClaimMessages(ctx, c, g.now, 100); err != nil {
			return err
		}
		for _, m := range list {
			if err := g.store.SettleMessage(ctx, m.ID, notify.Delivered, g.now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		g.t.Fatal(err)
	}
	for _, m := range list {
		if _, err := courier.Write(m); err != nil {
			g.t.Errorf("%s cannot be written: %v", m.Kind, err)
		}
	}
	return list
}

// value is a value of the last message of a kind.
func (g *registry) value(k notify.Kind, name string) string {
	g.t.Helper()
	list := g.claimed(k.Channel())
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Kind == k {
			return list[i].Values[name]
		}
	}
	g.t.Fatalf("no %s waits", k)
	return ""
}

// applicant is a person at a browser. They see the page that they were led to last.
type applicant struct {
	g      *registry
	client *http.Client
	at     string // path and query
	status int
	page   string
	seen   []string // every page and every address since the beginning
}

func (g *registry) applicant() *applicant {
	jar, err := cookiejar.New(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	return &applicant{g: g, client: &http.Client{Jar: jar, Transport: inside{g.handler}}}
}

// inside serves requests without a network.
type inside struct{ handler http.Handler }

func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	w, served := httptest.NewRecorder(), r.Clone(r.Context())
	served.RemoteAddr, served.RequestURI = "192.0.2.1:1234", r.URL.RequestURI()
	if served.Body == nil {
		served.Body = http.NoBody
	}
	i.handler.ServeHTTP(w, served)
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

func (a *applicant) get(path string) *applicant {
	a.g.t.Helper()
	return a.send(http.MethodGet, path, nil)
}

// post fills in the form of a page and sends it: pairs of name and value.
func (a *applicant) post(path string, pairs ...string) *applicant {
	a.g.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return a.send(http.MethodPost, path, form)
}

// answer sends the form of the page that the applicant is at.
func (a *applicant) answer(pairs ...string) *applicant {
	a.g.t.Helper()
	return a.post(a.at, pairs...)
}

func (a *applicant) send(method, path string, form url.Values) *applicant {
	a.g.t.Helper()
	r, err := http.NewRequestWithContext(a.g.t.Context(), method, "http://clave.localhost"+path, strings.NewReader(form.Encode()))
	if err != nil {
		a.g.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Language", "en")
	answer, err := a.client.Do(r)
	if err != nil {
		a.g.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		a.g.t.Fatal(err)
	}
	a.at, a.status, a.page = answer.Request.URL.RequestURI(), answer.StatusCode, string(body)
	a.seen = append(a.seen, a.at, a.page)
	return a
}

// sees holds the page to a heading and a status.
func (a *applicant) sees(status int, heading string) *applicant {
	a.g.t.Helper()
	found := headings.FindStringSubmatch(a.page)
	if found == nil {
		a.g.t.Fatalf("%s: no heading, want %q:\n%s", a.at, heading, a.page)
	}
	if a.status != status || found[1] != heading {
		a.g.t.Fatalf("%s: %d %q, want %d %q", a.at, a.status, found[1], status, heading)
	}
	return a
}

var headings = regexp.MustCompile(`<h1>([^<]*)</h1>`)

// step is the address of another page of the journey that the applicant is in.
func (a *applicant) step(page string) string {
	path, _, _ := strings.Cut(a.at, "?")
	parts := strings.Split(path, "/")
	return strings.Join(append(parts[:4:4], page), "/")
}

// asks asks for a letter and comes to the page with its reference.
func (a *applicant) asks(nif, datum string) *applicant {
	a.g.t.Helper()
	a.get("/register/letter").sees(200, "Who is the letter for?")
	a.answer("nif", nif).sees(200, "A detail of your document")
	return a.answer("datum", datum).sees(200, "Check your data").answer()
}

// opens types the letter's code, and the document's datum.
func (a *applicant) opens(nif, datum, csv string) *applicant {
	a.g.t.Helper()
	a.get("/register/open").sees(200, "I have the letter")
	a.answer("nif", nif, "csv", csv).sees(200, "A detail of your document")
	return a.answer("datum", datum)
}

// proves gives a phone and an e-mail address, and types the codes that come.
func (a *applicant) proves(phone, email string) *applicant {
	a.g.t.Helper()
	a.answer("phone", phone).sees(200, "Confirm your phone")
	a.answer("code", a.g.value(notify.PhoneCode, "code")).sees(200, "Your e-mail address")
	a.answer("email", email).sees(200, "Confirm your e-mail address")
	return a.answer("code", a.g.value(notify.EmailCode, "code")).sees(200, "Check and accept")
}

// registers goes all the way and comes to the page that greets a new citizen.
func (g *registry) registers(nif, datum, phone, email string) *applicant {
	g.t.Helper()
	a := g.applicant()
	a.asks(nif, datum).sees(200, "We have received your request")
	a.opens(nif, datum, g.value(notify.Invitation, "csv")).sees(200, "Your mobile phone")
	return a.proves(phone, email).answer("accept", "yes").sees(200, "You are registered")
}
