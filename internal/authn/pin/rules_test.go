package pin_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/authn/pin"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/otp"
	"clave/internal/person"
	"clave/internal/secret"
)

// Rule 1: a challenge belongs to a login and a browser; asking elsewhere never closes it.
func TestRule01ChallengeOfABrowser(t *testing.T) {
	h := newHouse(t)
	p := h.ana()
	mine, theirs := h.newPlace(), h.newPlace()
	asked, code := h.sent(mine, p)
	other, _ := h.sent(theirs, p)
	for _, foreign := range []place{
		theirs,
		{login: mine.login, browser: theirs.browser},
		{login: theirs.login, browser: mine.browser},
		{login: mine.login},
	} {
		for range 2 * h.Limits.Tries { // none of these uses up a try
			h.wants(h.try(foreign, asked.Challenge, code), otp.Foreign)
		}
	}
	h.wants(h.try(theirs, other.Challenge, code), otp.Wrong)
	h.wants(h.try(mine, asked.Challenge, code), otp.Right)
}

// Rule 2: strangers who know somebody's datum use up the budget of strangers, and never that of the browser in which the
// person signed in before.
func TestRule02TwoBudgets(t *testing.T) {
	h := newHouse(t)
	p := h.ana()
	mine := h.newPlace()
	mine.known = secret.Token().Reveal()
	h.signIn(mine, p)
	for range h.Limits.Asked.Count {
		h.ask(h.newPlace(), p)
	}
	h.phone()
	if h.ask(h.newPlace(), p); len(h.phone()) != 0 {
		t.Fatal("strangers still have a budget")
	}
	h.signIn(mine, p)

	unknown := h.newPlace()
	unknown.known = secret.Token().Reveal() // a token that nobody signed in with
	if h.ask(unknown, p); len(h.phone()) != 0 {
		t.Error("any token opens a budget")
	}
	luis := h.luis()
	for range h.Limits.Asked.Count { // the browser is known as Ana's, not as Luis'
		h.ask(mine, luis)
	}
	h.phone()
	if h.ask(h.newPlace(), luis); len(h.phone()) != 0 {
		t.Error("a browser that is known to one person spends a budget of its own for another")
	}
}

// How long to wait is told where it was earned. A stranger who tries every date on somebody who used their requests up
// would otherwise be told to wait at the right one, and wrong data have a limit that such an answer would go around.
func TestRule08TheWaitOfAnotherIsNotTold(t *testing.T) {
	h := newHouse(t)
	p := h.ana()
	home := h.newPlace()
	for range h.Limits.Asked.Count {
		h.ask(home, p)
	}
	h.phone()
	guess := p
	guess.Datum = must(nif.ParseDate(nif.Validity, "2030-07-01"))
	for _, tried := range []person.Person{p, guess} {
		if asked := h.ask(h.newPlace(), tried); asked.Wait > 0 || asked.Challenge == "" || len(h.phone()) != 0 {
			t.Errorf("%v: the page can tell, or a PIN went out: %+v", tried.Datum == p.Datum, asked)
		}
	}
	again := h.newPlace()
	again.from = home.from // another login and browser at home
	if asked := h.ask(again, p); asked.Wait == 0 {
		t.Error("whoever asked so often is not told to wait")
	}
}

// That a person has typed ten wrong PINs is told to whoever shows the right datum, and so tells that it is right: but not to
// a guesser, whom ten wrong data stop.
func TestRule08WaitIsNotToldToGuessers(t *testing.T) {
	h := newHouse(t)
	h.Limits.Asked.Count = 10
	p := h.ana()
	for range 4 {
		at := h.newPlace()
		asked, code := h.sent(at, p)
		for j := range h.Limits.Tries {
			h.try(at, asked.Challenge, wrong(code, j))
		}
		h.move(time.Second)
	}
	if asked := h.ask(h.newPlace(), p); asked.Wait == 0 {
		t.Fatal("ten wrong PINs, and no wait")
	}
	guess := p
	for i := range citizen.WrongData.Count {
		guess.Datum = must(nif.ParseDate(nif.Validity, fmt.Sprintf("2031-07-%02d", i+1)))
		h.ask(h.newPlace(), guess)
	}
	if asked := h.ask(h.newPlace(), p); asked.Wait > 0 || asked.Challenge == "" {
		t.Errorf("the eleventh guess is told that it is right: %+v", asked)
	}
}

