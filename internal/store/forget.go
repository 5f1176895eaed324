package store

import (
	"context"
	"strings"
	"time"

	"clave/internal/secret"
)

// messageKept is how long the row of a message says what became of it: longer than the life of any message.
const messageKept = 90 * 24 * time.Hour

// forgetBatch is how many rows of a table one unit forgets: few enough to hold nobody up, also after a week in which no
// node forgot anything.
const forgetBatch = 1000

// Forget deletes what has served: challenges, counters, answered requests, confirmations and sessions whose time is over,
// messages of a season ago, and the ids of units that nobody looks up any more (an hour is long enough). It takes a bounded
// number of each, and says whether there may be more. It needs a unit.
func (s *Store) Forget(ctx context.Context, now time.Time) (more bool, err error) {
	day := now.Add(-24 * time.Hour)
	for _, step := range []struct {
		table, key, old string
		args            []any
	}{
		{"challenges", "id", "expires_at < $2", []any{day}},
		{"counters", "key", "forget_at < $2", []any{now}},
		{"answered", "(party, request)", "until_at < $2", []any{day}},
		{"confirmations", "id", "expires_at < $2", []any{day}},
		{"sessions", "id", "until_at < $2", []any{day}},                                               // with their participations
		{"messages", "id", "id < $2 AND until_at < $3", []any{secret.ID(now.Add(-messageKept)), now}}, // ids sort by time
		{"changes", "id", "at < $2", []any{now.Add(-time.Hour)}},
	} {
		n, err := s.exec(ctx, forgetOld(step.table, step.key, step.old), append([]any{forgetBatch}, step.args...)...)
		if err != nil {
			return false, err
		}
		more = more || n == forgetBatch
	}
	return more, nil
}

// forgetOld deletes up to $1 rows of a table that are old.
func forgetOld(table, key, old string) string {
	return `DELETE FROM ` + table + ` WHERE ` + key + ` IN (SELECT ` + strings.Trim(key, "()") + ` FROM ` + table +
		` WHERE ` + old + ` LIMIT $1 + 0)`
}
