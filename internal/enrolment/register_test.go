package enrolment_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/contact"
	"clave/internal/enrolment"
	"clave/internal/notify"
	"clave/internal/secret"
)

func (o *office) settle(id string, s notify.State) {
	o.t.Helper()
	if err := o.store.Do(o.t.Context(), func(ctx context.Context) error { return o.store.SettleMessage(ctx, id, s, o.now) }); err != nil {
		o.t.Fatal(err)
	}
}

func TestRegister(t *testing.T) {
	o := openOffice(t)
	a := o.apply(carmen, valid, "600123456", "carmen@ejemplo.es")
	reg := o.admit(a, enrolment.None)
	c, found := o.citizen(carmen)
	if !found || c.ID != reg.Citizen.ID || c.GivenName != "Carmen" || c.Phone != a.Phone || c.Email != a.Email || c.Lang != "es" {
		t.Fatalf("registered %+v", c)
	}
	if c.Proofing != assurance.Basic || c.PhoneBinding != assurance.Basic.Binding() || c.Frozen {
		t.Errorf("proofing %s, binding %s, frozen %v", c.Proofing, c.PhoneBinding, c.Frozen)
	}
	for channel, want := range map[notify.Channel]notify.Kind{
		notify.SMS: notify.WelcomeSMS, notify.Email: notify.WelcomeEmail, notify.Letter: notify.RegisteredPost,
	} {
		if list := o.claim(channel); len(list) != 1 || list[0].Kind != want || list[0].Lang != "es" {
			t.Errorf("on %s: %d messages, want one %s", channel, len(list), want)
		}
	}
}

// TestRule10Registered never changes somebody's registration by a letter: not by the one they used, nor by another.
func TestRule10Registered(t *testing.T) {
	o := openOffice(t)
	used, spare := o.csv(carmen, valid), o.csv(carmen, valid)
	letter, _ := o.open(carmen, valid, used)
	late, _ := o.open(carmen, valid, spare)
	o.Limits.Letters.Count = 3
	a := o.apply(carmen, valid, "600123456", "carmen@ejemplo.es")
	a.Letter = letter
	o.admit(a, enrolment.None)
	for _, c := range []struct {
		csv  secret.Code
		want enrolment.Opening
	}{{used, enrolment.UsedBefore}, {spare, enrolment.Registered}} {
		if _, opening := o.open(carmen, valid, c.csv); opening != c.want {
			t.Errorf("opened again: %s, want %s", opening, c.want)
		}
	}
	a.Letter, a.Phone = late, contact.Phone{}
	o.admit(a, enrolment.Unproven)
	a.Phone, _ = contact.ParsePhone("600123456")
	o.admit(a, enrolment.NoLonger)
}

// TestRule11 keeps nothing of the activation code but a keyed hash, and tells it to nobody but the receipt.
func TestRule11(t *testing.T) {
	o := openOffice(t)
	reg := o.admit(o.apply(carmen, valid, "600123456", "carmen@ejemplo.es"), enrolment.None)
	code := reg.Activation.Reveal()
	if len(code) != 12 {
		t.Fatalf("a code of %d characters", len(code))
	}
	c, _ := o.citizen(carmen)
	if !c.Activation.Equal(o.Ring.Hash("activation", c.ID, code)) {
		t.Error("what is kept is not the code's keyed hash")
	}
	for _, channel := range []notify.Channel{notify.SMS, notify.Email, notify.Letter} {
		for _, m := range o.claim(channel) {
			for name, value := range m.Values {
				if value == code {
					t.Errorf("%s of %s is the activation code", name, m.Kind)
				}
			}
		}
	}
}

// TestRule12 moves a number once in 30 days, from a registration no stronger than the taker's, and tells its holder.
func TestRule12(t *testing.T) {
	o := openOffice(t)
	o.admit(o.apply(carmen, valid, "600123456", "carmen@ejemplo.es"), enrolment.None)
	a := o.apply(luis, valid, "600123456", "luis@ejemplo.es")
	o.claim(notify.Email)
	o.admit(a, enrolment.PhoneHeld)
	if c, _ := o.citizen(carmen); c.Phone != a.Phone || len(o.claim(notify.Email)) > 0 {
		t.Fatal("something happened before the applicant wanted it")
	}
	a.TakePhone = true
	o.admit(a, enrolment.None)
	if c, _ := o.citizen(carmen); !c.Phone.IsZero() || c.PhoneBinding != 0 || c.Frozen {
		t.Errorf("the old holder has %v, binding %v, frozen %v", c.Phone, c.PhoneBinding, c.Frozen)
	}
	told := 0
	for _, m := range o.claim(notify.Email) {
		if m.Kind == notify.PhoneTaken && m.To == "carmen@ejemplo.es" && m.Values["phone"] == "+34 ··· ··· 456" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the old holder is told %d times", told)
	}
	o.now = o.now.Add(30*day - time.Second)
	b := o.apply(mary, "E12345678", "600123456", "mary@ejemplo.es")
	b.TakePhone = true
	o.admit(b, enrolment.PhoneKept)
	o.now = o.now.Add(time.Second)
	o.admit(b, enrolment.None)
}

