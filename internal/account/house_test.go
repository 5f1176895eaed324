package account_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"clave/internal/account"
	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/authn/pin"
	"clave/internal/census"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/otp"
	"clave/internal/person"
	"clave/internal/relying"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var ring = storetest.Ring

// house is a person's account on the real embedded store, with the real sign-in beside it and a clock that tests move.
type house struct {
	*account.Service
	t      testing.TB
	db     *store.Store
	pin    *pin.Service
	people census.List
	mu     sync.Mutex
	now    time.Time
	asks   int
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, people: census.List{}, now: noon}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "clave.db"), store.Options{Kind: keyring.Demo, Ring: ring(), Now: h.time})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(context.Background()) })
	h.db = db
	broker := &login.Broker{
		Store: db, Ring: ring(), Policy: assurance.Policy{NationalPractice: true}, Methods: []assurance.Method{assurance.PIN}, Now: h.time,
		Limits: login.DefaultLimits(), Origin: "https://clave.test", Host: "clave.test",
		Parties: relying.WithOwn{Registry: relying.List{
			{ID: "tax", Names: map[string]string{"es": "Hacienda"}, OIDC: &relying.OIDC{BackChannel: "https://tax.test/logout"}},
			{ID: "town", Names: map[string]string{"es": "Ayuntamiento"}, SAML: &relying.SAML{}},
			{ID: "strict", Names: map[string]string{"es": "Estricta"}, Level: assurance.Substantial},
			{ID: "bank", Names: map[string]string{"es": "Banco"}, Private: true},
		}},
	}
	h.pin = &pin.Service{
		Store: db, Ring: ring(), Census: h.people, Limits: pin.DefaultLimits(), Style: pin.SixDigits,
		Host: "clave.test", Origin: "https://clave.test", Now: h.time,
	}
	h.Service = &account.Service{Store: db, Ring: ring(), Broker: broker, Origin: "https://clave.test", Host: "clave.test", Now: h.time}
	return h
}

// time moves on a little each time that it is read, so that what is recorded has an order.
func (h *house) time() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(time.Millisecond)
	return h.now
}

func (h *house) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) do(unit func(ctx context.Context) error) {
	h.t.Helper()
	if err := h.db.Do(h.t.Context(), unit); err != nil {
		h.t.Fatal(err)
	}
}

// someone is registered, and in the State's register.
func (h *house) someone(number string, how assurance.Proofing) citizen.Citizen {
	h.t.Helper()
	until := time.Date(2030, 6, 30, 0, 0, 0, 0, time.UTC)
	p := person.Person{
		NIF: must(nif.Parse(number)), GivenName: "ANA", FirstSurname: "ÁLVAREZ", Until: until,
		Datum: must(nif.ParseDate(nif.Validity, until.Format(time.DateOnly))),
	}
	h.people[p.NIF] = p
	c := citizen.Citizen{
		ID: secret.ID(h.time()), NIF: p.NIF, GivenName: p.GivenName, FirstSurname: p.FirstSurname,
		Phone: must(contact.ParsePhone("6" + number[:8])), PhoneBinding: how.Binding(), PhoneSince: noon.AddDate(-1, 0, 0),
		Email: must(contact.ParseEmail("ana@example.org")), Lang: "es", Proofing: how, Registered: noon.AddDate(-1, 0, 0),
		Datum: p.Datum, Until: p.Until,
	}
	h.do(func(ctx context.Context) error { return h.db.AddCitizen(ctx, c) })
	return c
}

// again reads somebody as they are now.
func (h *house) again(c citizen.Citizen) citizen.Citizen {
	h.t.Helper()
	c, _, err := h.db.Citizen(h.t.Context(), c.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// browser is one that a person uses: what it holds, and where it is.
type browser struct {
	*house
	known, token string
	audit.Visitor
}

func (h *house) browser(address, name string) *browser {
	return &browser{h, secret.Token().Reveal(), "", audit.Visitor{Address: address, Browser: name}}
}

func (h *house) begin(party string) login.Login {
	h.t.Helper()
	h.asks++
	r := login.Request{Protocol: "saml", Party: party, ID: fmt.Sprint("request-", h.asks), Level: assurance.Low}
	if party == "tax" {
		r.Protocol = "oidc"
	}
	return must(h.Broker.Begin(h.t.Context(), r))
}

// ask asks for a PIN, and reads it off the phone; it is empty when none came.
func (b *browser) ask(l login.Login, c citizen.Citizen, datum nif.Datum) (challenge, code string) {
	b.t.Helper()
	asked := must(b.pin.Ask(b.t.Context(), pin.Ask{
		Login: l.ID, Browser: l.Browser, Known: b.known, NIF: c.NIF, Datum: datum, Party: l.Request.Party, Service: "Sede", Lang: "es", From: b.Address,
	}))
	for _, m := range b.messages(notify.SMS) {
		if m.Kind == notify.PIN {
			code = m.Values["code"]
		}
	}
	return asked.Challenge, code
}

// types types a PIN, and identifies whoever it is right for.
func (b *browser) types(l login.Login, challenge, code string) (who login.Identified, verdict otp.Verdict) {
	b.t.Helper()
	b.do(func(ctx context.Context) error {
		tried, err := b.pin.Verify(ctx, pin.Try{
			Login: l.ID, Browser: l.Browser, Challenge: challenge, Typed: secret.NewCode(code), Known: b.known, Party: l.Request.Party, From: b.Address,
		})
		if verdict = tried.Verdict; err != nil || verdict != otp.Right {
			return err
		}
		who, _, err = b.Broker.Identify(ctx, l, tried.Proof, login.Arrival{Visitor: b.Visitor, Token: b.token})
		return err
	})
	if verdict == otp.Right && !who.Session.Alone() {
		b.token = who.Token.Reveal()
	}
	return who, verdict
}

// enters signs somebody in to a service, all the way.
func (b *browser) enters(party string, c citizen.Citizen) login.Session {
	b.t.Helper()
	l := b.begin(party)
	challenge, code := b.ask(l, c, c.Datum)
	who, verdict := b.types(l, challenge, code)
	if verdict != otp.Right {
		b.t.Fatalf("the PIN was %s", verdict)
	}
	b.completes(l, who.Session.ID)
	return who.Session
}

func (b *browser) completes(l login.Login, session string) {
	b.t.Helper()
	b.do(func(ctx context.Context) error {
		offer, _, err := b.Broker.Offer(ctx, l, session, b.token)
		if err != nil {
			return err
		}
		_, refusal, err := b.Broker.Complete(ctx, l, login.Agreed{Mine: session, Token: b.token, Seen: offer.Seen}, b.Visitor)
		if refusal != login.None {
			b.t.Errorf("refused: %s", refusal)
		}
		return err
	})
}

// messages takes those that wait.
func (h *house) messages(channel notify.Channel) (list []notify.Message) {
	h.t.Helper()
	h.do(func(ctx context.Context) (err error) {
		list, err = h.db.ClaimMessages(ctx, channel, h.time(), 1000)
		return err
	})
	return list
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
