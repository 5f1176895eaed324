package enrolment

import (
	"context"
	"errors"
	"strings"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/secret"
)

// Application is everything that a person gave on the way.
type Application struct {
	Flow           string // the enrolment's id
	Browser        string // its nonce
	Letter         string // the id of the opened letter
	NIF            nif.NIF
	Datum          nif.Datum
	Phone          contact.Phone
	PhoneChallenge string
	Email          contact.Email
	EmailChallenge string
	Lang           string
	TakePhone      bool // the person knows that the number leaves another registration, and wants that
	Accepted       bool // the conditions
	From           string
}

// Registration is what a new citizen gets.
type Registration struct {
	Citizen    citizen.Citizen
	Activation secret.Code // shown once, on the receipt
}

// Refusal is why nobody was registered. It is a value and not an error.
type Refusal string

// The refusals.
const (
	None          Refusal = ""
	NotAccepted   Refusal = "not-accepted"   // the conditions
	Unproven      Refusal = "unproven"       // the phone or the e-mail address was not proven in this enrolment
	NoLonger      Refusal = "no-longer"      // the letter was used or has expired, or the person is registered meanwhile
	PhoneHeld     Refusal = "phone-held"     // the number is another person's: ask whether to take it
	PhoneKept     Refusal = "phone-kept"     // and it cannot be taken from here
	CensusIsDown  Refusal = "census-down"    // try again; nothing is lost
	CensusChanged Refusal = "census-changed" // the register no longer has these data
)

// Register makes the applicant a citizen: usable for a login the moment it returns. The citizen, the letter's use, the
// record and the messages are saved together.
func (s *Service) Register(ctx context.Context, a Application) (Registration, Refusal, error) {
	if !a.Accepted {
		return Registration{}, NotAccepted, nil
	}
	answer, answered := s.lookUp(ctx, a.NIF, a.Datum)
	switch {
	case !answered:
		return Registration{}, CensusIsDown, nil
	case answer.Verdict != person.Matches:
		return Registration{}, CensusChanged, nil
	}
	var reg Registration
	var refusal Refusal
	err := s.Store.Do(ctx, func(ctx context.Context) (err error) {
		reg, refusal, err = s.register(ctx, a, answer.Person)
		return err
	})
	if errors.Is(err, citizen.ErrTaken) { // another registration of the NIF or the phone won the race
		return Registration{}, NoLonger, nil
	}
	return reg, refusal, err
}

func (s *Service) register(ctx context.Context, a Application, p person.Person) (Registration, Refusal, error) {
	now := s.Now()
	l, refusal, err := s.check(ctx, a, now)
	if err != nil || refusal != None {
		return Registration{}, refusal, err
	}
	if l.UsedBy == a.Flow {
		return s.again(ctx, a, now)
	}
	holder, held, err := s.Store.CitizenByPhone(ctx, a.Phone)
	if err != nil {
		return Registration{}, None, err
	}
	if held {
		if refusal, err := s.mayTake(ctx, a, holder, now); err != nil || refusal != None {
			return Registration{}, refusal, err
		}
	}
	if fresh, err := s.Store.UseLetter(ctx, a.Letter, a.Flow, now); err != nil || !fresh {
		return Registration{}, NoLonger, err
	}
	if held {
		if err := s.takePhone(ctx, a, holder, now); err != nil {
			return Registration{}, None, err
		}
	}
	return s.admit(ctx, a, p, now)
}

// check looks at every step again: a step that was skipped shows here (CVE-2026-18963). It returns the letter.
func (s *Service) check(ctx context.Context, a Application, now time.Time) (Letter, Refusal, error) {
	phone := ContactRequest{Phone: a.Phone}
	email := ContactRequest{Email: a.Email}
	for _, step := range []struct {
		contact   ContactRequest
		challenge string
	}{{phone, a.PhoneChallenge}, {email, a.EmailChallenge}} {
		proven, err := s.codes().Proven(ctx, step.challenge, step.contact.purpose(), a.Flow, a.Browser, s.contactHash(step.contact))
		if err != nil || !proven {
			return Letter{}, Unproven, err
		}
	}
	l, found, err := s.Store.Letter(ctx, a.Letter)
	switch {
	case err != nil:
		return l, None, err
	case !found || !l.Subject.Equal(audit.Subject(s.Ring, a.NIF)):
		return l, NoLonger, nil
	case l.UsedBy == a.Flow:
		return l, None, nil
	}
	_, registered, err := s.Store.CitizenByNIF(ctx, a.NIF)
	if registered || !l.Used.IsZero() || !now.Before(l.Expires) {
		return l, NoLonger, err
	}
	return l, None, err
}

// again answers an enrolment that has registered already, and whose answer was lost on the way: the same citizen, with a
// new activation code in place of the one that nobody saw. It does so for minutes only, and to nobody once the citizen is
// frozen or has another phone: a copy of the enrolment's cookie must not be worth an activation code for ever.
func (s *Service) again(ctx context.Context, a Application, now time.Time) (Registration, Refusal, error) {
	c, found, err := s.Store.CitizenByNIF(ctx, a.NIF)
	if err != nil || !found || c.Frozen || c.Phone != a.Phone || !now.Before(c.Registered.Add(answerAgain)) {
		return Registration{}, NoLonger, err
	}
	activation := secret.Draw(csvSymbols, 12)
	c.Activation = s.activationHash(c, activation)
	if err := s.Store.SaveCitizen(ctx, c); err != nil {
		return Registration{}, None, err
	}
	return Registration{Citizen: c, Activation: activation}, None, s.record(ctx, audit.Entry{
		Event: audit.CitizenRegistered, Subject: audit.Subject(s.Ring, c.NIF), Citizen: c.ID, Flow: a.Flow, From: a.From, Outcome: "answered again",
	})
}

