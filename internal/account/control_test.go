package account_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"clave/internal/account"
	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/authn/pin"
	"clave/internal/citizen"
	"clave/internal/confirm"
	"clave/internal/contact"
	"clave/internal/locale"
	"clave/internal/login"
	"clave/internal/notify"
	"clave/internal/otp"
	"clave/internal/secret"
)

var there = audit.Visitor{Address: "83.45.1.2", Browser: "Firefox, Android"}

func (h *house) alive(s login.Session) bool {
	h.t.Helper()
	return must(h.Broker.Alive(h.t.Context(), s.ID))
}

// Sessions that opened a service are listed; those of our own pages, idle ones and other people's are not.
func TestSessionsOfAPerson(t *testing.T) {
	h := newHouse(t)
	c, other := h.someone("12345678Z", assurance.Advanced), h.someone("87654321X", assurance.Advanced)
	idle := h.browser("83.45.1.1", "Safari, Mac").enters("tax", c)
	h.move(2 * time.Hour)
	phone := h.browser("83.45.1.2", "Firefox, Android")
	one := phone.enters("town", c)
	l := h.begin("tax")
	phone.completes(l, "")
	bank := h.browser("83.45.1.3", "Edge, Windows").enters("bank", c)
	h.browser("83.45.1.4", "Firefox, Linux").enters("clave", c)
	h.browser("83.45.1.5", "Firefox, Linux").enters("tax", other)
	list, err := h.Sessions(t.Context(), c.ID)
	if err != nil || len(list) != 2 || list[0].ID != one.ID || list[1].ID != bank.ID {
		t.Fatalf("%+v, %v; the idle one is %s", list, err, idle.ID)
	}
	if !slices.Equal(list[0].Parties, []string{"town", "tax"}) || !slices.Equal(list[1].Parties, []string{"bank"}) {
		t.Errorf("services %q, %q", list[0].Parties, list[1].Parties)
	}
}

// A session id opens nothing to anybody but its person.
func TestPast15OnlyOnesOwnSessionsEnd(t *testing.T) {
	h := newHouse(t)
	c, other := h.someone("12345678Z", assurance.Advanced), h.someone("87654321X", assurance.Advanced)
	mine, theirs := h.browser("83.45.1.2", "").enters("tax", c), h.browser("83.45.1.3", "").enters("tax", other)
	for _, id := range []string{theirs.ID, "nobody's", ""} {
		done, err := h.End(t.Context(), c.ID, id, there)
		if _, told, _ := h.Ended(t.Context(), c.ID, id); done || told || err != nil {
			t.Errorf("%q: ended %v, told %v, %v", id, done, told, err)
		}
	}
	if done, err := h.End(t.Context(), "", mine.ID, there); done || err != nil {
		t.Errorf("nobody ended one: %v", err)
	}
	if !h.alive(theirs) || !h.alive(mine) {
		t.Fatal("a session has ended")
	}
	if done, err := h.End(t.Context(), c.ID, mine.ID, there); !done || err != nil || h.alive(mine) {
		t.Errorf("%v, %v", done, err)
	}
	list, told, err := h.Ended(t.Context(), c.ID, mine.ID)
	if err != nil || !told || len(list) != 1 || list[0].State != login.Owed {
		t.Errorf("%+v, %v, %v", list, told, err)
	}
}

func TestEndAllButOne(t *testing.T) {
	h := newHouse(t)
	c := h.someone("12345678Z", assurance.Advanced)
	one, two := h.browser("83.45.1.2", "").enters("tax", c), h.browser("83.45.1.3", "").enters("clave", c)
	own := h.browser("83.45.1.4", "").enters("clave", c)
	ended, err := h.EndAll(t.Context(), c.ID, own.ID, there)
	if err != nil || h.alive(one) || h.alive(two) || !h.alive(own) {
		t.Error(err, h.alive(one), h.alive(two), h.alive(own))
	}
	if !slices.Equal(ended, []string{one.ID}) { // no service relied on the other
		t.Errorf("of services: %q", ended)
	}
}

