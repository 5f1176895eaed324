package store

import (
	"context"
	"time"

	"clave/internal/confirm"
	"clave/internal/relying"
	"clave/internal/secret"
)

// confirmationBody is what is sealed of a confirmation: the service's words, which may name somebody.
type confirmationBody struct {
	Message  string              `json:"message"`
	Released []relying.Attribute `json:"released,omitempty"`
}

const confirmationColumns = `id, party, subject, citizen, level, sealed, at, expires_at, state, answered_at, session, method, shown, shown_at, spent_at`

// AddConfirmation implements confirm.Store.
func (s *Store) AddConfirmation(ctx context.Context, a confirm.Asked) error {
	sealed, err := s.seal(confirmationUse, a.ID, confirmationBody{a.Message, a.Released})
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO confirmations (epoch, `+confirmationColumns+`)
		VALUES (`+currentEpoch+`, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		a.ID, a.Party, a.Subject, a.Citizen, int64(a.Level), sealed, a.At, a.Expires, string(a.State), a.Answered,
		a.Means.Session, string(a.Means.Method), int64(a.Means.Level), a.Means.At, a.Spent)
	return err
}

// SaveConfirmation implements confirm.Store.
func (s *Store) SaveConfirmation(ctx context.Context, a confirm.Asked) error {
	_, err := s.exec(ctx, `UPDATE confirmations SET state = $2, answered_at = $3, session = $4, method = $5, shown = $6, shown_at = $7, spent_at = $8
		WHERE id = $1`, a.ID, string(a.State), a.Answered, a.Means.Session, string(a.Means.Method), int64(a.Means.Level), a.Means.At, a.Spent)
	return err
}

// Confirmation implements confirm.Store.
func (s *Store) Confirmation(ctx context.Context, id string) (a confirm.Asked, ok bool, err error) {
	text := s.locked(ctx, `SELECT `+confirmationColumns+` FROM confirmations WHERE id = $1 AND epoch = `+currentEpoch)
	a, err = s.scanConfirmation(s.queryRow(ctx, text, id))
	ok, err = found(err)
	return a, ok, err
}

// Confirmations implements confirm.Store.
func (s *Store) Confirmations(ctx context.Context, citizen string, endsAfter time.Time) ([]confirm.Asked, error) {
	return all(ctx, s, s.scanConfirmation, `SELECT `+confirmationColumns+` FROM confirmations
		WHERE state = 'waiting' AND citizen = $1 AND expires_at > $2 AND epoch = `+currentEpoch+` ORDER BY id`, citizen, endsAfter)
}

// ConfirmationEnd implements confirm.Store.
func (s *Store) ConfirmationEnd(ctx context.Context, party string, subject secret.Hash) (end time.Time, err error) {
	_, err = found(s.queryRow(ctx, `SELECT expires_at FROM confirmations
		WHERE state = 'waiting' AND subject = $1 AND party = $2 AND epoch = `+currentEpoch+` ORDER BY expires_at DESC LIMIT 1`, sought(subject), party).Scan(&end))
	return end, err
}

func (s *Store) scanConfirmation(r row) (a confirm.Asked, err error) {
	var sealed []byte
	err = r.Scan(&a.ID, &a.Party, &a.Subject, &a.Citizen, &a.Level, &sealed, &a.At, &a.Expires, &a.State, &a.Answered,
		&a.Means.Session, &a.Means.Method, &a.Means.Level, &a.Means.At, &a.Spent)
	if err != nil {
		return confirm.Asked{}, err
	}
	var b confirmationBody
	err = s.unseal(confirmationUse, a.ID, sealed, &b)
	a.Message, a.Released = b.Message, b.Released
	return a, err
}