// answerAgain is how long after a registration its answer can be asked for again.
const answerAgain = 10 * time.Minute

func (s *Service) activationHash(c citizen.Citizen, code secret.Code) secret.Hash {
	return s.Ring.Hash(codeUse, c.ID, code.Reveal())
}

// mayTake decides whether a proven number may pass to the applicant (Resolution of 14 December 2015, 1.6). A letter
// never takes a number that a stronger registration holds, nor one that changed hands in the last days.
func (s *Service) mayTake(ctx context.Context, a Application, holder citizen.Citizen, now time.Time) (Refusal, error) {
	wait, err := s.Limits.Takeover.Wait(ctx, s.Store, s.takeoverKey(a.Phone), now)
	switch {
	case err != nil:
		return None, err
	case holder.PhoneBinding > assurance.Basic.Binding() || wait > 0:
		return PhoneKept, nil
	case !a.TakePhone:
		return PhoneHeld, nil
	default:
		return None, nil
	}
}

// takePhone leaves the old holder registered, without a phone, and tells them at once by another channel.
func (s *Service) takePhone(ctx context.Context, a Application, holder citizen.Citizen, now time.Time) error {
	if _, err := s.Limits.Takeover.Take(ctx, s.Store, s.takeoverKey(a.Phone), now); err != nil {
		return err
	}
	masked := holder.Phone.Masked()
	holder.Phone, holder.PhoneBinding, holder.PhoneSince = contact.Phone{}, 0, now
	if err := s.Store.SaveCitizen(ctx, holder); err != nil {
		return err
	}
	err := s.Store.AddMessage(ctx, notify.Message{
		ID: secret.ID(now), Kind: notify.PhoneTaken, To: holder.Email.Reveal(), Lang: holder.Lang, Created: now, Until: now.AddDate(0, 0, 30),
		Values: map[string]string{"phone": masked, "url": s.Origin},
	})
	if err != nil {
		return err
	}
	return s.record(ctx, audit.Entry{
		Event: audit.PhoneTaken, Subject: audit.Subject(s.Ring, holder.NIF), Citizen: holder.ID, Flow: a.Flow, From: a.From,
	})
}

func (s *Service) takeoverKey(p contact.Phone) secret.Hash {
	return s.Limits.Takeover.Key(s.Ring, p.Reveal())
}

// admit saves the citizen and everything that is owed to them.
func (s *Service) admit(ctx context.Context, a Application, p person.Person, now time.Time) (Registration, Refusal, error) {
	activation, freeze := secret.Draw(csvSymbols, 12), secret.Draw(csvSymbols, 16)
	c := citizen.Citizen{
		ID: secret.ID(now), NIF: a.NIF, GivenName: p.GivenName, FirstSurname: p.FirstSurname, SecondSurname: p.SecondSurname,
		Phone: a.Phone, PhoneBinding: assurance.Basic.Binding(), PhoneSince: now, Email: a.Email, Lang: a.Lang,
		Proofing: assurance.Basic, Registered: now, Datum: a.Datum, Until: p.Until,
	}
	c.Activation = s.activationHash(c, activation)
	if err := s.Store.AddCitizen(ctx, c); err != nil {
		return Registration{}, None, err
	}
	if err := s.Store.AddFreeze(ctx, s.Ring.Hash(freezeUse, freeze.Reveal()), c.ID); err != nil {
		return Registration{}, None, err
	}
	for _, m := range s.welcome(c, p, freeze, now) {
		if err := s.Store.AddMessage(ctx, m); err != nil {
			return Registration{}, None, err
		}
	}
	return Registration{Citizen: c, Activation: activation}, None, s.record(ctx, audit.Entry{
		Event: audit.CitizenRegistered, Subject: audit.Subject(s.Ring, c.NIF), Citizen: c.ID, Flow: a.Flow, From: a.From, Outcome: string(c.Proofing),
	})
}

// welcome tells the new citizen on every channel, the domicile among them: whoever intercepted the first letter does not
// own the letterbox.
func (s *Service) welcome(c citizen.Citizen, p person.Person, freeze secret.Code, now time.Time) []notify.Message {
	message := func(kind notify.Kind, to string, values map[string]string) notify.Message {
		return notify.Message{
			ID: secret.ID(now), Kind: kind, To: to, Lang: c.Lang, Created: now, Until: now.AddDate(0, 0, 30), Values: values,
		}
	}
	return []notify.Message{
		message(notify.WelcomeSMS, c.Phone.Reveal(), map[string]string{"host": s.Host}),
		message(notify.WelcomeEmail, c.Email.Reveal(), map[string]string{"name": c.GivenName, "url": s.Origin}),
		message(notify.RegisteredPost, "", map[string]string{
			"name": p.Name(), "address": strings.Join(p.Address.Lines(), "\n"), "freeze": freeze.Reveal(), "url": s.Origin,
			"phone": c.Phone.Masked(), "date": now.Format(time.DateOnly),
		}),
	}
}
