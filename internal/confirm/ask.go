package confirm

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/plain"
	"clave/internal/relying"
	"clave/internal/secret"
	"clave/internal/throttle"
)

// Ask is a service's request for a confirmation.
type Ask struct {
	Party    string
	NIF      nif.NIF
	Message  string // who asks and for what: see CheckMessage
	Level    assurance.Level
	Released []relying.Attribute // what it wants to be told; what the party may not be told is left out
	Life     time.Duration       // how long it waits for an answer, at most Limits.Life
	From     string              // the service's address
}

// Errors of Ask. They depend on the request alone, never on the person.
var (
	ErrMessage = errors.New("confirm: the message must be plain text of at most 60 characters, without addresses, paths or numbers to call")
	ErrLevel   = errors.New("confirm: no method that the service accepts reaches the level asked")
	ErrLife    = errors.New("confirm: the time to answer is too long, or none")
)

// MaxMessage is the longest message, in characters.
const MaxMessage = 60

// CheckMessage refuses what is not seen as it is written, and what would lead people away from us. Errors: ErrMessage.
func CheckMessage(text string) error {
	if utf8.RuneCountInString(text) > MaxMessage || !plain.Seen(text) || plain.Leads(text) {
		return ErrMessage
	}
	return nil
}

// Ask keeps the question and owes the SMS, in one unit of work. With a wait of more than zero nothing was asked: somebody
// asked too often. The answer is the same for a citizen and a stranger. Errors: ErrMessage, ErrLevel, ErrLife,
// relying.ErrUnknown, and those of the store.
func (s *Service) Ask(ctx context.Context, a Ask) (id string, wait time.Duration, err error) {
	q := question{Ask: a, now: s.Now(), subject: audit.Subject(s.Ring, a.NIF)}
	if err := s.check(ctx, &q); err != nil {
		return "", 0, err
	}
	err = s.Store.Do(ctx, func(ctx context.Context) error {
		id = ""
		if wait, err = s.wait(ctx, q); err != nil || wait > 0 {
			return err
		}
		id, err = s.ask(ctx, q)
		return err
	})
	return id, wait, err
}

// question is a request with what was found out about it.
type question struct {
	Ask
	now     time.Time
	subject secret.Hash
	party   relying.Party
}

// check refuses a request that nobody could answer.
func (s *Service) check(ctx context.Context, q *question) (err error) {
	if err := CheckMessage(q.Message); err != nil {
		return err
	}
	if q.Life <= 0 || q.Life > s.Limits.Life {
		return ErrLife
	}
	if q.party, err = s.Parties.Party(ctx, q.Party); err != nil {
		return err
	}
	q.Level = max(q.Level, q.party.Level, assurance.Low)
	reaches := func(m assurance.Method) bool { return q.party.Allows(m) && s.Policy.Best(m) >= q.Level }
	if !slices.ContainsFunc(s.Methods, reaches) {
		return ErrLevel
	}
	return nil
}

// wait counts the request, and says how long the service must wait for the next: while one of its own waits for this
// person's answer, and after too many. The person's counter is locked first, so that of two requests at once one waits.
func (s *Service) wait(ctx context.Context, q question) (time.Duration, error) {
	person := s.Limits.Person.Key(s.Ring, string(q.subject))
	if _, err := s.Store.LockHitTimes(ctx, person); err != nil {
		return 0, err
	}
	end, err := s.Store.ConfirmationEnd(ctx, q.Party, q.subject)
	if err != nil || q.now.Before(end) {
		return end.Sub(q.now), err
	}
	return throttle.TakeAll(ctx, s.Store, q.now, throttle.Budget{Limit: s.Limits.Person, Key: person},
		throttle.Budget{Limit: s.Limits.Party, Key: s.Limits.Party.Key(s.Ring, q.Party)})
}

// ask saves the confirmation, the message and the record: as many rows for a stranger as for a citizen.
func (s *Service) ask(ctx context.Context, q question) (string, error) {
	c, why, err := s.whom(ctx, q)
	if err != nil {
		return "", err
	}
	a := Asked{
		ID: secret.ID(q.now), Party: q.Party, Subject: q.subject, Citizen: c.ID, Message: q.Message, Level: q.Level,
		Released: q.party.Told(q.Released), At: q.now, Expires: q.now.Add(q.Life), State: Waiting,
	}
	if err := s.Store.AddConfirmation(ctx, a); err != nil {
		return "", err
	}
	if err := s.Store.AddMessage(ctx, s.sms(q, c, a.Expires)); err != nil {
		return "", err
	}
	return a.ID, s.record(ctx, audit.ConfirmationAsked, a, audit.Visitor{Address: q.From}, string(why))
}

// reason is why nobody will be asked. It stands in the record; nothing that a service can see depends on it.
type reason string

const (
	none         reason = ""
	unregistered reason = "unregistered"
	frozen       reason = "frozen"
	noPhone      reason = "no phone"
	reported     reason = "reported before"
)

// whom finds the citizen to ask: the zero one, and the reason, when nobody is to be asked.
func (s *Service) whom(ctx context.Context, q question) (citizen.Citizen, reason, error) {
	c, found, err := s.Store.CitizenByNIF(ctx, q.NIF)
	if err != nil {
		return c, none, err
	}
	before, err := s.Limits.Reported.Wait(ctx, s.Store, s.reports(q.subject, q.Party), q.now)
	switch {
	case err != nil:
		return c, none, err
	case !found:
		return citizen.Citizen{}, unregistered, nil
	case c.Frozen:
		return citizen.Citizen{}, frozen, nil
	case c.Phone.IsZero():
		return citizen.Citizen{}, noPhone, nil
	case before > 0: // the service is not told of the report: it sees somebody who does not answer
		return citizen.Citizen{}, reported, nil
	default:
		return c, none, nil
	}
}

// reports is the counter of a person's reports about a service.
func (s *Service) reports(subject secret.Hash, party string) secret.Hash {
	return s.Limits.Reported.Key(s.Ring, string(subject), party)
}

// sms names the service and our host. The service's own words stand on our page only: in a message from us they would look
// like ours.
func (s *Service) sms(q question, c citizen.Citizen, until time.Time) notify.Message {
	return notify.Message{
		ID: secret.ID(q.now), Kind: notify.Confirmation, To: c.Phone.Reveal(), Lang: c.Lang, Created: q.now, Until: until,
		Values: map[string]string{"service": q.party.Name(c.Lang), "host": s.Host},
		Decoy:  c.ID == "",
	}
}

func (s *Service) record(ctx context.Context, event audit.Event, a Asked, from audit.Visitor, outcome string) error {
	now := s.Now()
	return s.Store.AddAudit(ctx, audit.Entry{
		ID: secret.ID(now), At: now, Event: event, Subject: a.Subject, Citizen: a.Citizen, Party: a.Party, Flow: a.ID,
		From: from.Address, Browser: from.Browser, Outcome: outcome,
	})
}
