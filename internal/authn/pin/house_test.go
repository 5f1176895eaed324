package pin_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/authn/pin"
	"clave/internal/census"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/keyring"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/otp"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var ring = storetest.Ring

// house is Cl@ve PIN on the real embedded store, with a clock that tests move.
type house struct {
	*pin.Service
	t      testing.TB
	db     *store.Store
	path   string
	people census.List
	mu     sync.Mutex
	now    time.Time
	logins int
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, path: filepath.Join(t.TempDir(), "clave.db"), people: census.List{}, now: noon}
	db, err := store.Open(t.Context(), h.path, store.Options{Kind: keyring.Demo, Ring: ring(), Now: h.time})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(context.Background()) })
	h.db = db
	h.Service = &pin.Service{
		Store: db, Ring: ring(), Census: h.people, Limits: pin.DefaultLimits(), Style: pin.SixDigits,
		Host: "clave.test", Origin: "https://clave.test", Now: h.time,
	}
	return h
}

func (h *house) time() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// ana and luis are in the State's register; both are registered with an advanced level.
func (h *house) ana() person.Person  { return h.registered("12345678Z") }
func (h *house) luis() person.Person { return h.registered("87654321X") }

func somebody(number string) person.Person {
	until := time.Date(2030, 6, 30, 0, 0, 0, 0, time.UTC)
	return person.Person{
		NIF: must(nif.Parse(number)), GivenName: "ANA", FirstSurname: "ÁLVAREZ", Until: until,
		Datum: must(nif.ParseDate(nif.Validity, until.Format(time.DateOnly))),
	}
}

func (h *house) registered(number string) person.Person {
	h.t.Helper()
	p := somebody(number)
	h.people[p.NIF] = p
	h.do(func(ctx context.Context) error {
		return h.db.AddCitizen(ctx, citizen.Citizen{
			ID: secret.ID(h.time()), NIF: p.NIF, GivenName: p.GivenName, FirstSurname: p.FirstSurname,
			Phone: must(contact.ParsePhone("6" + number[:8])), PhoneBinding: assurance.Advanced.Binding(), PhoneSince: noon.AddDate(-1, 0, 0),
			Email: must(contact.ParseEmail("ana@example.org")), Lang: "es", Proofing: assurance.Advanced, Registered: noon.AddDate(-1, 0, 0),
			Datum: p.Datum, Until: p.Until,
		})
	})
	return p
}

// changed saves a citizen again, bent.
func (h *house) changed(p person.Person, change func(*citizen.Citizen)) {
	h.t.Helper()
	h.do(func(ctx context.Context) error {
		c, found, err := h.db.CitizenByNIF(ctx, p.NIF)
		if err != nil || !found {
			return fmt.Errorf("citizen: %v, %w", found, err)
		}
		change(&c)
		return h.db.SaveCitizen(ctx, c)
	})
}

func (h *house) do(unit func(ctx context.Context) error) {
	h.t.Helper()
	if err := h.db.Do(h.t.Context(), unit); err != nil {
		h.t.Fatal(err)
	}
}

// place is a browser at a login.
type place struct{ login, browser, known, from string }

// newPlace is another login, in another browser, from another address.
func (h *house) newPlace() place {
	h.logins++
	return place{login: fmt.Sprint("login-", h.logins), browser: secret.Token().Reveal(), from: fmt.Sprint("192.0.2.", h.logins)}
}

func (h *house) ask(at place, p person.Person) pin.Asked {
	h.t.Helper()
	asked, err := h.Ask(h.t.Context(), pin.Ask{
		Login: at.login, Browser: at.browser, Known: at.known, NIF: p.NIF, Datum: p.Datum,
		Party: "party", Service: "Sede", Lang: "es", From: at.from,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return asked
}

// sent asks for a PIN and reads it off the phone.
func (h *house) sent(at place, p person.Person) (pin.Asked, string) {
	h.t.Helper()
	h.phone()
	asked := h.ask(at, p)
	list := h.phone()
	if len(list) != 1 {
		h.t.Fatalf("%d messages, want one; waits %v", len(list), asked.Wait)
	}
	return asked, list[0].Values["code"]
}

// phone takes the messages that wait.
func (h *house) phone() (list []notify.Message) {
	h.t.Helper()
	h.do(func(ctx context.Context) (err error) {
		list, err = h.db.ClaimMessages(ctx, notify.SMS, h.time(), 1000)
		return err
	})
	return list
}

func (h *house) try(at place, challenge, typed string) pin.Tried {
	h.t.Helper()
	var tried pin.Tried
	h.do(func(ctx context.Context) (err error) {
		tried, err = h.Verify(ctx, pin.Try{
			Login: at.login, Browser: at.browser, Challenge: challenge, Typed: secret.NewCode(typed), Known: at.known, Party: "party", From: at.from,
		})
		return err
	})
	return tried
}

func (h *house) wants(tried pin.Tried, verdict otp.Verdict) {
	h.t.Helper()
	proven := tried.Proof.Citizen() != ""
	if tried.Verdict != verdict || proven != (verdict == otp.Right) {
		h.t.Errorf("got %s, proof %v; want %s", tried.Verdict, proven, verdict)
	}
}

// signIn is a whole sign-in.
func (h *house) signIn(at place, p person.Person) {
	h.t.Helper()
	asked, code := h.sent(at, p)
	h.wants(h.try(at, asked.Challenge, code), otp.Right)
}

// wrong is a code that is not this one; n makes different ones.
func wrong(code string, n int) string {
	var number int
	fmt.Sscan(code, &number)
	return fmt.Sprintf("%06d", (number+1+n)%1_000_000)
}

// query reads the database from outside.
func (h *house) query(text string, each func(*sql.Rows) error) {
	h.t.Helper()
	db := must(sql.Open("sqlite", "file:"+h.path))
	defer db.Close()
	rows := must(db.Query(text))
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			h.t.Fatal(err)
		}
	}
}

// rows counts those of every table that signing in writes.
func (h *house) rows() string {
	h.t.Helper()
	var counted []string
	for _, table := range []string{"challenges", "messages", "audits", "counters"} {
		h.query("SELECT COUNT(*) FROM "+table, func(r *sql.Rows) error {
			var n int
			err := r.Scan(&n)
			counted = append(counted, fmt.Sprint(table, " ", n))
			return err
		})
	}
	return strings.Join(counted, ", ")
}

func parallel(n int, f func(int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