func TestRule12Stronger(t *testing.T) {
	o := openOffice(t)
	o.admit(o.apply(carmen, valid, "600123456", "carmen@ejemplo.es"), enrolment.None)
	c, _ := o.citizen(carmen)
	c.PhoneBinding = assurance.Substantial
	if err := o.store.Do(t.Context(), func(ctx context.Context) error { return o.store.SaveCitizen(ctx, c) }); err != nil {
		t.Fatal(err)
	}
	a := o.apply(luis, valid, "600123456", "luis@ejemplo.es")
	a.TakePhone = true
	o.admit(a, enrolment.PhoneKept)
}

// TestRule15 freezes once, by the code of the letter.
func TestRule15(t *testing.T) {
	o := openOffice(t)
	o.admit(o.apply(carmen, valid, "600123456", "carmen@ejemplo.es"), enrolment.None)
	code := secret.NewCode(o.claim(notify.Letter)[0].Values["freeze"])
	for i, c := range []struct {
		code secret.Code
		done bool
	}{{secret.NewCode("ABCDEFGHJKLMNPQR"), false}, {code, true}, {code, false}} {
		done, err := o.Freeze(t.Context(), c.code, "192.0.2.1")
		if err != nil || done != c.done {
			t.Errorf("code %d: %v, %v", i, done, err)
		}
	}
	if c, _ := o.citizen(carmen); !c.Frozen || c.Phone.IsZero() {
		t.Error("not frozen, or more than frozen")
	}
}

// TestPast11 leaves out each step in turn, or does it elsewhere (CVE-2026-18963). The e-mail's code is no proof of a
// phone (safety rule 14).
func TestPast11(t *testing.T) {
	o := openOffice(t)
	whole := o.apply(carmen, valid, "600123456", "carmen@ejemplo.es")
	others := o.apply(luis, valid, "600123457", "luis@ejemplo.es")
	for _, c := range []struct {
		name   string
		change func(a *enrolment.Application)
		want   enrolment.Refusal
	}{
		{"conditions", func(a *enrolment.Application) { a.Accepted = false }, enrolment.NotAccepted},
		{"no proof of the phone", func(a *enrolment.Application) { a.PhoneChallenge = "" }, enrolment.Unproven},
		{"no proof of the e-mail", func(a *enrolment.Application) { a.EmailChallenge = "" }, enrolment.Unproven},
		{"the e-mail's proof for the phone", func(a *enrolment.Application) { a.PhoneChallenge = a.EmailChallenge }, enrolment.Unproven},
		{"another phone", func(a *enrolment.Application) { a.Phone = others.Phone }, enrolment.Unproven},
		{"another e-mail", func(a *enrolment.Application) { a.Email = others.Email }, enrolment.Unproven},
		{"somebody else's proof", func(a *enrolment.Application) { a.Phone, a.PhoneChallenge = others.Phone, others.PhoneChallenge }, enrolment.Unproven},
		{"another browser", func(a *enrolment.Application) { a.Browser = others.Browser }, enrolment.Unproven},
		{"another journey", func(a *enrolment.Application) { a.Flow = others.Flow }, enrolment.Unproven},
		{"no letter", func(a *enrolment.Application) { a.Letter = "" }, enrolment.NoLonger},
		{"somebody else's letter", func(a *enrolment.Application) { a.Letter = others.Letter }, enrolment.NoLonger},
		{"other person", func(a *enrolment.Application) { a.NIF = others.NIF }, enrolment.NoLonger},
		{"other datum", func(a *enrolment.Application) { a.Datum = o.datum(other) }, enrolment.CensusChanged},
	} {
		a := whole
		c.change(&a)
		if _, refusal, err := o.Register(t.Context(), a); refusal != c.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", c.name, refusal, err, c.want)
		}
		if _, found := o.citizen(carmen); found {
			t.Fatalf("%s: registered", c.name)
		}
	}
	o.admit(whole, enrolment.None)
}

