package login_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/nif"
	"clave/internal/relying"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// house is the broker on the real embedded store.
type house struct {
	*login.Broker
	t    *testing.T
	db   *store.Store
	mu   sync.Mutex
	now  time.Time
	asks int
}

func open(t *testing.T) *house {
	t.Helper()
	dir := t.TempDir()
	ring := storetest.Ring()
	h := &house{t: t, now: noon}
	var err error
	h.db, err = store.Open(t.Context(), filepath.Join(dir, "clave.db"), store.Options{Kind: keyring.Demo, Ring: ring, Now: h.time})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close(context.Background()) })
	h.Broker = &login.Broker{
		Store: h.db, Ring: ring, Policy: assurance.Policy{NationalPractice: true}, Methods: []assurance.Method{assurance.PIN}, Now: h.time,
		Limits: login.DefaultLimits(), Origin: "https://clave.example", Host: "clave.example",
		Parties: relying.List{
			{ID: "sede", Names: map[string]string{"es": "Sede"}, SAML: &relying.SAML{Logout: "https://sede.example/logout"}},
			{ID: "tax", Names: map[string]string{"es": "Impuestos"}, OIDC: &relying.OIDC{BackChannel: "https://tax.example/logout"}},
			{ID: "silent", Names: map[string]string{"es": "Muda"}, SAML: &relying.SAML{}},
			{ID: "bank", Names: map[string]string{"es": "Banco"}, Private: true},
			{ID: "isolated", Names: map[string]string{"es": "Aislada"}, Isolated: true},
			{ID: "strict", Names: map[string]string{"es": "Estricta"}, Level: assurance.Substantial},
			{ID: "other", Names: map[string]string{"es": "Otra"}, Methods: []assurance.Method{"certificate"}},
		},
	}
	return h
}

func (h *house) time() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// citizen registers somebody.
func (h *house) citizen(number string, proofing assurance.Proofing) string {
	h.t.Helper()
	n, err := nif.Parse(number)
	if err != nil {
		h.t.Fatal(err)
	}
	phone, err := contact.ParsePhone("+3460000000" + number[7:8])
	if err != nil {
		h.t.Fatal(err)
	}
	c := citizen.Citizen{
		ID: "citizen-" + number, NIF: n, GivenName: "Carmen", FirstSurname: "Española", Phone: phone, PhoneBinding: proofing.Binding(),
		Proofing: proofing, Registered: noon, Lang: "es",
	}
	if err := h.db.Do(h.t.Context(), func(ctx context.Context) error { return h.db.AddCitizen(ctx, c) }); err != nil {
		h.t.Fatal(err)
	}
	return c.ID
}

func (h *house) begin(change func(*login.Request)) login.Login {
	h.t.Helper()
	h.asks++
	r := login.Request{Protocol: "saml", Party: "sede", ID: "_" + strings.Repeat("a", h.asks), ReturnTo: "https://sede.example/ReturnPage", Level: assurance.Low}
	change(&r)
	l, err := h.Begin(h.t.Context(), r)
	if err != nil {
		h.t.Fatal(err)
	}
	return l
}

func plain(*login.Request) {}

func (h *house) proof(l login.Login, id string, p assurance.Proofing) assurance.Proof {
	return assurance.Mint(assurance.Claim{
		Citizen: id, Login: l.ID, Browser: l.Browser, Method: assurance.PIN, Proofing: p, Binding: p.Binding(), At: h.time(),
	})
}

// identify spends a proof in the browser that holds a token.
func (h *house) identify(l login.Login, p assurance.Proof, token string) (who login.Identified, refusal login.Refusal, err error) {
	err = h.db.Do(h.t.Context(), func(ctx context.Context) error {
		who, refusal, err = h.Identify(ctx, l, p, login.Arrival{Visitor: here, Token: token})
		return err
	})
	return who, refusal, err
}

var here = audit.Visitor{Address: "192.0.2.1", Browser: "Firefox, Android"}

// signIn identifies somebody who is registered so, and fails the test if it cannot.
func (h *house) signIn(l login.Login, id string, p assurance.Proofing, token string) login.Identified {
	h.t.Helper()
	who, refusal, err := h.identify(l, h.proof(l, id, p), token)
	if err != nil || refusal != login.None {
		h.t.Fatal(refusal, err)
	}
	return who
}

func (h *house) complete(l login.Login, mine, token string) (r login.Result, refusal login.Refusal, err error) {
	err = h.db.Do(h.t.Context(), func(ctx context.Context) error {
		seen := ""
		if o, live, wrong := h.Offer(ctx, l, mine, token); wrong == nil && live {
			seen = o.Seen
		}
		r, refusal, err = h.Complete(ctx, l, login.Agreed{Mine: mine, Token: token, Seen: seen}, here)
		return err
	})
	return r, refusal, err
}

