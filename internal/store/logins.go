package store

import (
	"context"
	"time"

	"clave/internal/audit"
	"clave/internal/secret"
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

const auditColumns = `id, at, event, subject, citizen, party, flow, outcome, sealed`

// auditBody is what is sealed of an entry.
type auditBody struct {
	From    string `json:"from"`
	Browser string `json:"browser,omitempty"`
}

// AddAudit saves an entry of the record, for every package that declares it.
func (s *Store) AddAudit(ctx context.Context, e audit.Entry) error {
	sealed, err := s.seal(auditUse, e.ID, auditBody{e.From, e.Browser})
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO audits (`+auditColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.ID, e.At, string(e.Event), e.Subject, e.Citizen, e.Party, e.Flow, e.Outcome, sealed)
	if err == nil && s.Seen != nil {
		s.After(ctx, func() { s.Seen.Event(string(e.Event), outcomeOf(e)) })
	}
	return err
}

// outcomeOf is what is counted of an entry: the fields of a service that were changed are many words.
func outcomeOf(e audit.Entry) string {
	if e.Event == audit.PartyChanged {
		return ""
	}
	return e.Outcome
}

// Audits returns the entries after an id, oldest first, at most n of them.
func (s *Store) Audits(ctx context.Context, after string, n int) ([]audit.Entry, error) {
	return all(ctx, s, s.scanAudit, `SELECT `+auditColumns+` FROM audits
		WHERE id > $1 ORDER BY id LIMIT $2`, after, n)
}

func (s *Store) scanAudit(r row) (e audit.Entry, err error) {
	var sealed []byte
	if err := r.Scan(&e.ID, &e.At, &e.Event, &e.Subject, &e.Citizen, &e.Party, &e.Flow, &e.Outcome, &sealed); err != nil {
		return e, err
	}
	var b auditBody
	err = s.unseal(auditUse, e.ID, sealed, &b)
	e.From, e.Browser = b.From, b.Browser
	return e, err
}

// LastAccess implements web.Records.
func (s *Store) LastAccess(ctx context.Context, subject secret.Hash) (audit.Entry, bool, error) {
	e, err := s.scanAudit(s.queryRow(ctx, `SELECT `+auditColumns+` FROM audits
		WHERE subject = $1 AND event IN ($2, $3) ORDER BY id DESC LIMIT 1`, sought(subject), string(audit.LoginCompleted), string(audit.ConfirmationUsed)))
	ok, err := found(err)
	return e, ok, err
}

// FailuresSince implements web.Records.
func (s *Store) FailuresSince(ctx context.Context, subject secret.Hash, after string) (n int, err error) {
	err = s.queryRow(ctx, `SELECT COUNT(*) FROM audits WHERE subject = $1 AND id > $2 AND event = $3 AND outcome = 'wrong'`,
		sought(subject), after, string(audit.PINRefused)).Scan(&n)
	return n, err
}