// A stranger who does not know the datum spends a budget that is nobody's.
func TestRule02WrongDatumSpendsNothing(t *testing.T) {
	h := newHouse(t)
	p := h.ana()
	guess := p
	guess.Datum = must(nif.ParseDate(nif.Validity, "2030-07-01"))
	for range 2 * h.Limits.Asked.Count {
		h.ask(h.newPlace(), guess)
	}
	h.signIn(h.newPlace(), p)
}

// After a hundred failures in a row no PIN goes out for browsers that are not known, and nobody is told; a sign-in from a
// known browser still works.
func TestRule02FailuresInARow(t *testing.T) {
	h := newHouse(t)
	h.Limits.Asked.Count, h.Limits.Wrong.Count, h.Limits.InARow.Count = 100, 100, 6
	p := h.ana()
	mine := h.newPlace()
	mine.known = secret.Token().Reveal()
	h.signIn(mine, p)
	for range 2 {
		at := h.newPlace()
		asked, code := h.sent(at, p)
		for j := range h.Limits.Tries {
			h.wants(h.try(at, asked.Challenge, wrong(code, j)), otp.Wrong)
		}
	}
	h.move(48 * time.Hour) // time does not reopen it
	asked := h.ask(h.newPlace(), p)
	if len(h.phone()) != 0 || asked.Challenge == "" || asked.Wait > 0 {
		t.Errorf("a PIN went out, or the page can tell: %+v", asked)
	}
	h.signIn(mine, p)
}

// A wrong datum is counted for the person at every entrance; after ten even the right one is not believed, and the answer
// does not say so.
func TestRule02WrongData(t *testing.T) {
	h := newHouse(t)
	h.Limits.Asked.Count = 100
	p := h.ana()
	for i := range citizen.WrongData.Count {
		guess := p
		guess.Datum = must(nif.ParseDate(nif.Validity, p.Until.AddDate(0, 0, i+1).Format(time.DateOnly)))
		h.ask(h.newPlace(), guess)
	}
	if asked := h.ask(h.newPlace(), p); len(h.phone()) != 0 || asked.Challenge == "" || asked.Wait > 0 {
		t.Errorf("the eleventh datum is believed, or the page can tell: %+v", asked)
	}
	h.move(citizen.WrongData.Per)
	h.signIn(h.newPlace(), p)
}

// Rule 4: a code opens its own challenge only, and is nowhere in the database.
func TestRule04CodeIsBound(t *testing.T) {
	h := newHouse(t)
	p := h.ana()
	at := h.newPlace()
	first, one := h.sent(at, p)
	second, two := h.sent(at, p)
	for one == two { // once in a million
		second, two = h.sent(at, p)
	}
	h.wants(h.try(at, first.Challenge, two), otp.Wrong)
	h.wants(h.try(at, second.Challenge, one), otp.Wrong)
	for _, code := range []string{one, two} {
		h.nowhere(code)
		h.nowhere(p.NIF.String())
		h.nowhere(p.Datum.Reveal())
	}
	h.wants(h.try(at, first.Challenge, one), otp.Right)
	h.wants(h.try(at, second.Challenge, two), otp.Right)
}

// nowhere looks for a secret in everything that signing in writes.
func (h *house) nowhere(text string) {
	h.t.Helper()
	for _, table := range []string{"challenges", "messages", "audits", "counters", "citizens"} {
		h.query("SELECT * FROM "+table, func(r *sql.Rows) error {
			names, err := r.Columns()
			values := make([]any, len(names))
			for i := range values {
				values[i] = new(any)
			}
			err = errors.Join(err, r.Scan(values...))
			for i, v := range values {
				switch v := (*v.(*any)).(type) {
				case string:
					h.free(table+"."+names[i], v, text)
				case []byte:
					h.free(table+"."+names[i], string(v), text)
				}
			}
			return err
		})
	}
}

func (h *house) free(where, holds, text string) {
	h.t.Helper()
	if bytes.Contains([]byte(holds), []byte(text)) {
		h.t.Errorf("%s holds a secret", where)
	}
}

