package login

import (
	"context"
	"fmt"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/notify"
	"clave/internal/relying"
	"clave/internal/secret"
)

// Arrival is the browser in which somebody identifies themselves.
type Arrival struct {
	audit.Visitor
	Token string // of its session for this party, or for all; empty when it has none
	New   bool   // this person was never seen in it before
}

// Identified is somebody whose browser now has a session.
type Identified struct {
	Citizen citizen.Citizen
	Session Session
	Token   secret.Code // what the browser must hold from now on
}

// Identify spends a proof: the browser's session holds it, or a new session does. It must run inside the unit of work that
// minted the proof, and nothing may be answered before that unit committed.
//
// The refusal is Other when the browser's session is another citizen's: nothing changed then, and that session has to be
// ended first (safety rule 17: a step-up names the same citizen). With TooLow the session holds the proof nevertheless.
func (b *Broker) Identify(ctx context.Context, l Login, proof assurance.Proof, a Arrival) (Identified, Refusal, error) {
	if err := proof.Check(l.ID, l.Browser); err != nil {
		return Identified{}, None, err
	}
	c, found, err := b.Store.Citizen(ctx, proof.Citizen())
	if err != nil {
		return Identified{}, None, err
	}
	if !found {
		return Identified{}, None, fmt.Errorf("login: the proof names nobody")
	}
	who := Identified{Citizen: c}
	held := Held{Method: proof.Method(), Level: proof.Level(b.Policy), At: proof.At(), Login: l.ID}
	refusal, err := b.settle(ctx, l, &who, held, a)
	if err == nil && refusal != None {
		err = b.record(ctx, audit.LoginFailed, l, c, a.Visitor, string(refusal))
	} else if err == nil {
		err = b.record(ctx, audit.LoginIdentified, l, c, a.Visitor, string(held.Method)+" "+held.Level.String())
	}
	if err == nil && refusal != Other && a.New {
		err = b.tell(ctx, c, l)
	}
	return who, refusal, err
}

// settle puts what is held into the browser's session, or into a new one.
func (b *Broker) settle(ctx context.Context, l Login, who *Identified, held Held, a Arrival) (Refusal, error) {
	party, err := b.Parties.Party(ctx, l.Request.Party)
	if err != nil {
		return None, err
	}
	who.Session = b.fresh(who.Citizen.ID, party)
	before, live, err := b.Browsing(ctx, a.Token)
	live = live && before.Only == who.Session.Only
	save := b.Store.AddSession
	switch {
	case err != nil:
		return None, err
	case live && before.Citizen == who.Citizen.ID:
		who.Session, save = before, b.Store.SaveSession
	case live && !before.Alone():
		return Other, nil
	case live: // somebody else was at this one service
		if _, err := b.End(ctx, before.ID, "another person", a.Visitor); err != nil {
			return None, err
		}
	}
	who.Token = secret.Token()
	who.Session.hold(held)
	who.Session.Seen, who.Session.From, who.Session.Browser = b.Now(), a.Address, a.Browser
	who.Session.Token = b.Ring.Hash(sessionUse, who.Token.Reveal())
	if err := save(ctx, who.Session); err != nil || held.Level >= l.Request.Level {
		return None, err
	}
	return TooLow, nil
}

func (b *Broker) fresh(citizen string, party relying.Party) Session {
	now := b.Now()
	return Session{ID: secret.ID(now), Citizen: citizen, Only: party.Only(), Began: now, Until: now.Add(b.Limits.Ceiling)}
}

// tell owes the person a message: somebody identified themselves as them in a browser that they never used. It goes where
// the code did not: to the mailbox, when they have one.
func (b *Broker) tell(ctx context.Context, c citizen.Citizen, l Login) error {
	party, err := b.Parties.Party(ctx, l.Request.Party)
	if err != nil {
		return err
	}
	now := b.Now()
	m := notify.Message{
		ID: secret.ID(now), Kind: notify.NewBrowserSMS, To: c.Phone.Reveal(), Lang: c.Lang, Created: now, Until: now.Add(tellFor),
		Values: map[string]string{"service": party.Name(c.Lang), "host": b.Host},
	}
	if !c.Email.IsZero() {
		m.Kind, m.To = notify.NewBrowser, c.Email.Reveal()
		m.Values = map[string]string{"service": party.Name(c.Lang), "url": b.Origin + "/account"}
	} else if c.Phone.IsZero() {
		return nil
	}
	return b.Store.AddMessage(ctx, m)
}

// tellFor is how long it is worth telling.
const tellFor = 7 * 24 * time.Hour
