package store

import (
	"context"
	"time"

	"clave/internal/notify"
)

// Holds is what an operator watches of what the database holds.
type Holds struct {
	Sessions   int // open
	Challenges int // that may still be answered
	Messages   map[notify.Channel]Waiting
}

// Waiting are the messages of a channel that are due and that no carrier has taken.
type Waiting struct {
	Count  int
	Oldest time.Duration // how long the first of them has waited
}

// Holds counts. It reads indexes only, and changes nothing.
func (s *Store) Holds(ctx context.Context, now time.Time) (h Holds, err error) {
	if err = s.queryRow(ctx, `SELECT COUNT(*) FROM sessions WHERE until_at > $1 AND ended_at IS NULL`, now).Scan(&h.Sessions); err != nil {
		return h, err
	}
	if err = s.queryRow(ctx, `SELECT COUNT(*) FROM challenges WHERE expires_at > $1`, now).Scan(&h.Challenges); err != nil {
		return h, err
	}
	h.Messages = map[notify.Channel]Waiting{notify.SMS: {}, notify.Email: {}, notify.Letter: {}}
	return h, s.query(ctx, func(r row) error {
		var channel notify.Channel
		var w Waiting
		var since time.Time
		if err := r.Scan(&channel, &w.Count, &since); err != nil {
			return err
		}
		w.Oldest = max(now.Sub(since), 0)
		h.Messages[channel] = w
		return nil
	}, `SELECT channel, COUNT(*), MIN(due_at) FROM messages
		WHERE state = 'queued' AND decoy = FALSE AND due_at <= $1 AND until_at > $1 GROUP BY channel`, now)
}
