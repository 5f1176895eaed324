// Package confirm is a confirmation that a service asks for while the person is elsewhere: on the phone with its help desk,
// or at its counter.
//
// The service says who asks and for what (Ask). The person gets an SMS that holds neither a code nor a link, opens our own
// page by themselves, identifies themselves there, reads who asks, for what and which data would go (Waiting), and confirms,
// refuses or reports it (Answer). The service asks what came of it (Outcome) and uses a confirmation once (Spend). So no code
// ever answers a caller, and nothing that somebody can be talked into reading out opens anything (safety rule 7).
//
// Whoever is not registered, is frozen or has lost their phone is asked the same way, with a message that nobody gets: the
// service sees somebody who does not answer.
//
// Source: OpenID Connect Client-Initiated Backchannel Authentication 1.0, of which this is the part that people see.
package confirm

import (
	"context"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/keyring"
	"clave/internal/notify"
	"clave/internal/relying"
	"clave/internal/secret"
	"clave/internal/throttle"
)

// State is what became of a confirmation.
type State string

// The states.
const (
	Waiting   State = "waiting"
	Confirmed State = "confirmed"
	Refused   State = "refused"
	Reported  State = "reported" // "I did not ask for this"; the service sees a refusal
	Expired   State = "expired"  // nobody answered in time, or the service did not fetch the answer in time, or has used it
)

// Asked is one confirmation, from the question to its use.
type Asked struct {
	ID       string
	Party    string      // who asks
	Subject  secret.Hash // of the NIF, registered or not
	Citizen  string      // who may answer; empty when nobody can
	Message  string      // the service's own words
	Level    assurance.Level
	Released []relying.Attribute // what the service would be told
	At       time.Time
	Expires  time.Time

	State    State // as answered; StateAt minds the time
	Answered time.Time
	Means    Means // of the person who answered
	Spent    time.Time
}

// Means is how a person identified themselves for our own pages.
type Means struct {
	Session string
	Method  assurance.Method
	Level   assurance.Level
	At      time.Time
}

// Fetch is how long a service has, from the person's answer, to fetch and use it.
const Fetch = 5 * time.Minute

// StateAt is what a confirmation is worth at a moment.
func (a Asked) StateAt(now time.Time) State {
	switch {
	case a.State == Waiting && !now.Before(a.Expires), a.State == Reported && !a.Answered.Before(a.Expires):
		return Expired
	case a.State == Confirmed && (!a.Spent.IsZero() || !now.Before(a.Answered.Add(Fetch))):
		return Expired
	default:
		return a.State
	}
}

// Store keeps confirmations. The changing methods need a unit of work.
type Store interface {
	throttle.Store
	citizen.Store
	Do(ctx context.Context, unit func(ctx context.Context) error) error
	AddMessage(ctx context.Context, m notify.Message) error
	AddAudit(ctx context.Context, e audit.Entry) error
	AddConfirmation(ctx context.Context, a Asked) error
	// SaveConfirmation saves State, Answered, Means and Spent of a known one.
	SaveConfirmation(ctx context.Context, a Asked) error
	// Confirmation finds one; a unit of work locks it. The bool tells whether there is one.
	Confirmation(ctx context.Context, id string) (Asked, bool, error)
	// Confirmations are those that a citizen has not answered and whose time ends after a moment, oldest first.
	Confirmations(ctx context.Context, citizen string, endsAfter time.Time) ([]Asked, error)
	// ConfirmationEnd is the end of the last one that a party asked of a person and that is not answered; zero when there
	// is none.
	ConfirmationEnd(ctx context.Context, party string, subject secret.Hash) (time.Time, error)
}

// Limits bounds requests. They count for everybody whom a service may name, registered or not.
type Limits struct {
	Life     time.Duration  // the longest that a confirmation may wait
	Person   throttle.Limit // asked of one person, by all services
	Party    throttle.Limit // asked by one service
	Reported throttle.Limit // reports of one person about one service: after them nothing it asks reaches that person
}

// DefaultLimits are those of the security guide: nobody tires of saying no so often that they say yes.
func DefaultLimits() Limits {
	return Limits{
		Life:     10 * time.Minute,
		Person:   throttle.Limit{Name: "confirm-person", Count: 3, Per: time.Hour},
		Party:    throttle.Limit{Name: "confirm-party", Count: 200, Per: 24 * time.Hour},
		Reported: throttle.Limit{Name: "confirm-reported", Count: 1, Per: 24 * time.Hour},
	}
}

// Service asks for confirmations and takes the answers.
type Service struct {
	Store   Store
	Ring    *keyring.Ring
	Parties relying.Registry
	Policy  assurance.Policy
	Methods []assurance.Method // offered by this house
	Limits  Limits
	Host    string // our public host name, named in the SMS
	Now     func() time.Time
}

// Waiting are the confirmations that a citizen may answer now, oldest first.
func (s *Service) Waiting(ctx context.Context, citizen string) ([]Asked, error) {
	return s.Store.Confirmations(ctx, citizen, s.Now())
}

// Missed are those of the last day whose time ended without an answer. They can still be reported.
func (s *Service) Missed(ctx context.Context, citizen string) (missed []Asked, err error) {
	now := s.Now()
	list, err := s.Store.Confirmations(ctx, citizen, now.Add(-24*time.Hour))
	for _, a := range list {
		if a.StateAt(now) == Expired {
			missed = append(missed, a)
		}
	}
	return missed, err
}

// Find is one confirmation of a citizen. The bool is false when there is no such one for them.
func (s *Service) Find(ctx context.Context, id, citizen string) (Asked, bool, error) {
	a, found, err := s.Store.Confirmation(ctx, id)
	if err != nil || !found || citizen == "" || a.Citizen != citizen {
		return Asked{}, false, err
	}
	return a, true, nil
}
