package store

import (
	"context"
	"time"
)

// Holds is what an operator watches of what the database holds.
type Holds struct {
	Sessions   int // open
	Challenges int // that may still be answered
}

// Holds counts. It reads indexes only, and changes nothing.
func (s *Store) Holds(ctx context.Context, now time.Time) (h Holds, err error) {
	if err = s.queryRow(ctx, `SELECT COUNT(*) FROM sessions WHERE until_at > $1 AND ended_at IS NULL`, now).Scan(&h.Sessions); err != nil {
		return h, err
	}
	err = s.queryRow(ctx, `SELECT COUNT(*) FROM challenges WHERE expires_at > $1`, now).Scan(&h.Challenges)
	return h, err
}
