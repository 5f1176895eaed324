package store

import (
	"context"
	"time"

	"clave/internal/secret"
)

// messageKept is how long the row of a message says what became of it: longer than the life of any message.
const messageKept = 90 * 24 * time.Hour

// Forget deletes what has served: challenges, counters, answered requests, confirmations and sessions whose time is over, and messages
// of a season ago. It needs a unit.
func (s *Store) Forget(ctx context.Context, now time.Time) error {
	day := now.Add(-24 * time.Hour)
	for _, step := range []struct {
		text string
		args []any
	}{
		{`DELETE FROM challenges WHERE expires_at < $1`, []any{day}},
		{`DELETE FROM counters WHERE forget_at < $1`, []any{now}},
		{`DELETE FROM answered WHERE until_at < $1`, []any{day}},
		{`DELETE FROM confirmations WHERE expires_at < $1`, []any{day}},
		{`DELETE FROM sessions WHERE until_at < $1`, []any{day}},                                               // with their participations
		{`DELETE FROM messages WHERE id < $1 AND until_at < $2`, []any{secret.ID(now.Add(-messageKept)), now}}, // ids sort by time
	} {
		if _, err := s.exec(ctx, step.text, step.args...); err != nil {
			return err
		}
	}
	return nil
}