// Rule 8: whoever is not registered walks the same road: the same answer, the same rows, the same states of the message.
func TestRule08StrangersWalkTheSameRoad(t *testing.T) {
	var want string
	for i, c := range []struct {
		name string
		make func(h *house) person.Person
	}{
		{"citizen", (*house).ana},
		{"nobody", func(*house) person.Person { return somebody("12345678Z") }},
		{"not registered", func(h *house) person.Person { p := somebody("12345678Z"); h.people[p.NIF] = p; return p }},
		{"wrong datum", func(h *house) person.Person {
			p := h.ana()
			p.Datum = must(nif.ParseDate(nif.Issue, "2030-06-30")) // the same day, of another kind
			return p
		}},
		{"frozen", func(h *house) person.Person {
			p := h.ana()
			h.changed(p, func(c *citizen.Citizen) { c.Frozen = true })
			return p
		}},
	} {
		h := newHouse(t)
		got := h.road(c.make(h))
		if i == 0 {
			want = got
		}
		if got != want {
			t.Errorf("%s:\n%s\na citizen:\n%s", c.name, got, want)
		}
	}
}

// road is what a visitor can learn from asking, watching, failing and asking again.
func (h *house) road(p person.Person) string {
	var seen []string
	at := h.newPlace()
	asked := h.ask(at, p)
	seen = append(seen, fmt.Sprint(len(asked.Challenge), len(asked.Label), asked.Expires, asked.Wait, asked.Expired), h.rows())
	sent := h.phone()
	for _, step := range []struct {
		after time.Duration
		state notify.State
	}{{0, notify.Queued}, {300 * time.Millisecond, notify.Accepted}, {1200 * time.Millisecond, notify.Delivered}} {
		h.move(step.after)
		for _, m := range sent {
			if step.state != notify.Queued {
				h.do(func(ctx context.Context) error { return h.db.SettleMessage(ctx, m.ID, step.state, h.time()) })
			}
		}
		state := must(h.Status(h.t.Context(), asked.Challenge))
		if state == notify.Sending { // pages say the same of both
			state = notify.Queued
		}
		seen = append(seen, string(state))
	}
	for range h.Limits.Tries + 1 {
		tried := h.try(at, asked.Challenge, "000000")
		seen = append(seen, fmt.Sprint(tried.Verdict, tried.Left, tried.Wait))
	}
	for range h.Limits.Asked.Count {
		asked := h.ask(at, p)
		seen = append(seen, fmt.Sprint(asked.Challenge != "", asked.Wait, asked.Expired))
	}
	return strings.Join(append(seen, h.rows()), "\n")
}

// Whoever has lost the phone is told by e-mail, and by no page.
func TestRule08WithoutPhone(t *testing.T) {
	h := newHouse(t)
	p := h.ana()
	h.changed(p, func(c *citizen.Citizen) { c.Phone = contact.Phone{} })
	asked := h.ask(h.newPlace(), p)
	if asked.Challenge == "" || asked.Wait > 0 || asked.Expired || len(h.phone()) != 0 {
		t.Errorf("the answer differs: %+v", asked)
	}
	var kinds []string
	h.query("SELECT kind FROM messages WHERE decoy = FALSE", func(r *sql.Rows) error {
		var kind string
		err := r.Scan(&kind)
		kinds = append(kinds, kind)
		return err
	})
	if fmt.Sprint(kinds) != "[phone-missing]" {
		t.Errorf("messages %v", kinds)
	}
}

// What changed between the SMS and the PIN counts: a registration that was frozen, a phone that passed on.
func TestRule08ChangedSince(t *testing.T) {
	for name, change := range map[string]func(*citizen.Citizen){
		"frozen":        func(c *citizen.Citizen) { c.Frozen = true },
		"phone lost":    func(c *citizen.Citizen) { c.Phone = contact.Phone{} },
		"phone changed": func(c *citizen.Citizen) { c.PhoneSince = noon.Add(time.Minute) },
	} {
		h := newHouse(t)
		p := h.ana()
		at := h.newPlace()
		asked, code := h.sent(at, p)
		h.move(2 * time.Minute)
		h.changed(p, change)
		if tried := h.try(at, asked.Challenge, code); tried.Verdict != otp.Spent || tried.Proof.Citizen() != "" {
			t.Errorf("%s: %s", name, tried.Verdict)
		}
	}
}

// counting is a register that counts who was asked for, and fails when told to.
type counting struct {
	person.Census
	asked atomic.Int64
	fails func(context.Context) error
}

func (c *counting) Match(ctx context.Context, n nif.NIF, d nif.Datum) (person.Answer, error) {
	c.asked.Add(1)
	if c.fails != nil {
		return person.Answer{}, c.fails(ctx)
	}
	return c.Census.Match(ctx, n, d)
}

