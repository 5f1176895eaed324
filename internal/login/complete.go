package login

import (
	"context"
	"encoding/base64"
	"slices"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/keyring"
	"clave/internal/relying"
	"clave/internal/secret"
)

// Offer is what a browser's session can do for a login.
type Offer struct {
	Session Session
	Citizen citizen.Citizen
	Held    Held // the proof that would be spent; zero when none will do, and the person must identify themselves
	Beyond  bool // no method that they have reaches the level asked: they had better know before they type

	// Seen stands for all of this, in this login. A page that shows it hands it back with what the person pressed: who reads
	// one name must not enter as another, who signed in from another tab meanwhile.
	Seen string
}

// Agreed is what a person agreed to by pressing a button.
type Agreed struct {
	Mine  string // the session in which they identified themselves in this very login, as the sealed login knows it
	Token string // of the browser's session
	Seen  string // Offer.Seen, from the page that they saw

	// Mistaken tells whether the service expects another person; nil: it takes anybody.
	Mistaken func(ctx context.Context, citizen string) (bool, error)
}

// Offer says what the session of a browser can do for a login. mine is the id of the session in which the person identified
// themselves in this very login, as the sealed login knows it; otherwise the browser's token speaks. The bool is false when
// there is no session to speak of: then nothing is known of the person.
func (b *Broker) Offer(ctx context.Context, l Login, mine, token string) (Offer, bool, error) {
	party, err := b.Parties.Party(ctx, l.Request.Party)
	if err != nil {
		return Offer{}, false, err
	}
	s, live, err := b.carried(ctx, mine, token)
	if err != nil || !live || mine == "" && party.Alone() {
		return Offer{}, false, err
	}
	c, found, err := b.Store.Citizen(ctx, s.Citizen)
	if err != nil || !found || c.Frozen {
		return Offer{}, false, err
	}
	o := Offer{Session: s, Citizen: c, Held: b.spendable(l, party, s)}
	if o.Held.Level < l.Request.Level || !c.May(o.Held.Method) {
		o.Held, o.Beyond = Held{}, !b.reaches(l, party, c)
	}
	seen := b.Ring.Hash(seenUse, l.ID, s.ID, c.ID, string(o.Held.Method), o.Held.Level.String(), o.Held.At.UTC().Format(time.RFC3339Nano))
	o.Seen = base64.RawURLEncoding.EncodeToString(seen)
	return o, true, nil
}

const seenUse keyring.Use = "login.seen"

// carried is the live session of a login or of a browser.
func (b *Broker) carried(ctx context.Context, mine, token string) (Session, bool, error) {
	if mine == "" {
		s, live, err := b.Browsing(ctx, token)
		return s, live && !s.Alone(), err
	}
	s, found, err := b.Store.Session(ctx, mine)
	return s, found && b.lives(s), err
}

// reaches tells whether a person can get to the level asked with any method allowed, given how they are registered.
func (b *Broker) reaches(l Login, party relying.Party, c citizen.Citizen) bool {
	return slices.ContainsFunc(b.allowed(l, party), func(m assurance.Method) bool {
		return c.May(m) && b.Reach(c, m) >= l.Request.Level
	})
}

// Reach is the level that a person gets to by a method, given how they and their phone are registered.
func (b *Broker) Reach(c citizen.Citizen, m assurance.Method) assurance.Level {
	return min(b.Policy.Best(m), c.Proofing.Binding(), c.PhoneBinding)
}

// Result is a completed login: who it is, and how sure we are.
type Result struct {
	Login         Login
	Citizen       citizen.Citizen
	Method        assurance.Method
	Level         assurance.Level
	At            time.Time // of the identification
	Session       string
	Participation string // what the service calls the session by
	From          string // the person's address
}

// Complete spends the session for a login: the person has seen who asks for what, and agreed. Our own pages need no
// agreement, for nobody else is told anything. It must run inside a unit of work. Nothing may be answered before that unit
// committed. The refusal is Stale when what they saw is no longer so.
func (b *Broker) Complete(ctx context.Context, l Login, a Agreed, v audit.Visitor) (Result, Refusal, error) {
	switch {
	case l.Late(b.Now()):
		return Result{}, Late, nil
	case l.Request.Passive: // nobody was to be asked, so nobody can have agreed
		return Result{}, NotAsked, nil
	}
	o, live, err := b.Offer(ctx, l, a.Mine, a.Token)
	if err != nil {
		return Result{}, None, err
	}
	if !live || o.Held.Level == 0 || a.Seen != o.Seen && l.Request.Party != relying.House {
		return Result{}, Stale, nil
	}
	if a.Mistaken != nil {
		if wrong, err := a.Mistaken(ctx, o.Citizen.ID); err != nil || wrong {
			return Result{}, Another, err
		}
	}
	r := Result{
		Login: l, Citizen: o.Citizen, Method: o.Held.Method, Level: o.Held.Level, At: o.Held.At, Session: o.Session.ID, From: v.Address,
	}
	fresh, err := b.consume(ctx, l)
	if err != nil || !fresh {
		return r, Answered, err
	}
	if r.Participation, err = b.relies(ctx, r); err != nil {
		return Result{}, None, err
	}
	o.Session.Seen = b.Now()
	if err := b.Store.SaveSession(ctx, o.Session); err != nil {
		return Result{}, None, err
	}
	return r, None, b.record(ctx, audit.LoginCompleted, l, o.Citizen, v, string(r.Method)+" "+r.Level.String())
}

func (b *Broker) relies(ctx context.Context, r Result) (string, error) {
	now := b.Now()
	return b.Store.AddParticipation(ctx, Participation{
		ID: secret.ID(now), Session: r.Session, Party: r.Login.Request.Party, Protocol: r.Login.Request.Protocol, At: now, State: Open,
	})
}