// "This was not me" ends everything and closes the method, and the person hears of it on every channel.
func TestRule15NotMeOnlyReducesPower(t *testing.T) {
	h := newHouse(t)
	c, other := h.someone("12345678Z", assurance.Advanced), h.someone("87654321X", assurance.Advanced)
	thief := h.browser("198.51.100.7", "Chrome, Linux")
	stolen, theirs := thief.enters("tax", c), h.browser("83.45.1.3", "").enters("tax", other)
	l := h.begin("town")
	challenge, code := thief.ask(l, c, c.Datum)
	own := h.browser("83.45.1.2", "").enters("clave", c)
	h.messages(notify.Email)
	if _, err := h.NotMe(t.Context(), c.ID, there); err != nil {
		t.Fatal(err)
	}
	if h.alive(stolen) || h.alive(own) || !h.alive(theirs) {
		t.Error("sessions", h.alive(stolen), h.alive(own), h.alive(theirs))
	}
	if known := must(h.db.KnownBrowsers(t.Context(), c.ID)); len(known) != 0 || len(must(h.db.KnownBrowsers(t.Context(), other.ID))) != 1 {
		t.Errorf("known %v", known)
	}
	if _, verdict := thief.types(l, challenge, code); verdict == otp.Right {
		t.Error("a PIN sent before it still opens")
	}
	after, want := h.again(c), c
	want.Blocked = []assurance.Method{assurance.PIN}
	if after.May(assurance.PIN) || after.Frozen || after.PhoneBinding != want.PhoneBinding || after.Phone != want.Phone || after.Proofing != want.Proofing {
		t.Errorf("now %+v", after)
	}
	mail, sms := h.messages(notify.Email), h.messages(notify.SMS)
	if len(mail) != 1 || mail[0].Kind != notify.NotMe || len(sms) != 1 || sms[0].Kind != notify.NotMeSMS || sms[0].To != c.Phone.Reveal() {
		t.Errorf("told %+v %+v", mail, sms)
	}
	if lines := h.history(c); !slices.Contains(lines, "blocked   none 0") {
		t.Errorf("the record: %q", lines)
	}
}

// Whoever asks for a PIN of somebody who closed it sees what a stranger sees; the truth goes to the person.
func TestPast13BlockedLooksLikeAStranger(t *testing.T) {
	for name, mail := range map[string]bool{"with a mailbox": true, "with a phone only": false} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			c := h.someone("12345678Z", assurance.Advanced)
			if !mail {
				c.Email = contact.Email{}
				h.do(func(ctx context.Context) error { return h.db.SaveCitizen(ctx, c) })
			}
			if _, err := h.NotMe(t.Context(), c.ID, there); err != nil {
				t.Fatal(err)
			}
			h.messages(notify.Email)
			h.messages(notify.SMS)
			l := h.begin("tax")
			asked, err := h.pin.Ask(t.Context(), pin.Ask{Login: l.ID, Browser: l.Browser, NIF: c.NIF, Datum: c.Datum, Party: "tax", Service: "Hacienda", Lang: "es"})
			if err != nil || asked.Challenge == "" || asked.Wait > 0 {
				t.Errorf("%+v, %v", asked, err)
			}
			if lines := h.history(c); lines[0] != "not-sent tax pin none 0" {
				t.Errorf("the record: %q", lines)
			}
			told, want := h.messages(notify.Email), notify.PINBlocked
			if !mail {
				told, want = h.messages(notify.SMS), notify.PINBlockedSMS
			}
			if len(told) != 1 || told[0].Kind != want || told[0].Values["code"] != "" {
				t.Errorf("told %+v", told)
			}
		})
	}
}

// Row 10: what the person closed stays closed on the road where a service asks them to confirm, also for an answer that was
// given before.
func TestPast10BlockedConfirmsNothing(t *testing.T) {
	h := newHouse(t)
	c := h.someone("12345678Z", assurance.Advanced)
	service := &confirm.Service{
		Store: h.db, Ring: ring(), Parties: h.Broker.Parties, Policy: h.Broker.Policy, Methods: h.Broker.Methods,
		Limits: confirm.DefaultLimits(), Host: "clave.test", Now: h.time,
	}
	ask := func() string {
		id, wait, err := service.Ask(t.Context(), confirm.Ask{Party: "tax", NIF: c.NIF, Message: "Su cita", Level: assurance.Low, Life: time.Minute})
		if err != nil || wait > 0 {
			t.Fatal(wait, err)
		}
		return id
	}
	answer := func(id string) confirm.Refusal {
		_, why, err := service.Answer(t.Context(), confirm.Answer{ID: id, Citizen: c.ID, Verdict: confirm.Confirmed, From: there,
			Means: confirm.Means{Method: assurance.PIN, Level: assurance.Substantial, At: h.time()}})
		if err != nil {
			t.Fatal(err)
		}
		return why
	}
	before := ask()
	if why := answer(before); why != confirm.None {
		t.Fatal(why)
	}
	if _, err := h.NotMe(t.Context(), c.ID, there); err != nil {
		t.Fatal(err)
	}
	if o := must(service.Outcome(t.Context(), before)); o.State != confirm.Refused {
		t.Errorf("what was confirmed before is %s", o.State)
	}
	h.move(2 * time.Minute)
	if why := answer(ask()); why != confirm.Blocked {
		t.Errorf("a new one: %q", why)
	}
}

