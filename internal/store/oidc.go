package store

import (
	"context"
	"time"

	"clave/internal/federation/oidc"
	"clave/internal/login"
)

const recordColumns = `kind, key, sealed, until_at, due_at`

// AddRecord implements oidc.Store.
func (s *Store) AddRecord(ctx context.Context, x oidc.Record) (bool, error) {
	n, err := s.exec(ctx, `INSERT INTO oidc_records (epoch, kind, key, sealed, until_at, due_at)
		VALUES (`+currentEpoch+`, $1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		string(x.Kind), x.Key, s.sealRecord(x), x.Until, x.Due)
	return n == 1, err
}

// SaveRecord implements oidc.Store.
func (s *Store) SaveRecord(ctx context.Context, x oidc.Record) error {
	_, err := s.exec(ctx, `UPDATE oidc_records SET sealed = $3, until_at = $4, due_at = $5 WHERE kind = $1 AND key = $2`,
		string(x.Kind), x.Key, s.sealRecord(x), x.Until, x.Due)
	return err
}

// Record implements oidc.Store.
func (s *Store) Record(ctx context.Context, kind oidc.Kind, key string) (oidc.Record, bool, error) {
	text := s.locked(ctx, `SELECT `+recordColumns+` FROM oidc_records WHERE kind = $1 AND key = $2 AND epoch = `+currentEpoch)
	x, err := s.scanRecord(s.queryRow(ctx, text, string(kind), key))
	ok, err := found(err)
	return x, ok, err
}

// DueRecords implements oidc.Store.
func (s *Store) DueRecords(ctx context.Context, kind oidc.Kind, now time.Time, n int) ([]oidc.Record, error) {
	return all(ctx, s, s.scanRecord, selectDueRecords, string(kind), now, n)
}

const selectDueRecords = `SELECT ` + recordColumns + ` FROM oidc_records
	WHERE kind = $1 AND due_at <= $2 AND epoch = ` + currentEpoch + ` ORDER BY due_at LIMIT $3 + 0 FOR UPDATE SKIP LOCKED`

// ForgetRecords implements oidc.Store.
func (s *Store) ForgetRecords(ctx context.Context, now time.Time) (more bool, err error) {
	n, err := s.exec(ctx, forgetRecords, forgetBatch, now)
	return n == forgetBatch, err
}

var forgetRecords = forgetOld("oidc_records", "(kind, key)", "until_at < $2")

func (s *Store) sealRecord(x oidc.Record) []byte {
	return s.Ring.Seal(s.Now(), oidcUse, string(x.Kind)+" "+x.Key, x.Body)
}

func (s *Store) scanRecord(r row) (x oidc.Record, err error) {
	var sealed []byte
	if err := r.Scan(&x.Kind, &x.Key, &sealed, &x.Until, &x.Due); err != nil {
		return x, err
	}
	x.Body, err = s.Ring.Unseal(oidcUse, string(x.Kind)+" "+x.Key, sealed)
	return x, err
}

// Subject implements oidc.Store.
func (s *Store) Subject(ctx context.Context, sector, citizen, fresh string) (subject string, err error) {
	const known = `SELECT subject FROM oidc_subjects WHERE sector = $1 AND citizen = $2`
	ok, err := found(s.queryRow(ctx, known, sector, citizen).Scan(&subject))
	if ok || err != nil || fresh == "" {
		return subject, err
	}
	// two first logins at once draw two subjects: the second waits for the first, and both get the one that was kept
	err = s.queryRow(ctx, `INSERT INTO oidc_subjects (sector, citizen, subject) VALUES ($1, $2, $3)
		ON CONFLICT (sector, citizen) DO UPDATE SET subject = oidc_subjects.subject RETURNING subject`, sector, citizen, fresh).Scan(&subject)
	return subject, err
}

// ClaimLogouts implements oidc.Store. What a process that died had claimed is due again.
func (s *Store) ClaimLogouts(ctx context.Context, protocol string, now, again time.Time, n int) ([]oidc.Owed, error) {
	list, err := all(ctx, s, scanOwed, selectOwed, protocol, now, n)
	for _, o := range list {
		if err == nil {
			err = s.SetParticipation(ctx, o.ID, login.Told, again)
		}
	}
	return list, err
}

const selectOwed = `SELECT ` + participationColumns + `, (SELECT citizen FROM sessions WHERE sessions.id = participations.session)
	FROM participations WHERE protocol = $1 AND state IN ('owed', 'told') AND due_at <= $2
	ORDER BY due_at LIMIT $3 + 0 FOR UPDATE SKIP LOCKED`

func scanOwed(r row) (o oidc.Owed, err error) {
	return o, r.Scan(&o.ID, &o.Session, &o.Party, &o.Protocol, &o.Subject, &o.At, &o.State, &o.Due, &o.Tries, &o.Citizen)
}