func (h *house) end(id string) (list []login.Participation) {
	h.t.Helper()
	err := h.db.Do(h.t.Context(), func(ctx context.Context) (err error) {
		list, err = h.End(ctx, id, "test", here)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func (h *house) alive(id string) bool {
	h.t.Helper()
	alive, err := h.Alive(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return alive
}

func at(party string) func(*login.Request) {
	return func(r *login.Request) { r.Party = party }
}

func TestBeginChecksTheRequest(t *testing.T) {
	h := open(t)
	for name, c := range map[string]struct {
		request login.Request
		want    error
	}{
		"unknown party":    {login.Request{Party: "nobody"}, relying.ErrUnknown},
		"long relay state": {login.Request{Party: "sede", RelayState: strings.Repeat("x", login.MaxRelay+1)}, login.ErrRelay},
		"level too high":   {login.Request{Party: "sede", Level: assurance.High}, login.ErrMethod},
		"method excluded":  {login.Request{Party: "sede", Excluded: []assurance.Method{assurance.PIN}}, login.ErrMethod},
		"method not taken": {login.Request{Party: "other"}, login.ErrMethod},
		"fine":             {login.Request{Party: "sede", RelayState: strings.Repeat("x", login.MaxRelay)}, nil},
	} {
		if _, err := h.Begin(t.Context(), c.request); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A party's own least level holds whatever the request says. Who cannot reach it is identified nevertheless, and the service
// can still be told.
func TestLevelOfThePartyHolds(t *testing.T) {
	h := open(t)
	id := h.citizen("12345678Z", assurance.Basic)
	l := h.begin(at("strict"))
	if l.Request.Level != assurance.Substantial {
		t.Fatalf("asks for %v", l.Request.Level)
	}
	who, refusal, err := h.identify(l, h.proof(l, id, assurance.Basic), "")
	if refusal != login.TooLow || err != nil {
		t.Errorf("%q, %v", refusal, err)
	}
	if _, refusal, err := h.complete(l, who.Session.ID, ""); refusal != login.Stale || err != nil {
		t.Errorf("completed: %q, %v", refusal, err)
	}
	if refusal, err := h.Cancel(t.Context(), l, "denied", here); refusal != login.None || err != nil {
		t.Errorf("%q, %v", refusal, err)
	}
}

func TestCompleteTellsWhoAndHowSure(t *testing.T) {
	h := open(t)
	id := h.citizen("12345678Z", assurance.Advanced)
	l := h.begin(plain)
	who := h.signIn(l, id, assurance.Advanced, "")
	r, refusal, err := h.complete(l, who.Session.ID, "")
	if err != nil || refusal != login.None {
		t.Fatal(refusal, err)
	}
	if r.Citizen.ID != id || r.Level != assurance.Substantial || r.Method != assurance.PIN || !r.At.Equal(noon) ||
		r.Session != who.Session.ID || r.Participation == "" || r.From != here.Address {
		t.Errorf("%+v", r.Level)
	}
	entries, err := h.db.Audits(t.Context(), "", 10)
	events := map[audit.Event]bool{}
	for _, e := range entries {
		events[e.Event] = e.Citizen == id && e.Party == "sede" && e.Browser == here.Browser
	}
	if err != nil || len(entries) != 2 || !events[audit.LoginIdentified] || !events[audit.LoginCompleted] {
		t.Errorf("%+v, %v", entries, err)
	}
}

// TestPast06 answers a request once, however many completions come at once, and once only whatever comes after.
func TestPast06OneRequestOneAnswer(t *testing.T) {
	h := open(t)
	id := h.citizen("12345678Z", assurance.Advanced)
	l := h.begin(plain)
	who := h.signIn(l, id, assurance.Advanced, "")
	var mu sync.Mutex
	var all sync.WaitGroup
	answers := map[login.Refusal]int{}
	for range 50 {
		all.Go(func() {
			_, refusal, err := h.complete(l, who.Session.ID, "")
			mu.Lock()
			defer mu.Unlock()
			if answers[refusal]++; err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if answers[login.None] != 1 || answers[login.Answered] != 49 {
		t.Errorf("%v", answers)
	}
	if answered, err := h.Answered(t.Context(), l); !answered || err != nil {
		t.Errorf("answered: %v, %v", answered, err)
	}
	if answered, err := h.Answered(t.Context(), h.begin(plain)); answered || err != nil {
		t.Errorf("another login is answered: %v, %v", answered, err)
	}
	if refusal, err := h.Cancel(t.Context(), l, "cancelled", here); refusal != login.Answered || err != nil {
		t.Errorf("cancelled after its answer: %q, %v", refusal, err)
	}
}

func TestCancelledIsAnswered(t *testing.T) {
	h := open(t)
	id := h.citizen("12345678Z", assurance.Advanced)
	l := h.begin(plain)
	who := h.signIn(l, id, assurance.Advanced, "")
	if refusal, err := h.Cancel(t.Context(), l, "cancelled", here); refusal != login.None || err != nil {
		t.Fatal(refusal, err)
	}
	if _, refusal, err := h.complete(l, who.Session.ID, ""); refusal != login.Answered || err != nil {
		t.Errorf("completed after it was cancelled: %q, %v", refusal, err)
	}
}

func TestLate(t *testing.T) {
	h := open(t)
	id := h.citizen("12345678Z", assurance.Advanced)
	l := h.begin(plain)
	who := h.signIn(l, id, assurance.Advanced, "")
	h.now = noon.Add(login.Lifetime)
	if _, refusal, err := h.complete(l, who.Session.ID, ""); refusal != login.Late || err != nil {
		t.Errorf("%q, %v", refusal, err)
	}
}

// The proof of another login, or of another browser, opens nothing; nor does one by a method that the request hides.
func TestPast14ProofOfAnotherLogin(t *testing.T) {
	h := open(t)
	id := h.citizen("12345678Z", assurance.Advanced)
	mine, theirs := h.begin(plain), h.begin(plain)
	if _, _, err := h.identify(mine, h.proof(theirs, id, assurance.Advanced), ""); !errors.Is(err, assurance.ErrOtherLogin) {
		t.Errorf("%v", err)
	}
	hidden := mine
	hidden.Request.Excluded = []assurance.Method{assurance.PIN}
	who := h.signIn(mine, id, assurance.Advanced, "")
	if _, refusal, err := h.complete(hidden, who.Session.ID, ""); refusal != login.Stale || err != nil {
		t.Errorf("%q, %v", refusal, err)
	}
}
