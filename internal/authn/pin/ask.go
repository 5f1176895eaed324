package pin

import (
	"context"
	"errors"
	"strings"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/otp"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/throttle"
)

// Ask is a request for a PIN.
type Ask struct {
	Login   string // the id of the login it is for
	Browser string // the nonce of that login's browser
	Known   string // the token of a browser that signed in before; empty when there is none
	NIF     nif.NIF
	Datum   nif.Datum
	Label   string // chosen by the person; empty to have one made
	Party   string // the service's id
	Service string // and its name
	Lang    string
	From    string // the visitor's address
}

// Asked is the answer to a request. It is the same for a citizen and a stranger.
type Asked struct {
	Challenge string
	Label     string
	Expires   time.Time
	Wait      time.Duration // more than zero: too many were asked for, nothing was sent
	Expired   bool          // the datum is right, but the document is no longer valid; nothing was sent
}

// ErrLabel means that a chosen label is not four letters or digits.
var ErrLabel = errors.New("pin: the label must be four letters or digits")

// Ask makes a challenge and owes the SMS, in one unit of work. Errors: ErrLabel, and those of the store; a register that
// does not answer in time is not an error.
func (s *Service) Ask(ctx context.Context, a Ask) (Asked, error) {
	label, err := label(a.Label)
	if err != nil {
		return Asked{}, err
	}
	q := question{Ask: a, now: s.Now(), subject: audit.Subject(s.Ring, a.NIF)}
	q.answer, q.answered = person.Look(ctx, s.Census, s.Limits.Census, a.NIF, a.Datum)
	var asked Asked
	err = s.Store.Do(ctx, func(ctx context.Context) error {
		asked = Asked{Label: label}
		return s.decide(ctx, q, &asked)
	})
	return asked, err
}

// question is a request with what was found out about it.
type question struct {
	Ask
	now      time.Time
	subject  secret.Hash
	scope    string // whose data tries: those of a known browser, or of all others
	budget   string // whose requests and wrong PINs: the scope's for this NIF and datum
	place    string // the visitor's network; empty in a known browser, which is a place of its own
	answer   person.Answer
	answered bool // the register did answer
	citizen  citizen.Citizen
	found    bool
	blocked  bool // too many wrong data were typed for this NIF
}

func (s *Service) decide(ctx context.Context, q question, asked *Asked) (err error) {
	if q.scope, err = s.scope(ctx, q.Known, q.subject); err != nil {
		return err
	}
	q.budget = s.budget(q)
	if q.scope == others {
		q.place = throttle.Network(q.From)
	}
	if q.citizen, q.found, err = s.Store.CitizenByNIF(ctx, q.NIF); err != nil {
		return err
	}
	if !q.answered {
		q.answer = fromCopy(q)
	}
	if q.blocked, err = s.blocked(ctx, q); err != nil {
		return err
	}
	if asked.Wait, err = s.wait(ctx, q); err != nil || asked.Wait > 0 {
		return err
	}
	why, err := s.refusal(ctx, q)
	if err != nil {
		return err
	}
	if asked.Expired = why == expired; asked.Expired {
		return s.record(ctx, q, why)
	}
	if err := s.refresh(ctx, q, why); err != nil {
		return err
	}
	return s.challenge(ctx, q, why, asked)
}

// refresh keeps the copy of the datum that serves while the register does not answer.
func (s *Service) refresh(ctx context.Context, q question, why reason) error {
	c := q.citizen
	if why != none || !q.answered || c.Datum == q.Datum && c.Until.Equal(q.answer.Person.Until) {
		return nil
	}
	c.Datum, c.Until = q.Datum, q.answer.Person.Until
	return s.Store.SaveCitizen(ctx, c)
}

// wait counts the request for the place that it comes from, and says how long that must wait for the next. What was
// asked for elsewhere is not told here (see often): a wait that the visitor did not earn would tell that the datum is right.
// Nor is that for wrong PINs, which needs the right datum, to whoever has typed too many wrong ones.
func (s *Service) wait(ctx context.Context, q question) (time.Duration, error) {
	wrong, err := s.Limits.Wrong.Wait(ctx, s.Store, s.Limits.Wrong.Key(s.Ring, q.budget), q.now)
	if err != nil || wrong > 0 && !q.blocked {
		return wrong, err
	}
	asked := s.Limits.Asked
	if q.scope != others {
		asked = s.Limits.Often
	}
	return asked.Take(ctx, s.Store, asked.Key(s.Ring, q.budget, q.place), q.now)
}

// often counts the request for all places together, and tells whether there were too many. It is never said.
func (s *Service) often(ctx context.Context, q question) (bool, error) {
	if q.scope != others {
		return false, nil
	}
	wait, err := s.Limits.Asked.Take(ctx, s.Store, s.Limits.Asked.Key(s.Ring, q.budget), q.now)
	return wait > 0, err
}

// budget is counted by NIF and datum together, whether the datum is right or not. Only the right one ever leads to a PIN,
// so it is the person's budget; a stranger who does not know it cannot use it up.
func (s *Service) budget(q question) string {
	return string(s.Ring.Hash(budgetUse, string(q.subject), q.Datum.Reveal(), q.scope))
}

