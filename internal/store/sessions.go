package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"clave/internal/login"
	"clave/internal/secret"
)

const sessionColumns = `id, citizen, token, party, held, sealed, began_at, seen_at, until_at, ended_at`

// sessionBody is what is sealed of a session.
type sessionBody struct {
	From    string `json:"from"`
	Browser string `json:"browser,omitempty"`
}

// AddSession implements login.SessionStore.
func (s *Store) AddSession(ctx context.Context, x login.Session) error {
	held, sealed, err := s.sessionParts(x)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO sessions (epoch, `+sessionColumns+`)
		VALUES (`+currentEpoch+`, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		x.ID, x.Citizen, x.Token, x.Only, held, sealed, x.Began, x.Seen, x.Until, x.Ended)
	return err
}

// SaveSession implements login.SessionStore.
func (s *Store) SaveSession(ctx context.Context, x login.Session) error {
	held, sealed, err := s.sessionParts(x)
	if err != nil {
		return err
	}
	n, err := s.exec(ctx, `UPDATE sessions SET token = $2, held = $3, sealed = $4, seen_at = $5, ended_at = $6 WHERE id = $1`,
		x.ID, x.Token, held, sealed, x.Seen, x.Ended)
	if err == nil && n == 0 {
		return fmt.Errorf("store: session %s does not exist", x.ID)
	}
	return err
}

func (s *Store) sessionParts(x login.Session) (held string, sealed []byte, err error) {
	text, err := json.Marshal(x.Held)
	if err != nil {
		return "", nil, fmt.Errorf("save session: %w", err)
	}
	sealed, err = s.seal(sessionUse, x.ID, sessionBody{x.From, x.Browser})
	return string(text), sealed, err
}

// SessionByToken implements login.SessionStore.
func (s *Store) SessionByToken(ctx context.Context, token secret.Hash) (login.Session, bool, error) {
	return s.session(ctx, `token = $1`, sought(token))
}

// Session implements login.SessionStore.
func (s *Store) Session(ctx context.Context, id string) (login.Session, bool, error) {
	return s.session(ctx, `id = $1`, id)
}

// session finds one of this epoch.
func (s *Store) session(ctx context.Context, where string, key any) (login.Session, bool, error) {
	text := s.locked(ctx, `SELECT `+sessionColumns+` FROM sessions WHERE `+where+` AND epoch = `+currentEpoch)
	x, err := s.scanSession(s.queryRow(ctx, text, key))
	ok, err := found(err)
	return x, ok, err
}

func (s *Store) scanSession(r row) (x login.Session, err error) {
	var held string
	var sealed []byte
	if err := r.Scan(&x.ID, &x.Citizen, &x.Token, &x.Only, &held, &sealed, &x.Began, &x.Seen, &x.Until, &x.Ended); err != nil {
		return x, err
	}
	var b sessionBody
	if err := s.unseal(sessionUse, x.ID, sealed, &b); err != nil {
		return x, err
	}
	x.From, x.Browser = b.From, b.Browser
	return x, json.Unmarshal([]byte(held), &x.Held)
}

// Sessions implements account.Store.
func (s *Store) Sessions(ctx context.Context, citizen string, now time.Time) ([]login.Session, error) {
	return all(ctx, s, s.scanSession, `SELECT `+sessionColumns+` FROM sessions
		WHERE citizen = $1 AND ended_at IS NULL AND until_at > $2 AND epoch = `+currentEpoch+` ORDER BY id`, citizen, now)
}

const participationColumns = `id, session, party, protocol, subject, at, state, due_at, tries`

// AddParticipation implements login.SessionStore.
func (s *Store) AddParticipation(ctx context.Context, p login.Participation) (id string, err error) {
	err = s.queryRow(ctx, `INSERT INTO participations (`+participationColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (session, party, protocol) DO UPDATE SET at = excluded.at, state = excluded.state RETURNING id`,
		p.ID, p.Session, p.Party, p.Protocol, p.Subject, p.At, string(p.State), p.Due, p.Tries).Scan(&id)
	return id, err
}

// Participations implements login.SessionStore.
func (s *Store) Participations(ctx context.Context, session string) ([]login.Participation, error) {
	return all(ctx, s, scanParticipation, `SELECT `+participationColumns+` FROM participations WHERE session = $1 ORDER BY id`, session)
}

// Participation implements login.SessionStore.
func (s *Store) Participation(ctx context.Context, id string) (login.Participation, bool, error) {
	p, err := scanParticipation(s.queryRow(ctx, `SELECT `+participationColumns+` FROM participations WHERE id = $1`, id))
	ok, err := found(err)
	return p, ok, err
}

func scanParticipation(r row) (p login.Participation, err error) {
	return p, r.Scan(&p.ID, &p.Session, &p.Party, &p.Protocol, &p.Subject, &p.At, &p.State, &p.Due, &p.Tries)
}

// SetParticipation implements login.SessionStore. Each time counts as a try to tell the service, but for the first, which
// owes it.
func (s *Store) SetParticipation(ctx context.Context, id string, state login.State, due time.Time) error {
	_, err := s.exec(ctx, `UPDATE participations SET state = $2, due_at = $3, tries = tries + CASE WHEN state = 'open' THEN 0 ELSE 1 END
		WHERE id = $1`, id, string(state), due)
	return err
}
