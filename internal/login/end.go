package login

import (
	"context"
	"time"

	"clave/internal/audit"
	"clave/internal/relying"
	"clave/internal/secret"
)

// Participation is a service that relies on a session.
type Participation struct {
	ID       string // what the service calls the session by; it tells nothing of the session, nor of other services
	Session  string
	Party    string
	Protocol string
	Subject  string // what the protocol calls the person by, when it is not the NIF
	At       time.Time
	State    State
	Due      time.Time // when it is to be told
	Tries    int
}

// State is what became of a service's share of a session.
type State string

// The states. Only a service's own positive answer makes one Ended.
const (
	Open        State = "open"
	Owed        State = "owed"        // the session has ended; the service is to be told
	Told        State = "told"        // it is being told; nobody knows yet whether it understood
	Closed      State = "closed"      // it said that it closed
	Missed      State = "missed"      // it could not be told, or refused
	Unreachable State = "unreachable" // it registered no way to be told
)

// Final tells whether no more will become of it.
func (s State) Final() bool { return s == Closed || s == Missed || s == Unreachable }

// End ends a session: it opens nothing from then on, and every service that can be told is owed the news. It must run inside
// a unit of work. What it returns is as Participations; nil when the session had ended before.
func (b *Broker) End(ctx context.Context, id, why string, v audit.Visitor) ([]Participation, error) {
	s, found, err := b.Store.Session(ctx, id)
	if err != nil || !found || !s.Ended.IsZero() {
		return nil, err
	}
	now := b.Now()
	s.Ended = now
	if err := b.Store.SaveSession(ctx, s); err != nil {
		return nil, err
	}
	list, err := b.Store.Participations(ctx, id)
	if err != nil {
		return nil, err
	}
	for i, p := range list {
		list[i].State, list[i].Due = b.owed(ctx, p), now
		if err := b.Store.SetParticipation(ctx, p.ID, list[i].State, now); err != nil {
			return nil, err
		}
	}
	if b.Owed != nil {
		b.Store.After(ctx, b.Owed)
	}
	c, _, err := b.Store.Citizen(ctx, s.Citizen)
	if err != nil {
		return nil, err
	}
	e := audit.Entry{
		ID: secret.ID(now), At: now, Event: audit.SessionEnded, Citizen: s.Citizen, Subject: audit.Subject(b.Ring, c.NIF), Flow: s.ID,
		From: v.Address, Browser: v.Browser, Outcome: why,
	}
	return list, b.Store.AddAudit(ctx, e)
}

// owed is what a participation becomes when its session ends.
func (b *Broker) owed(ctx context.Context, p Participation) State {
	party, err := b.Parties.Party(ctx, p.Party)
	switch {
	case err != nil: // removed meanwhile
		return Unreachable
	case p.Party == relying.House:
		return Closed // our own pages ask for the session each time
	case party.OIDC != nil && party.OIDC.BackChannel != "" && p.Protocol == "oidc", party.SAML != nil && party.SAML.Logout != "" && p.Protocol == "saml":
		return Owed
	default:
		return Unreachable
	}
}
