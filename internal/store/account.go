package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"clave/internal/account"
	"clave/internal/audit"
	"clave/internal/secret"
)

// theFlow is what an entry is told with: those of one login together, one that belongs to nothing alone.
const theFlow = `CASE WHEN flow = '' THEN id ELSE flow END`

// Told implements account.Store.
func (s *Store) Told(ctx context.Context, subject secret.Hash, before string, n int) ([]audit.Entry, error) {
	return all(ctx, s, s.scanAudit, `SELECT `+auditColumns+` FROM audits WHERE subject = $1 AND `+theFlow+` IN (
		SELECT `+theFlow+` FROM audits WHERE subject = $1 GROUP BY `+theFlow+`
		HAVING $2 = '' OR MAX(id) < $2 ORDER BY MAX(id) DESC LIMIT $3) ORDER BY id`, sought(subject), before, int64(n))
}

// GivenUp implements account.Store.
func (s *Store) GivenUp(ctx context.Context, flows []string) ([]audit.Entry, error) {
	if len(flows) == 0 {
		return nil, nil
	}
	places, args := make([]string, len(flows)), make([]any, len(flows))
	for i, flow := range flows {
		places[i], args[i] = fmt.Sprintf("$%d", i+1), flow
	}
	return all(ctx, s, s.scanAudit, `SELECT `+auditColumns+` FROM audits
		WHERE event = '`+string(audit.LoginCancelled)+`' AND flow IN (`+strings.Join(places, ", ")+`) ORDER BY id`, args...)
}

// EntriesOf implements account.Store.
func (s *Store) EntriesOf(ctx context.Context, subject secret.Hash, after string, n int) ([]audit.Entry, error) {
	return all(ctx, s, s.scanAudit, `SELECT `+auditColumns+` FROM audits WHERE subject = $1 AND id > $2 ORDER BY id LIMIT $3`, sought(subject), after, int64(n))
}

// Informed implements account.Store.
func (s *Store) Informed(ctx context.Context, subject secret.Hash, since string, until time.Time) ([]account.Informed, error) {
	scan := func(r row) (e account.Informed, err error) { return e, r.Scan(&e.Party, &e.Times, &e.Last) }
	return all(ctx, s, scan, `SELECT party, COUNT(*), MAX(at) FROM audits
		WHERE subject = $1 AND id >= $2 AND at <= $3 AND event IN ($4, $5) GROUP BY party ORDER BY MAX(at) DESC, party`,
		sought(subject), since, until, string(audit.LoginCompleted), string(audit.ConfirmationUsed))
}

// KnownBrowsers implements account.Store.
func (s *Store) KnownBrowsers(ctx context.Context, citizen string) ([]time.Time, error) {
	scan := func(r row) (t time.Time, err error) { return t, r.Scan(&t) }
	return all(ctx, s, scan, `SELECT since FROM known_browsers WHERE citizen = $1 ORDER BY since`, citizen)
}

// ForgetBrowsers implements account.Store.
func (s *Store) ForgetBrowsers(ctx context.Context, citizen string) error {
	_, err := s.exec(ctx, `DELETE FROM known_browsers WHERE citizen = $1`, citizen)
	return err
}
