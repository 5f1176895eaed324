package enrolment_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clave/internal/census"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/enrolment"
	"clave/internal/keyring"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

// office is the rules on a real store, with a few people and a clock that the test moves.
type office struct {
	*enrolment.Service
	t     *testing.T
	now   time.Time
	store *counting
	flows int
}

// counting is the store, and how often each of its methods was called.
type counting struct {
	*store.Store
	calls map[string]int
}

func (c *counting) AddLetter(ctx context.Context, l enrolment.Letter) error {
	c.calls["AddLetter"]++
	return c.Store.AddLetter(ctx, l)
}

func (c *counting) AddMessage(ctx context.Context, m notify.Message) error {
	c.calls["AddMessage"]++
	return c.Store.AddMessage(ctx, m)
}

func (c *counting) CitizenByNIF(ctx context.Context, n nif.NIF) (citizen.Citizen, bool, error) {
	c.calls["CitizenByNIF"]++
	return c.Store.CitizenByNIF(ctx, n)
}

func (c *counting) LetterByCSV(ctx context.Context, csv secret.Hash) (enrolment.Letter, bool, error) {
	c.calls["LetterByCSV"]++
	return c.Store.LetterByCSV(ctx, csv)
}

const people = `{"nif":"12345678Z","given":"Carmen","first":"Española","second":"Española","birth":"1980-01-01","street":"Calle Mayor, 1","postcode":"28013","town":"Madrid","province":"Madrid","valid":"2030-06-30"}
{"nif":"11111111H","given":"Luis","first":"Prueba","second":"Prueba","birth":"1975-05-05","street":"Calle Menor, 2","postcode":"42001","town":"Soria","province":"Soria","valid":"2030-06-30"}
{"nif":"22222222J","given":"Ana","first":"Menor","second":"Menor","birth":"2008-03-03","street":"Calle Mayor, 3","postcode":"28013","town":"Madrid","province":"Madrid","valid":"2030-06-30"}
{"nif":"X1234567L","given":"Mary","first":"Smith","birth":"1985-01-01","street":"Calle Mayor, 6","postcode":"28013","town":"Madrid","province":"Madrid","support":"E12345678","valid":"2030-06-30"}
{"nif":"Y1234567X","given":"Piotr","first":"Tarde","birth":"1985-01-01","street":"Calle Mayor, 7","postcode":"28013","town":"Madrid","province":"Madrid","support":"E87654321","valid":"2026-02-28"}
`

const (
	carmen, luis, ana, mary, piotr, nobody = "12345678Z", "11111111H", "22222222J", "X1234567L", "Y1234567X", "99999999R"
	valid                                  = "2030-06-30"
	other                                  = "2031-01-01"
)

var ring = storetest.Ring

func openOffice(t *testing.T) *office {
	t.Helper()
	ring := ring()
	o := &office{t: t, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return o.now }
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "clave.db"), store.Options{Kind: keyring.Demo, Ring: ring, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	list, err := census.ReadList(strings.NewReader(people))
	if err != nil {
		t.Fatal(err)
	}
	o.store = &counting{s, map[string]int{}}
	o.Service = &enrolment.Service{
		Store: o.store, Ring: ring, Census: list, Limits: enrolment.DefaultLimits(), Origin: "https://clave.example", Host: "clave.example", Now: clock,
	}
	return o
}

func (o *office) number(s string) nif.NIF {
	o.t.Helper()
	n, err := nif.Parse(s)
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}

