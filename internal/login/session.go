package login

import (
	"context"
	"slices"
	"time"

	"clave/internal/assurance"
	"clave/internal/keyring"
	"clave/internal/relying"
	"clave/internal/secret"
)

// Session is what one browser holds after an identification. It is opened by a token that only that browser has, in a
// cookie that ends with the browser; the token changes at each proof.
type Session struct {
	ID      string
	Citizen string
	Token   secret.Hash // keyed, of the browser's token
	Only    string      // the one party that it opens, which stays alone; empty: every other
	Held    []Held      // what was proven, one for each method
	Began   time.Time
	Seen    time.Time // last used
	Until   time.Time // the ceiling
	Ended   time.Time // zero while it lives
	From    string    // the address of the last proof
	Browser string    // what browser it was, coarsely
}

// Held is a proof that a session holds.
type Held struct {
	Method assurance.Method `json:"m"`
	Level  assurance.Level  `json:"l"`
	At     time.Time        `json:"t"`
	Login  string           `json:"i"` // in which it was made
}

// Limits say how long a session lives.
type Limits struct {
	Idle    time.Duration // without being used
	Ceiling time.Duration // from its beginning, however much it is used
}

// DefaultLimits are an hour without use, and a working day.
func DefaultLimits() Limits { return Limits{Idle: time.Hour, Ceiling: 8 * time.Hour} }

// SessionStore keeps sessions and who relies on them. Inside a unit of work, what it returns is locked.
type SessionStore interface {
	AddSession(ctx context.Context, s Session) error
	// SaveSession saves all of a known one.
	SaveSession(ctx context.Context, s Session) error
	// SessionByToken and Session find one of this epoch; the bool tells whether there is one.
	SessionByToken(ctx context.Context, token secret.Hash) (Session, bool, error)
	Session(ctx context.Context, id string) (Session, bool, error)
	// AddParticipation notes that a party relies on a session, and returns the id of the first such note: one for each
	// session, party and protocol. Noted again, it is open again.
	AddParticipation(ctx context.Context, p Participation) (id string, err error)
	// Participations returns all of a session, in the order of their ids.
	Participations(ctx context.Context, session string) ([]Participation, error)
	// Participation finds one; the bool tells whether there is one.
	Participation(ctx context.Context, id string) (Participation, bool, error)
	// SetParticipation says what became of one; it is tried again at due, unless that is zero.
	SetParticipation(ctx context.Context, id string, state State, due time.Time) error
}

const sessionUse keyring.Use = "session"

// lives tells whether a session opens anything now.
func (b *Broker) lives(s Session) bool {
	now := b.Now()
	return s.Ended.IsZero() && now.Before(s.Until) && now.Before(s.Seen.Add(b.Limits.Idle))
}

// Browsing is the live session of the browser that holds a token.
func (b *Broker) Browsing(ctx context.Context, token string) (Session, bool, error) {
	if token == "" {
		return Session{}, false, nil
	}
	s, found, err := b.Store.SessionByToken(ctx, b.Ring.Hash(sessionUse, token))
	if err != nil || !found || !b.lives(s) {
		return Session{}, false, err
	}
	return s, true, nil
}

// Alive tells whether a session lives: what hangs on it (a refresh token, say) dies with it.
func (b *Broker) Alive(ctx context.Context, id string) (bool, error) {
	s, found, err := b.Store.Session(ctx, id)
	return found && b.lives(s), err
}

// spendable is the best proof of a session that a login may spend. A service that stays alone, and one that asks for
// everything anew, get only what was proven in this very login.
func (b *Broker) spendable(l Login, party relying.Party, s Session) (best Held) {
	for _, h := range s.Held {
		fresh := h.Login == l.ID || !party.Alone() && !l.Request.ForceAuthn && !s.Alone()
		young := l.Request.MaxAge == 0 || b.Now().Sub(h.At) <= l.Request.MaxAge
		if fresh && young && slices.Contains(b.allowed(l, party), h.Method) && h.Level > best.Level {
			best = h
		}
	}
	return best
}

// Alone tells whether the session opens one party only.
func (s Session) Alone() bool { return s.Only != "" }

// hold adds a proof to a session, in place of one by the same method.
func (s *Session) hold(h Held) {
	s.Held = append(slices.DeleteFunc(slices.Clone(s.Held), func(old Held) bool { return old.Method == h.Method }), h)
}