// Rule 9: the register is asked for strangers as for citizens, with a deadline; while it does not answer, the copy of the
// datum that the last success left serves, and only that one.
func TestRule09Census(t *testing.T) {
	h := newHouse(t)
	register := &counting{Census: h.people}
	h.Census = register
	p := h.ana()
	h.ask(h.newPlace(), somebody("87654321X"))
	h.ask(h.newPlace(), p)
	if register.asked.Load() != 2 {
		t.Errorf("the register was asked %d times, want 2", register.asked.Load())
	}
	h.phone()

	h.Limits.Census = time.Millisecond
	register.fails = func(ctx context.Context) error {
		<-ctx.Done() // hangs until the deadline
		return ctx.Err()
	}
	h.signIn(h.newPlace(), p)
	register.fails = func(context.Context) error { return errors.New("down") }
	guess := p
	guess.Datum = must(nif.ParseDate(nif.Validity, "2031-01-01"))
	if h.ask(h.newPlace(), guess); len(h.phone()) != 0 {
		t.Error("while the register is down any datum will do")
	}
	if asked := h.ask(h.newPlace(), somebody("11111111H")); asked.Challenge == "" {
		t.Error("a stranger sees that the register is down")
	}

	register.fails = nil
	renewed := p
	renewed.Datum, renewed.Until = must(nif.ParseDate(nif.Validity, "2036-06-30")), time.Date(2036, 6, 30, 0, 0, 0, 0, time.UTC)
	h.people[p.NIF] = renewed
	h.signIn(h.newPlace(), renewed) // the copy is refreshed
	register.fails = func(context.Context) error { return errors.New("down") }
	h.signIn(h.newPlace(), renewed)
	if h.ask(h.newPlace(), p); len(h.phone()) != 0 {
		t.Error("the old datum still serves")
	}
}

// A document that expired is told to whoever knows its datum, and costs no SMS.
func TestRule08ExpiredDocument(t *testing.T) {
	h := newHouse(t)
	p := h.ana()
	h.move(time.Date(2030, 7, 1, 12, 0, 0, 0, time.UTC).Sub(noon))
	if asked := h.ask(h.newPlace(), p); !asked.Expired || asked.Challenge != "" || len(h.phone()) != 0 {
		t.Errorf("got %+v", asked)
	}
}

// Rule 5: a label is four letters or digits, or is drawn.
func TestRule05Label(t *testing.T) {
	h := newHouse(t)
	p := h.ana()
	for typed, want := range map[string]string{"ab12": "AB12", " zz99 ": "ZZ99", "": ""} {
		h.move(time.Hour)
		asked, err := h.Ask(t.Context(), pin.Ask{Login: "l", Browser: "b", NIF: p.NIF, Datum: p.Datum, Label: typed, Lang: "es"})
		if err != nil || len(asked.Label) != 4 || want != "" && asked.Label != want {
			t.Errorf("%q: %q, %v", typed, asked.Label, err)
		}
		if m := h.phone()[0]; (m.Values["label"] == "") != (want != "") {
			t.Errorf("%q: the message holds %q", typed, m.Values["label"])
		}
	}
	for _, typed := range []string{"abc", "abcde", "a-b1", "ñandu", "áéíó", "    "} {
		if _, err := h.Ask(t.Context(), pin.Ask{NIF: p.NIF, Datum: p.Datum, Label: typed}); !errors.Is(err, pin.ErrLabel) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

// Rule 9 of the past: neither answer prints the code, nor does the proof name more than the person.
func TestPast09AnswersHoldNoCode(t *testing.T) {
	h := newHouse(t)
	at := h.newPlace()
	asked, code := h.sent(at, h.ana())
	tried := h.try(at, asked.Challenge, code)
	for _, printed := range []string{fmt.Sprintf("%+v", asked), fmt.Sprintf("%+v", tried), fmt.Sprintf("%#v", tried)} {
		if strings.Contains(printed, code) {
			t.Errorf("the PIN shows in %s", printed)
		}
	}
	if tried.Proof.Check(at.login, at.browser) != nil || tried.Proof.Check(at.login, "other") == nil || tried.Proof.Check("other", at.browser) == nil {
		t.Error("the proof is not of this login and browser")
	}
}
