// Package login is the broker: it takes one sign-in from a relying party's request to its result, whatever the protocol
// and the method.
//
// A login is nowhere but in a sealed cookie of the person's browser until something happens that must be remembered. Its
// request is consumed when it is completed or cancelled, by a unique row in the same transaction.
package login

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/keyring"
	"clave/internal/relying"
	"clave/internal/secret"
)

// Lifetime is how long a person has from the service's request to its answer.
const Lifetime = 30 * time.Minute

// MaxRelay is the longest RelayState taken, in bytes: the login travels in a cookie.
const MaxRelay = 1024

// Request is what a relying party asks, in no protocol's words.
type Request struct {
	Protocol   string // which protocol must answer
	Party      string // relying.Party.ID
	ID         string // unique within the party; consumed at completion
	ReturnTo   string // the checked address to answer to
	RelayState string // echoed
	Level      assurance.Level
	ForceAuthn bool
	Excluded   []assurance.Method
	Echo       map[string]string // what the protocol must repeat in its answer
}

// Login is a begun sign-in. It travels sealed in the cookie of the browser that began it.
type Login struct {
	ID      string
	Browser string // the nonce of that browser
	Began   time.Time
	Request Request
}

// Errors of Begin and Complete.
var (
	ErrRelay  = errors.New("login: the relay state is too long")
	ErrMethod = errors.New("login: no method is allowed that reaches the level asked")
)

// Store is what the broker keeps. The methods join the unit of work of their context.
type Store interface {
	Do(ctx context.Context, unit func(ctx context.Context) error) error
	citizen.Store
	AddAudit(ctx context.Context, e audit.Entry) error
	// Consume marks a request as answered. The bool is false when it was already.
	Consume(ctx context.Context, party, request string, until time.Time) (bool, error)
	// Consumed tells whether it was.
	Consumed(ctx context.Context, party, request string) (bool, error)
	AddSession(ctx context.Context, s Session) error
}

// Session is what a browser holds after a sign-in. Until single sign-on uses it, it is kept as the record of an
// identification and opens nothing.
type Session struct {
	ID      string
	Citizen string
	Browser secret.Hash // of the token in the browser's cookie
	Method  assurance.Method
	Level   assurance.Level
	At      time.Time // of the identification
	Until   time.Time
	Party   string
	Request string
}

// Broker takes logins from request to result.
type Broker struct {
	Store   Store
	Ring    *keyring.Ring
	Parties relying.Registry
	Policy  assurance.Policy
	Methods []assurance.Method // offered by this house
	Now     func() time.Time
}

// sessionLife is the ceiling of a session.
const sessionLife = 60 * time.Minute

const sessionUse keyring.Use = "session"

// Begin checks a request that its protocol has verified. It writes nothing. Errors: ErrRelay, ErrMethod,
// relying.ErrUnknown.
func (b *Broker) Begin(ctx context.Context, r Request) (Login, error) {
	party, err := b.Parties.Party(ctx, r.Party)
	if err != nil {
		return Login{}, err
	}
	if len(r.RelayState) > MaxRelay {
		return Login{}, ErrRelay
	}
	r.Level = max(r.Level, party.Level, assurance.Low)
	now := b.Now()
	l := Login{ID: secret.ID(now), Browser: secret.Token().Reveal(), Began: now, Request: r}
	if len(b.allowed(l, party)) == 0 {
		return l, ErrMethod
	}
	return l, nil
}

// Allowed are the methods that the person may choose from: offered here, accepted by the party, not excluded by the
// request, and able to reach the level asked.
func (b *Broker) Allowed(ctx context.Context, l Login) ([]assurance.Method, error) {
	party, err := b.Parties.Party(ctx, l.Request.Party)
	if err != nil {
		return nil, err
	}
	return b.allowed(l, party), nil
}

func (b *Broker) allowed(l Login, party relying.Party) []assurance.Method {
	var methods []assurance.Method
	for _, m := range b.Methods {
		if party.Allows(m) && !slices.Contains(l.Request.Excluded, m) && b.Policy.Best(m) >= l.Request.Level {
			methods = append(methods, m)
		}
	}
	return methods
}

// Late tells whether a login's time is over.
func (l Login) Late(now time.Time) bool { return !now.Before(l.Began.Add(Lifetime)) }

// Refusal is why a proof does not complete a login: a value and not an error, so that what was counted stays counted.
type Refusal string

// The refusals.
const (
	None     Refusal = ""
	Late     Refusal = "late"
	Answered Refusal = "answered"  // this request was answered before
	TooLow   Refusal = "too-low"   // the person's level does not reach what the service asks
	NotAsked Refusal = "not-asked" // the method is not one that the request allows
)

