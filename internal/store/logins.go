package store

import (
	"context"
	"time"

	"clave/internal/audit"
	"clave/internal/login"
)

// Consume implements login.Store: the row is unique, so two answers to one request cannot both be committed.
func (s *Store) Consume(ctx context.Context, party, request string, until time.Time) (bool, error) {
	n, err := s.exec(ctx, `INSERT INTO answered (party, request, until_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, party, request, until)
	return n == 1, err
}

// Consumed implements login.Store.
func (s *Store) Consumed(ctx context.Context, party, request string) (bool, error) {
	var one int
	return found(s.queryRow(ctx, `SELECT 1 FROM answered WHERE party = $1 AND request = $2`, party, request).Scan(&one))
}

// AddSession implements login.Store.
func (s *Store) AddSession(ctx context.Context, x login.Session) error {
	_, err := s.exec(ctx, `INSERT INTO sessions (epoch, id, citizen, browser, method, level, party, request, at, until_at)
		VALUES (`+currentEpoch+`, $1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		x.ID, x.Citizen, x.Browser, string(x.Method), int64(x.Level), x.Party, x.Request, x.At, x.Until)
	return err
}

// CountSessions counts the sign-ins of a citizen that are kept.
func (s *Store) CountSessions(ctx context.Context, citizen string) (n int, err error) {
	err = s.queryRow(ctx, `SELECT COUNT(*) FROM sessions WHERE citizen = $1`, citizen).Scan(&n)
	return n, err
}

// auditBody is what is sealed of an entry.
type auditBody struct {
	From string `json:"from"`
}

// AddAudit saves an entry of the record.
func (s *Store) AddAudit(ctx context.Context, e audit.Entry) error {
	sealed, err := s.seal(auditUse, e.ID, auditBody{e.From})
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO audits (id, at, event, subject, citizen, party, flow, outcome, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.ID, e.At, string(e.Event), orNull(e.Subject), e.Citizen, e.Party, e.Flow, e.Outcome, sealed)
	return err
}

// Audits returns the entries after an id, oldest first, at most n of them.
func (s *Store) Audits(ctx context.Context, after string, n int) ([]audit.Entry, error) {
	return all(ctx, s, s.scanAudit, `SELECT id, at, event, subject, citizen, party, flow, outcome, sealed FROM audits
		WHERE id > $1 ORDER BY id LIMIT $2`, after, n)
}

func (s *Store) scanAudit(r row) (e audit.Entry, err error) {
	var sealed, subject []byte
	if err := r.Scan(&e.ID, &e.At, &e.Event, &subject, &e.Citizen, &e.Party, &e.Flow, &e.Outcome, &sealed); err != nil {
		return e, err
	}
	var b auditBody
	err = s.unseal(auditUse, e.ID, sealed, &b)
	e.Subject, e.From = subject, b.From
	return e, err
}