// reason is why no code will be right. It stands in the record; but for expired, nothing that a visitor can see depends on
// it.
type reason string

const (
	none         reason = ""
	tooManyData  reason = "too many wrong data"
	wrongDatum   reason = "wrong datum"
	expired      reason = "document expired"
	unregistered reason = "unregistered"
	frozen       reason = "frozen"
	noPhone      reason = "no phone"
	disowned     reason = "closed by the person"
	closed       reason = "closed after failures in a row"
	tooOften     reason = "too many asked for elsewhere"
)

// refusal finds the reason, in an order that tells a visitor nothing: that a document expired is said to whoever knows
// its datum, registered or not.
func (s *Service) refusal(ctx context.Context, q question) (reason, error) {
	often, err := s.often(ctx, q)
	if err != nil {
		return none, err
	}
	row, err := s.Limits.InARow.Wait(ctx, s.Store, s.Limits.InARow.Key(s.Ring, q.budget), q.now)
	switch {
	case err != nil:
		return none, err
	case q.blocked:
		return tooManyData, nil
	case q.answer.Verdict != person.Matches:
		return wrongDatum, nil
	case q.answer.Person.Expired(q.now):
		return expired, nil
	case often: // before all that sends an e-mail
		return tooOften, nil
	case !q.found:
		return unregistered, nil
	case q.citizen.Frozen:
		return frozen, nil
	case !q.citizen.May(assurance.PIN):
		return disowned, nil
	case q.citizen.Phone.IsZero():
		return noPhone, nil
	case row > 0 && q.scope == others:
		return closed, nil
	default:
		return none, nil
	}
}

// blocked counts a wrong datum, and tells whether there were too many.
func (s *Service) blocked(ctx context.Context, q question) (bool, error) {
	wrong := q.answer.Verdict != person.Matches
	if wrong {
		s.Alarm.Note(ctx, q.now)
	}
	return citizen.CountDatum(ctx, s.Store, s.Ring, q.subject, q.scope, wrong, q.now)
}

// challenge saves the challenge, the message and the record: as many rows for a stranger as for a citizen.
func (s *Service) challenge(ctx context.Context, q question, why reason, asked *Asked) error {
	code, message := s.Style.Draw(), secret.ID(q.now)
	ch, err := s.codes().Issue(ctx, otp.Order{
		Purpose: otp.SignIn, Flow: q.Login, Browser: q.Browser, Subject: q.subject, Budget: q.budget, Citizen: q.citizen.ID,
		Label: asked.Label, Message: message, Code: code, Lifetime: s.Limits.Lifetime, Max: s.Limits.Tries, Dead: why != none,
	}, q.now)
	if err != nil {
		return err
	}
	asked.Challenge, asked.Expires = ch.ID, ch.Expires
	if err := s.Store.AddMessage(ctx, s.sms(q, message, code, asked.Label, why != none)); err != nil {
		return err
	}
	if m, owed := s.truth(q, why); owed {
		if err := s.Store.AddMessage(ctx, m); err != nil {
			return err
		}
	}
	return s.record(ctx, q, why)
}

// sms names the service and repeats the label, so that the person can match request and message. A label that the person
// chose is not repeated: whoever asks for a PIN in another's name would write to that phone (safety rule 5).
func (s *Service) sms(q question, id string, code secret.Code, label string, dead bool) notify.Message {
	if q.Label != "" {
		label = ""
	}
	m := notify.Message{
		ID: id, Kind: notify.PIN, To: q.citizen.Phone.Reveal(), Lang: q.Lang, Created: q.now, Until: q.now.Add(s.Limits.Lifetime),
		Values: map[string]string{"code": code.Reveal(), "label": label, "service": q.Service, "host": s.Host},
		Decoy:  dead,
	}
	if dead {
		m.To, m.Values["code"] = "", ""
	}
	return m
}

func (s *Service) record(ctx context.Context, q question, why reason) error {
	return s.Store.AddAudit(ctx, audit.Entry{
		ID: secret.ID(q.now), At: q.now, Event: audit.PINAsked, Subject: q.subject, Citizen: q.citizen.ID,
		Party: q.Party, Flow: q.Login, From: q.From, Outcome: string(why),
	})
}

// fromCopy judges by the copy of the datum that the last success left, while the register does not answer.
func fromCopy(q question) person.Answer {
	switch {
	case !q.found:
		return person.Answer{Verdict: person.Unknown}
	case q.citizen.Datum == q.Datum:
		return person.Answer{Verdict: person.Matches, Person: person.Person{Until: q.citizen.Until}}
	default:
		return person.Answer{Verdict: person.Differs}
	}
}

// label checks a chosen label or makes one.
func label(chosen string) (string, error) {
	if chosen == "" {
		return secret.Draw(labelSymbols, 4).Reveal(), nil
	}
	chosen = strings.TrimSpace(chosen)
	upper := strings.ToUpper(chosen)
	if len(chosen) != 4 || len(upper) != 4 || strings.Trim(upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return "", ErrLabel
	}
	return upper, nil
}