func (o *office) datum(s string) nif.Datum {
	o.t.Helper()
	d, err := nif.ParseDate(nif.Validity, s)
	if s[0] == 'E' {
		d, err = nif.ParseSupport(s)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return d
}

// ask asks for a letter.
func (o *office) ask(number, datum string) enrolment.LetterAnswer {
	o.t.Helper()
	a, err := o.AskLetter(o.t.Context(), enrolment.LetterRequest{NIF: o.number(number), Datum: o.datum(datum), Lang: "es", From: "192.0.2.1"})
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

// csv asks for a letter that goes out, and reads its code.
func (o *office) csv(number, datum string) secret.Code {
	o.t.Helper()
	o.ask(number, datum)
	return secret.NewCode(o.value(notify.Invitation, "csv"))
}

// value is a value of the message of a kind that waits.
func (o *office) value(k notify.Kind, name string) string {
	o.t.Helper()
	for _, m := range o.claim(k.Channel()) {
		if m.Kind == k {
			return m.Values[name]
		}
	}
	o.t.Fatalf("no %s waits", k)
	return ""
}

// claim takes what waits on a channel. A decoy never does.
func (o *office) claim(c notify.Channel) (list []notify.Message) {
	o.t.Helper()
	err := o.store.Do(o.t.Context(), func(ctx context.Context) (err error) {
		list, err = o.store.ClaimMessages(ctx, c, o.now, 1000)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

// open types a letter's code.
func (o *office) open(number, datum string, csv secret.Code) (string, enrolment.Opening) {
	o.t.Helper()
	letter, opening, err := o.OpenLetter(o.t.Context(), enrolment.LetterEntry{NIF: o.number(number), Datum: o.datum(datum), CSV: csv, From: "192.0.2.1"})
	if err != nil {
		o.t.Fatal(err)
	}
	return letter, opening
}

// prove sends a code to a phone or an e-mail address and types it back.
func (o *office) prove(r enrolment.ContactRequest) string {
	o.t.Helper()
	sent, err := o.AskContact(o.t.Context(), r)
	if err != nil || sent.Wait > 0 {
		o.t.Fatalf("ask for a code: wait %v, %v", sent.Wait, err)
	}
	kind := notify.PhoneCode
	if r.Phone.IsZero() {
		kind = notify.EmailCode
	}
	code := secret.NewCode(o.value(kind, "code"))
	if v, _, err := o.ProveContact(o.t.Context(), r, sent.Challenge, code); err != nil || v != "right" {
		o.t.Fatalf("type the code: %s, %v", v, err)
	}
	return sent.Challenge
}

// apply goes through everything up to the registration.
func (o *office) apply(number, datum, phone, email string) enrolment.Application {
	o.t.Helper()
	letter, opening := o.open(number, datum, o.csv(number, datum))
	if opening != enrolment.Opened {
		o.t.Fatalf("%s: letter %s", number, opening)
	}
	p, err := contact.ParsePhone(phone)
	if err != nil {
		o.t.Fatal(err)
	}
	m, err := contact.ParseEmail(email)
	if err != nil {
		o.t.Fatal(err)
	}
	o.flows++
	a := enrolment.Application{
		Flow: fmt.Sprint("flow ", o.flows), Browser: fmt.Sprint("browser ", o.flows), Letter: letter, NIF: o.number(number), Datum: o.datum(datum),
		Phone: p, Email: m, Lang: "es", Accepted: true, From: "192.0.2.1",
	}
	a.PhoneChallenge = o.prove(enrolment.ContactRequest{Flow: a.Flow, Letter: a.Letter, Browser: a.Browser, Phone: p, Lang: "es"})
	a.EmailChallenge = o.prove(enrolment.ContactRequest{Flow: a.Flow, Letter: a.Letter, Browser: a.Browser, Email: m, Lang: "es"})
	return a
}

// admit registers, or fails to with the wanted refusal.
func (o *office) admit(a enrolment.Application, want enrolment.Refusal) enrolment.Registration {
	o.t.Helper()
	reg, refusal, err := o.Register(o.t.Context(), a)
	if err != nil || refusal != want {
		o.t.Fatalf("register %s: %q, %v; want %q", a.NIF.Masked(), refusal, err, want)
	}
	return reg
}

func (o *office) citizen(number string) (citizen.Citizen, bool) {
	o.t.Helper()
	c, found, err := o.store.Store.CitizenByNIF(o.t.Context(), o.number(number))
	if err != nil {
		o.t.Fatal(err)
	}
	return c, found
}

// silent is a register that does not answer.
type silent struct{}

func (silent) Match(ctx context.Context, _ nif.NIF, _ nif.Datum) (person.Answer, error) {
	<-ctx.Done()
	return person.Answer{}, ctx.Err()
}