// TestOneLetterOneCitizen presses the button many times at once: one citizen, one set of messages.
func TestOneLetterOneCitizen(t *testing.T) {
	o := openOffice(t)
	a := o.apply(carmen, valid, "600123456", "carmen@ejemplo.es")
	var mu sync.Mutex
	citizens := map[string]int{}
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			reg, refusal, err := o.Register(t.Context(), a)
			mu.Lock()
			defer mu.Unlock()
			if citizens[reg.Citizen.ID]++; err != nil || refusal != enrolment.None {
				t.Errorf("%q, %v", refusal, err)
			}
		})
	}
	group.Wait()
	if len(citizens) != 1 {
		t.Errorf("%d citizens", len(citizens))
	}
	if n := len(o.claim(notify.SMS)); n != 1 {
		t.Errorf("%d welcomes", n)
	}
}

// TestCodeBudgets bounds what one phone, one letter and one foreign country may cost.
func TestCodeBudgets(t *testing.T) {
	for _, c := range []struct {
		name  string
		phone func(i int) string
		flow  func(i int) string
		want  int
	}{
		{"one phone", func(int) string { return "600123456" }, flowOf, 5},
		{"one letter", phoneOf, func(int) string { return "flow" }, 10},
		{"one country", func(i int) string { return "+3361234" + phoneOf(i)[5:] }, flowOf, 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := openOffice(t)
			o.Limits.Abroad.Count = 20
			sent := 0
			for i := range 30 {
				p, err := contact.ParsePhone(c.phone(i))
				if err != nil {
					t.Fatal(err)
				}
				s, err := o.AskContact(t.Context(), enrolment.ContactRequest{Flow: c.flow(i), Letter: c.flow(i), Browser: "b", Phone: p, Lang: "es"})
				if err != nil {
					t.Fatal(err)
				}
				if s.Wait == 0 {
					sent++
				}
			}
			if got := len(o.claim(notify.SMS)); sent != c.want || got != c.want {
				t.Errorf("%d codes, %d messages; want %d", sent, got, c.want)
			}
		})
	}
}

func phoneOf(i int) string { return "60012" + string('0'+rune(i/10)) + string('0'+rune(i%10)) + "56" }

func flowOf(i int) string { return phoneOf(i) }

// An answer that was lost on the way is given again, to the enrolment that it belongs to and to no other; the activation
// code that nobody saw is worth nothing any more.
func TestLostAnswerIsGivenAgain(t *testing.T) {
	o := openOffice(t)
	a := o.apply(carmen, valid, "600123456", "carmen@ejemplo.es")
	first := o.admit(a, enrolment.None)
	again := o.admit(a, enrolment.None)
	if again.Citizen.ID != first.Citizen.ID || again.Activation.Reveal() == first.Activation.Reveal() {
		t.Error("the second answer is another citizen, or tells the first code")
	}
	if c, _ := o.citizen(carmen); !c.Activation.Equal(again.Citizen.Activation) || c.Activation.Equal(first.Citizen.Activation) {
		t.Error("the code of the last answer is not the one that holds")
	}
	stranger := a
	stranger.Flow = "01ANOTHERENROLMENT"
	o.admit(stranger, enrolment.Unproven)
}

// The answer is given again for minutes, and never for somebody who was frozen: whoever has copied the enrolment's cookie
// could otherwise replace the activation code whenever they like.
func TestRule11AnAnswerIsNotGivenAgainForEver(t *testing.T) {
	o := openOffice(t)
	late := o.apply(carmen, valid, "600123456", "carmen@ejemplo.es")
	o.admit(late, enrolment.None)
	o.now = o.now.Add(10 * time.Minute)
	o.admit(late, enrolment.NoLonger)

	frozen := o.apply(luis, valid, "600123457", "luis@ejemplo.es")
	o.admit(frozen, enrolment.None)
	if done, err := o.Freeze(t.Context(), secret.NewCode(o.value(notify.RegisteredPost, "freeze")), ""); !done || err != nil {
		t.Fatal(done, err)
	}
	o.admit(frozen, enrolment.NoLonger)
}