// Failure is why a login ends without an identity, as the service is told.
type Failure string

// The failures.
const (
	Cancelled Failure = "cancelled" // the person gave up
	Failed    Failure = "failed"    // the person could not prove who they are
	TimedOut  Failure = "timed-out"
	Denied    Failure = "denied"  // no method is left that reaches the level asked, or the person's level does not
	Passive   Failure = "passive" // it asked us not to ask the person
)

// Result is a completed login: who it is, and how sure we are.
type Result struct {
	Login   Login
	Citizen citizen.Citizen
	Method  assurance.Method
	Level   assurance.Level
	At      time.Time // of the identification
	Session string
	From    string // the person's address
}

// Complete spends a proof: it consumes the request and saves the session and the record. It must run inside the unit of
// work that minted the proof. Nothing may be answered before that unit committed.
func (b *Broker) Complete(ctx context.Context, l Login, proof assurance.Proof, from string) (Result, Refusal, error) {
	if err := proof.Check(l.ID, l.Browser); err != nil {
		return Result{}, None, err
	}
	c, found, err := b.Store.Citizen(ctx, proof.Citizen())
	if err != nil {
		return Result{}, None, err
	}
	if !found {
		return Result{}, None, fmt.Errorf("login: the proof names nobody")
	}
	r := Result{Login: l, Citizen: c, Method: proof.Method(), Level: proof.Level(b.Policy), At: proof.At(), From: from}
	refusal, err := b.refuse(ctx, r)
	if err != nil || refusal != None {
		return r, refusal, errors.Join(err, b.record(ctx, audit.LoginFailed, r, string(refusal)))
	}
	if r.Session, err = b.session(ctx, r); err != nil {
		return Result{}, None, err
	}
	return r, None, b.record(ctx, audit.LoginCompleted, r, string(r.Method)+" "+r.Level.String())
}

// refuse consumes the request last, so that whoever is refused for another reason can still send the service a failure.
func (b *Broker) refuse(ctx context.Context, r Result) (Refusal, error) {
	now := b.Now()
	allowed, err := b.Allowed(ctx, r.Login)
	switch {
	case err != nil:
		return None, err
	case r.Login.Late(now):
		return Late, nil
	case !slices.Contains(allowed, r.Method):
		return NotAsked, nil
	case r.Level < r.Login.Request.Level:
		return TooLow, nil
	}
	fresh, err := b.consume(ctx, r.Login)
	if err != nil || fresh {
		return None, err
	}
	return Answered, nil
}

// consume answers a request once. The row outlives the longest time in which the same request would still be accepted.
func (b *Broker) consume(ctx context.Context, l Login) (bool, error) {
	return b.Store.Consume(ctx, l.Request.Party, l.Request.ID, l.Began.Add(2*Lifetime))
}

// Answered tells whether the service has the answer to this login's request already.
func (b *Broker) Answered(ctx context.Context, l Login) (bool, error) {
	return b.Store.Consumed(ctx, l.Request.Party, l.Request.ID)
}

func (b *Broker) session(ctx context.Context, r Result) (string, error) {
	now := b.Now()
	s := Session{
		ID: secret.ID(now), Citizen: r.Citizen.ID, Browser: b.Ring.Hash(sessionUse, r.Login.Browser),
		Method: r.Method, Level: r.Level, At: r.At, Until: now.Add(sessionLife), Party: r.Login.Request.Party, Request: r.Login.Request.ID,
	}
	return s.ID, b.Store.AddSession(ctx, s)
}

// Cancel consumes the request of a login that the person gave up or that cannot be completed. The refusal is Answered when
// the service has an answer already.
func (b *Broker) Cancel(ctx context.Context, l Login, why, from string) (refusal Refusal, err error) {
	err = b.Store.Do(ctx, func(ctx context.Context) error {
		refusal = None
		fresh, err := b.consume(ctx, l)
		if err != nil {
			return err
		}
		if !fresh {
			refusal = Answered
			return nil
		}
		return b.record(ctx, audit.LoginCancelled, Result{Login: l, From: from}, why)
	})
	return refusal, err
}

func (b *Broker) record(ctx context.Context, event audit.Event, r Result, outcome string) error {
	now := b.Now()
	e := audit.Entry{
		ID: secret.ID(now), At: now, Event: event, Citizen: r.Citizen.ID, Party: r.Login.Request.Party,
		Flow: r.Login.ID, From: r.From, Outcome: outcome,
	}
	if !r.Citizen.NIF.IsZero() {
		e.Subject = audit.Subject(b.Ring, r.Citizen.NIF)
	}
	return b.Store.AddAudit(ctx, e)
}
