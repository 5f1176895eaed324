package confirm_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/confirm"
	"clave/internal/contact"
	"clave/internal/keyring"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/relying"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var ring = storetest.Ring

var ana, luis = must(nif.Parse("12345678Z")), must(nif.Parse("87654321X"))

const words = "Ayuda de la Agencia: su declaración de 2025"

// house asks for confirmations on the real embedded store, with a clock that tests move.
type house struct {
	*confirm.Service
	t    testing.TB
	db   *store.Store
	path string
	mu   sync.Mutex
	now  time.Time
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, path: filepath.Join(t.TempDir(), "clave.db"), now: noon}
	db, err := store.Open(t.Context(), h.path, store.Options{Kind: keyring.Demo, Ring: ring(), Now: h.time})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(context.Background()) })
	h.db = db
	h.Service = &confirm.Service{
		Store: db, Ring: ring(), Policy: assurance.Policy{NationalPractice: true}, Methods: []assurance.Method{assurance.PIN},
		Parties: relying.List{
			{ID: "tax", Names: map[string]string{"es": "Agencia Tributaria"}},
			{ID: "town", Names: map[string]string{"es": "Ayuntamiento"}, Level: assurance.Substantial, Released: []relying.Attribute{relying.Names}},
			{ID: "cards", Names: map[string]string{"es": "Tarjetas"}, Methods: []assurance.Method{"certificate"}},
		},
		Limits: confirm.DefaultLimits(), Host: "clave.test", Now: h.time,
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

func (h *house) do(unit func(ctx context.Context) error) {
	h.t.Helper()
	if err := h.db.Do(h.t.Context(), unit); err != nil {
		h.t.Fatal(err)
	}
}

// registered makes a citizen, bent, whose id is their NIF.
func (h *house) registered(n nif.NIF, bend func(*citizen.Citizen)) {
	h.t.Helper()
	c := citizen.Citizen{
		ID: n.String(), NIF: n, GivenName: "ANA", FirstSurname: "ÁLVAREZ", Phone: must(contact.ParsePhone("6" + n.String()[:8])),
		PhoneBinding: assurance.High, PhoneSince: noon, Lang: "es", Proofing: assurance.Advanced, Registered: noon,
	}
	if bend != nil {
		bend(&c)
	}
	h.do(func(ctx context.Context) error { return h.db.AddCitizen(ctx, c) })
}

// changed saves a citizen again, bent.
func (h *house) changed(n nif.NIF, bend func(*citizen.Citizen)) {
	h.t.Helper()
	h.do(func(ctx context.Context) error {
		c, _, err := h.db.CitizenByNIF(ctx, n)
		if err != nil {
			return err
		}
		bend(&c)
		return h.db.SaveCitizen(ctx, c)
	})
}

// request is what a service asks of somebody.
func request(party string, n nif.NIF) confirm.Ask {
	return confirm.Ask{
		Party: party, NIF: n, Message: words, Level: assurance.Low, Released: []relying.Attribute{relying.NIF, relying.Names},
		Life: 10 * time.Minute, From: "192.0.2.1",
	}
}

// asked asks, and must not be told to wait.
func (h *house) asked(party string, n nif.NIF) string {
	h.t.Helper()
	id, wait, err := h.Ask(h.t.Context(), request(party, n))
	if err != nil || wait > 0 || id == "" {
		h.t.Fatalf("asked %q, wait %v, %v", id, wait, err)
	}
	return id
}

// pin is somebody who has just identified themselves by PIN.
func (h *house) pin(level assurance.Level) confirm.Means {
	return confirm.Means{Session: "session", Method: assurance.PIN, Level: level, At: h.time()}
}

func (h *house) answered(id string, who nif.NIF, verdict confirm.State, want confirm.Refusal) {
	h.t.Helper()
	h.answeredBy(id, who, verdict, h.pin(assurance.Substantial), want)
}

func (h *house) answeredBy(id string, who nif.NIF, verdict confirm.State, by confirm.Means, want confirm.Refusal) {
	h.t.Helper()
	a, why, err := h.Answer(h.t.Context(), confirm.Answer{ID: id, Citizen: who.String(), Means: by, Verdict: verdict, From: audit.Visitor{Address: "192.0.2.2", Browser: "Firefox, Android"}})
	if err != nil || why != want || why == confirm.None && a.State != verdict {
		h.t.Errorf("%s by %s: state %q, refusal %q, %v; want refusal %q", verdict, who.Masked(), a.State, why, err, want)
	}
}

func (h *house) outcome(id string, want confirm.State) confirm.Outcome {
	h.t.Helper()
	o, err := h.Outcome(h.t.Context(), id)
	if err != nil || o.State != want || (o.Citizen != "") != (want == confirm.Confirmed) || (o.Means.Session != "") != (want == confirm.Confirmed) {
		h.t.Errorf("outcome %+v, %v; want %s", o, err, want)
	}
	return o
}

func (h *house) spent(id string, want bool) {
	h.t.Helper()
	if got, err := h.Spend(h.t.Context(), id); got != want || err != nil {
		h.t.Errorf("spent %t, %v; want %t", got, err, want)
	}
}

// phone takes the messages that wait.
func (h *house) phone() (list []notify.Message) {
	h.t.Helper()
	h.do(func(ctx context.Context) (err error) {
		list, err = h.db.ClaimMessages(ctx, notify.SMS, h.time(), 100)
		return err
	})
	return list
}

// record is what the record says, sorted.
func (h *house) record() (list []string) {
	h.t.Helper()
	for _, e := range must(h.db.Audits(h.t.Context(), "", 100)) {
		if !e.Subject.Equal(audit.Subject(ring(), ana)) || e.Flow == "" {
			h.t.Errorf("an entry names nobody: %+v", e)
		}
		list = append(list, string(e.Event)+": "+e.Outcome)
	}
	slices.Sort(list)
	return list
}

// rows counts those of every table that asking writes.
func (h *house) rows() (counted string) {
	h.t.Helper()
	db := must(sql.Open("sqlite", "file:"+h.path))
	defer db.Close()
	for _, table := range []string{"confirmations", "messages", "audits", "counters"} {
		var n int
		if err := db.QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil {
			h.t.Fatal(err)
		}
		counted += fmt.Sprint(table, " ", n, "; ")
	}
	return counted
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