// Pressed twice, at once or not, it is one block and one person.
func TestNotMeTwice(t *testing.T) {
	h := newHouse(t)
	c := h.someone("12345678Z", assurance.Advanced)
	for range 2 {
		if _, err := h.NotMe(t.Context(), c.ID, there); err != nil {
			t.Fatal(err)
		}
	}
	if blocked := h.again(c).Blocked; len(blocked) != 1 || len(h.history(c)) != 1 {
		t.Errorf("%v, %q", blocked, h.history(c))
	}
	if _, err := h.NotMe(t.Context(), "nobody", there); err == nil {
		t.Error("nobody was blocked")
	}
}

// The copy holds all that is kept, and all of the record, however long it is.
func TestCopyHoldsEverything(t *testing.T) {
	h := newHouse(t)
	c, other := h.someone("12345678Z", assurance.Advanced), h.someone("87654321X", assurance.Advanced)
	h.browser("83.45.1.2", "Firefox, Android").enters("tax", c)
	h.browser("83.45.1.3", "Safari, Mac").enters("town", other)
	const more = 1100
	h.do(func(ctx context.Context) error {
		for range more {
			now := h.time()
			e := audit.Entry{ID: secret.ID(now), At: now, Event: audit.PINAsked, Subject: audit.Subject(ring(), c.NIF), Flow: "one"}
			if err := h.db.AddAudit(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	all := must(h.Copy(t.Context(), c, there))
	text := string(must(all.JSON()))
	for _, want := range []string{"12345678Z", "ÁLVAREZ", c.Phone.Reveal(), "ana@example.org", "83.45.1.2", "Firefox, Android", "2030-06-30", `"tax"`, "login.completed"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %s", want)
		}
	}
	if strings.Contains(text, "83.45.1.3") || strings.Contains(text, "87654321X") {
		t.Error("it holds somebody else's")
	}
	if len(all.Record) != more+3 || len(all.Sessions) != 1 || len(all.Browsers) != 1 || len(all.Visits()) != 2 {
		t.Errorf("%d entries, %d sessions, %d browsers, %d visits", len(all.Record), len(all.Sessions), len(all.Browsers), len(all.Visits()))
	}
	if !json.Valid([]byte(text)) {
		t.Error("it is not JSON")
	}
	if lines := h.history(c); lines[0] != "copied   none 0" {
		t.Errorf("the record: %q", lines[0])
	}
}

func TestReaches(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		citizen citizen.Citizen
		want    account.Reach
	}{
		"advanced":   {bent(func(c *citizen.Citizen) { c.Proofing = assurance.Advanced }), account.Reach{Level: assurance.Substantial}},
		"basic":      {bent(func(c *citizen.Citizen) { c.Proofing = assurance.Basic }), account.Reach{Level: assurance.Low, More: true}},
		"weak phone": {bent(func(c *citizen.Citizen) { c.PhoneBinding = assurance.Low }), account.Reach{Level: assurance.Low, More: true}},
		"no phone":   {bent(func(c *citizen.Citizen) { c.Phone = contact.Phone{} }), account.Reach{NoPhone: true}},
		"blocked":    {bent(func(c *citizen.Citizen) { c.Blocked = account.Blockable }), account.Reach{Blocked: true}},
	} {
		c.want.Method = assurance.PIN
		if got := h.Reaches(c.citizen); !slices.Equal(got, []account.Reach{c.want}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func bent(bend func(*citizen.Citizen)) citizen.Citizen {
	c := citizen.Citizen{Proofing: assurance.Advanced, PhoneBinding: assurance.High, Phone: must(contact.ParsePhone("600000001"))}
	bend(&c)
	return c
}

// The person's language is how we write to them: one entry of the record says so, and nothing else changes.
func TestSetLanguage(t *testing.T) {
	h := newHouse(t)
	c := h.someone("12345678Z", assurance.Advanced)
	galician, _ := locale.Lookup("gl")
	for range 2 {
		if err := h.SetLanguage(t.Context(), c.ID, galician, there); err != nil {
			t.Fatal(err)
		}
	}
	want := h.again(c)
	if want.Lang != "gl" {
		t.Errorf("it is %s", want.Lang)
	}
	if want.Lang = c.Lang; !reflect.DeepEqual(want, c) {
		t.Errorf("more changed: %+v", want)
	}
	list := must(h.db.EntriesOf(t.Context(), audit.Subject(h.Ring, c.NIF), "", 10))
	if len(list) != 1 || list[0].Event != audit.CitizenLanguage || list[0].Outcome != "gl" || list[0].From != there.Address {
		t.Errorf("the record says %+v", list)
	}
	if err := h.SetLanguage(t.Context(), "nobody", galician, there); err == nil {
		t.Error("nobody has a language")
	}
}
