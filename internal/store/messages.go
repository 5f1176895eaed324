package store

import (
	"context"
	"time"

	"clave/internal/notify"
	"clave/internal/secret"
)

// messageBody is what is sealed of a message, until it is wiped.
type messageBody struct {
	To     string            `json:"to"`
	Lang   string            `json:"lang"`
	Values map[string]string `json:"values"`
}

// AddMessage saves a message that somebody is owed. A decoy gets the times of a real message of its kind.
func (s *Store) AddMessage(ctx context.Context, m notify.Message) error {
	sealed, err := s.seal(messageUse, m.ID, messageBody{m.To, m.Lang, m.Values})
	if err != nil {
		return err
	}
	pace, err := s.pace(ctx, m.Kind, m.Created)
	if err != nil {
		return err
	}
	var accept, deliver time.Time
	if m.Decoy {
		accept, deliver = pace.from(m.Created)
	}
	_, err = s.exec(ctx, `INSERT INTO messages (id, kind, channel, state, decoy, sealed, created_at, until_at, due_at, accept_at, deliver_at)
		VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, $9, $10)`,
		m.ID, string(m.Kind), string(m.Kind.Channel()), m.Decoy, sealed, m.Created, m.Until, m.Created, accept, deliver)
	if err == nil && !m.Decoy && s.Owed != nil {
		s.After(ctx, func() { s.Owed(m.Kind.Channel()) })
	}
	return err
}

// pace is how fast a message went: the times after it was made; deliver is negative when it never arrived.
type pace struct{ accept, deliver time.Duration }

// firstPace serves until a first message of a channel has gone out. Letters are printed once a day.
var firstPace = map[notify.Channel]pace{
	notify.SMS:    {300 * time.Millisecond, 1500 * time.Millisecond},
	notify.Email:  {300 * time.Millisecond, 1500 * time.Millisecond},
	notify.Letter: {12 * time.Hour, 36 * time.Hour},
}

// settled is the age at which a message of a channel has arrived or will not. Younger ones tell no pace, or the decoys
// of a busy hour would be those that never arrive.
var settled = map[notify.Channel]time.Duration{
	notify.SMS: 10 * time.Minute, notify.Email: 10 * time.Minute, notify.Letter: 7 * 24 * time.Hour,
}

// pace draws the pace of one of the last messages of a kind that the carrier took and that have had their time; of the
// youngest, as long as there are no older ones. It is drawn for real messages too, so that both take the same time to
// save.
func (s *Store) pace(ctx context.Context, k notify.Kind, now time.Time) (pace, error) {
	list, err := s.paces.of(k, now, func() ([]pace, error) { return s.lastPaces(ctx, k, now) })
	if err != nil || len(list) == 0 {
		return firstPace[k.Channel()], err
	}
	return list[int(secret.Bytes(1)[0])%len(list)], nil
}

func (s *Store) lastPaces(ctx context.Context, k notify.Kind, now time.Time) ([]pace, error) {
	list, err := all(ctx, s, scanPace, selectPace, string(k), now.Add(-settled[k.Channel()]))
	if err != nil || len(list) > 0 {
		return list, err
	}
	return all(ctx, s, scanPace, selectPace, string(k), now)
}

const selectPace = `SELECT created_at, accept_at, deliver_at FROM messages
	WHERE kind = $1 AND created_at <= $2 AND decoy = FALSE AND accept_at IS NOT NULL AND state <> 'refused'
	ORDER BY created_at DESC LIMIT 8`

func scanPace(r row) (pace, error) {
	var created, accepted, delivered time.Time
	err := r.Scan(&created, &accepted, &delivered)
	p := pace{accepted.Sub(created), -1}
	if !delivered.IsZero() {
		p.deliver = delivered.Sub(created)
	}
	return p, err
}

func (p pace) from(t time.Time) (accept, deliver time.Time) {
	if p.deliver < 0 {
		return t.Add(p.accept), time.Time{}
	}
	return t.Add(p.accept), t.Add(p.deliver)
}

// MessageState is what became of a message; of one that is forgotten, that it expired. A decoy's state is read off its
// times, so that no courier is needed and no delay of ours shows.
func (s *Store) MessageState(ctx context.Context, id string) (notify.State, error) {
	var state notify.State
	var decoy bool
	var accept, deliver time.Time
	ok, err := found(s.queryRow(ctx, `SELECT state, decoy, accept_at, deliver_at FROM messages WHERE id = $1`, id).
		Scan(&state, &decoy, &accept, &deliver))
	now := s.Now()
	switch {
	case err != nil:
		return "", err
	case !ok:
		return notify.Expired, nil
	case !decoy:
		return state, nil
	case !deliver.IsZero() && !now.Before(deliver):
		return notify.Delivered, nil
	case !now.Before(accept):
		return notify.Accepted, nil
	default:
		return notify.Queued, nil
	}
}
