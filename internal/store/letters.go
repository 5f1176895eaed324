package store

import (
	"context"
	"time"

	"clave/internal/enrolment"
	"clave/internal/secret"
)

const selectLetter = `SELECT id, reference, subject, csv, message, asked_at, expires_at, used_at, used_by FROM letters WHERE `

// AddLetter implements enrolment.Store.
func (s *Store) AddLetter(ctx context.Context, l enrolment.Letter) error {
	_, err := s.exec(ctx, `INSERT INTO letters (id, reference, subject, csv, message, asked_at, expires_at, used_at, used_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, l.ID, l.Reference, l.Subject, l.CSV, l.Message, l.Asked, l.Expires, l.Used, l.UsedBy)
	return err
}

// Letter implements enrolment.Store.
func (s *Store) Letter(ctx context.Context, id string) (enrolment.Letter, bool, error) {
	return scanLetter(s.queryRow(ctx, selectLetter+`id = $1`, id))
}

// LetterByCSV implements enrolment.Store.
func (s *Store) LetterByCSV(ctx context.Context, csv secret.Hash) (enrolment.Letter, bool, error) {
	return scanLetter(s.queryRow(ctx, selectLetter+`csv = $1`, sought(csv)))
}

// LetterByReference implements enrolment.Store.
func (s *Store) LetterByReference(ctx context.Context, reference secret.Hash) (enrolment.Letter, bool, error) {
	return scanLetter(s.queryRow(ctx, selectLetter+`reference = $1`, sought(reference)))
}

// UseLetter implements enrolment.Store.
func (s *Store) UseLetter(ctx context.Context, id, flow string, now time.Time) (bool, error) {
	n, err := s.exec(ctx, `UPDATE letters SET used_at = $2, used_by = $3 WHERE id = $1 AND used_at IS NULL`, id, now, flow)
	return n == 1, err
}

func scanLetter(r row) (l enrolment.Letter, ok bool, err error) {
	ok, err = found(r.Scan(&l.ID, &l.Reference, &l.Subject, &l.CSV, &l.Message, &l.Asked, &l.Expires, &l.Used, &l.UsedBy))
	return l, ok, err
}

// AddFreeze implements enrolment.Store.
func (s *Store) AddFreeze(ctx context.Context, code secret.Hash, citizen string) error {
	_, err := s.exec(ctx, `INSERT INTO freezes (code, citizen) VALUES ($1, $2)`, code, citizen)
	return err
}

// TakeFreeze implements enrolment.Store.
func (s *Store) TakeFreeze(ctx context.Context, code secret.Hash) (citizen string, ok bool, err error) {
	ok, err = found(s.queryRow(ctx, `DELETE FROM freezes WHERE code = $1 RETURNING citizen`, sought(code)).Scan(&citizen))
	return citizen, ok, err
}
