// Package login is the broker: it takes one sign-in from a relying party's request to its result, whatever the protocol
// and the method, and lets one identification open several services.
//
// A login is nowhere but in a sealed cookie of the person's browser until something happens that must be remembered. It goes
// in two steps, each one unit of work:
//
//   - [Broker.Identify] spends a proof: the browser's session holds it from then on.
//   - [Broker.Complete] spends the session for one login: the person has seen who asks and what they get, and has agreed. The
//     request is consumed then, by a unique row in the same transaction.
//
// With single sign-on the first step is left out: [Broker.Offer] says whether a session suffices, and what is missing. A
// session ends by [Broker.End], which leaves what is owed to its services.
package login

import (
	"context"
	"errors"
	"slices"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/keyring"
	"clave/internal/notify"
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
	ForceAuthn bool          // only what is proven in this login counts
	MaxAge     time.Duration // how old a proof may be; zero: as old as its session
	Passive    bool          // the person must not be asked anything
	Excluded   []assurance.Method
	Released   []relying.Attribute // what the service is told of the person
	Echo       map[string]string   // what the protocol must repeat in its answer
}

// Login is a begun sign-in. It travels sealed in the cookie of the browser that began it.
type Login struct {
	ID      string
	Browser string // the nonce of that browser
	Began   time.Time
	Request Request
}

// Errors of Begin.
var (
	ErrRelay  = errors.New("login: the relay state is too long")
	ErrMethod = errors.New("login: no method is allowed that reaches the level asked")
)

// Store is what the broker keeps. The methods join the unit of work of their context.
type Store interface {
	Do(ctx context.Context, unit func(ctx context.Context) error) error
	// After has f called once the unit of ctx is durable.
	After(ctx context.Context, f func())
	citizen.Store
	AddAudit(ctx context.Context, e audit.Entry) error
	AddMessage(ctx context.Context, m notify.Message) error
	// Consume marks a request as answered. The bool is false when it was already.
	Consume(ctx context.Context, party, request string, until time.Time) (bool, error)
	// Consumed tells whether it was.
	Consumed(ctx context.Context, party, request string) (bool, error)
	SessionStore
}

// Broker takes logins from request to result.
type Broker struct {
	Store   Store
	Ring    *keyring.Ring
	Parties relying.Registry
	Policy  assurance.Policy
	Methods []assurance.Method // offered by this house
	Limits  Limits
	Origin  string // where people find our own pages, and
	Host    string // the host of that, for messages
	Owed    func() // told, after the commit, that services are to hear of an end; may be nil
	Now     func() time.Time
}

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

// Refusal is why a login does not go on: a value and not an error, so that what was counted stays counted.
type Refusal string

// The refusals.
const (
	None     Refusal = ""
	Late     Refusal = "late"
	Answered Refusal = "answered"  // this request was answered before
	TooLow   Refusal = "too-low"   // the person's level does not reach what the service asks
	NotAsked Refusal = "not-asked" // the method is not one that the request allows
	Other    Refusal = "other"     // this browser's session is another person's
	Another  Refusal = "another"   // the service expects another person, and is told nothing of this one
	Stale    Refusal = "stale"     // the session has ended, or holds no proof that will do: identify anew
)

// Failure is why a login ends without an identity, as the service is told.
type Failure string

// The failures.
const (
	Cancelled  Failure = "cancelled" // the person gave up
	Failed     Failure = "failed"    // the person could not prove who they are
	TimedOut   Failure = "timed-out"
	Denied     Failure = "denied"     // no method is left that reaches the level asked, or the person's level does not
	Passive    Failure = "passive"    // it asked us not to ask the person, who has no session
	Unexpected Failure = "unexpected" // it expects another person
	MustAgree  Failure = "must-agree" // it asked us not to ask the person, who has a session but must agree
)

// consume answers a request once. The row outlives the longest time in which the same request would still be accepted.
func (b *Broker) consume(ctx context.Context, l Login) (bool, error) {
	return b.Store.Consume(ctx, l.Request.Party, l.Request.ID, l.Began.Add(2*Lifetime))
}

// Answered tells whether the service has the answer to this login's request already.
func (b *Broker) Answered(ctx context.Context, l Login) (bool, error) {
	return b.Store.Consumed(ctx, l.Request.Party, l.Request.ID)
}

// Cancel consumes the request of a login that the person gave up or that cannot be completed. The refusal is Answered when
// the service has an answer already.
func (b *Broker) Cancel(ctx context.Context, l Login, why string, v audit.Visitor) (refusal Refusal, err error) {
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
		return b.record(ctx, audit.LoginCancelled, l, citizen.Citizen{}, v, why)
	})
	return refusal, err
}

func (b *Broker) record(ctx context.Context, event audit.Event, l Login, c citizen.Citizen, v audit.Visitor, outcome string) error {
	now := b.Now()
	e := audit.Entry{
		ID: secret.ID(now), At: now, Event: event, Citizen: c.ID, Party: l.Request.Party, Flow: l.ID,
		From: v.Address, Browser: v.Browser, Outcome: outcome,
	}
	if !c.NIF.IsZero() {
		e.Subject = audit.Subject(b.Ring, c.NIF)
	}
	return b.Store.AddAudit(ctx, e)
}
