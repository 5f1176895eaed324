// Package account is what a person sees and controls of what was done in their name: who entered where and from what place
// (Visits), which browsers are open (Sessions), a copy of all that is kept about them (Copy), and the one button that matters
// when somebody else has their phone (NotMe).
//
// All of it is asked for by a person who has just identified themselves; who may ask is for the pages to see to (safety
// rule 17). Whatever is done here only reduces what can be done in the person's name.
//
// Sources: ENS op.acc.5 (the person sees their accesses), and articles 15 and 20 of Regulation (EU) 2016/679.
package account

import (
	"context"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/notify"
	"clave/internal/secret"
)

// Store is what the rules read and keep. Every method joins the unit of work of its context.
type Store interface {
	Do(ctx context.Context, unit func(ctx context.Context) error) error
	citizen.Store
	AddAudit(ctx context.Context, e audit.Entry) error
	AddMessage(ctx context.Context, m notify.Message) error
	// Told returns the entries about a person that belong to the last n flows whose last entry is before an id (none: all).
	Told(ctx context.Context, subject secret.Hash, before string, n int) ([]audit.Entry, error)
	// EntriesOf returns at most n entries about a person after an id, oldest first.
	EntriesOf(ctx context.Context, subject secret.Hash, after string, n int) ([]audit.Entry, error)
	// GivenUp returns the entries that say that one of some logins was given up: they name nobody.
	GivenUp(ctx context.Context, logins []string) ([]audit.Entry, error)
	// Informed returns the services that were told of a person in the entries from an id to a moment, the last one first.
	Informed(ctx context.Context, subject secret.Hash, since string, until time.Time) ([]Informed, error)
	// Sessions are those of a citizen that nobody has ended and whose ceiling is not reached, oldest first.
	Sessions(ctx context.Context, citizen string, now time.Time) ([]login.Session, error)
	// KnownBrowsers says since when each browser is known in which a citizen signed in.
	KnownBrowsers(ctx context.Context, citizen string) ([]time.Time, error)
	ForgetBrowsers(ctx context.Context, citizen string) error
}

// Service shows people what was done in their name, and ends it.
type Service struct {
	Store  Store
	Ring   *keyring.Ring
	Broker *login.Broker
	Origin string // our public address, for e-mails
	Host   string // and its host, for messages
	Now    func() time.Time
}

// Reach is how far a person gets by one method.
type Reach struct {
	Method  assurance.Method
	Level   assurance.Level // zero when the method is of no use to them now, because
	Blocked bool            // they closed it, or
	NoPhone bool            // there is no phone that codes go to
	More    bool            // a stronger registration would take them further
}

// Reaches says what a person's registration is good for, method by method.
func (s *Service) Reaches(c citizen.Citizen) (list []Reach) {
	for _, m := range s.Broker.Methods {
		r := Reach{Method: m, Blocked: !c.May(m), NoPhone: c.Phone.IsZero()}
		if !r.Blocked && !r.NoPhone {
			r.Level = s.Broker.Reach(c, m)
		}
		r.More = r.Level > 0 && r.Level < s.Broker.Policy.Best(m)
		list = append(list, r)
	}
	return list
}

func (s *Service) record(ctx context.Context, c citizen.Citizen, event audit.Event, outcome string, from audit.Visitor) error {
	now := s.Now()
	return s.Store.AddAudit(ctx, audit.Entry{
		ID: secret.ID(now), At: now, Event: event, Subject: audit.Subject(s.Ring, c.NIF), Citizen: c.ID,
		From: from.Address, Browser: from.Browser, Outcome: outcome,
	})
}
