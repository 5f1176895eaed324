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
	pace, err := s.pace(ctx, m.Kind)
	if err != nil {
		return err
	}
	var accept, deliver time.Time
	if m.Decoy {
		accept, deliver = pace.from(m.Created)
	}
	_, err = s.exec(ctx, `INSERT INTO messages (id, kind, channel, state, decoy, sealed, created_at, until_at, accept_at, deliver_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		m.ID, string(m.Kind), string(m.Kind.Channel()), string(notify.Queued), m.Decoy, sealed, m.Created, m.Until, accept, deliver)
	if err == nil && !m.Decoy && s.Owed != nil {
		s.After(ctx, s.Owed)
	}
	return err
}

// pace is how fast a message went: the times after it was made; deliver is negative when it never arrived.
type pace struct{ accept, deliver time.Duration }

// defaultPace serves until a first message of a kind has gone out.
var defaultPace = pace{300 * time.Millisecond, 1500 * time.Millisecond}

// pace draws the pace of one of the last messages of a kind, one that the carrier took. It is drawn for real messages
// too, so that both take the same time to save.
func (s *Store) pace(ctx context.Context, k notify.Kind) (pace, error) {
	list, err := all(ctx, s, func(r row) (pace, error) {
		var created, accepted, delivered time.Time
		err := r.Scan(&created, &accepted, &delivered)
		p := pace{accepted.Sub(created), -1}
		if !delivered.IsZero() {
			p.deliver = delivered.Sub(created)
		}
		return p, err
	}, `SELECT created_at, accept_at, deliver_at FROM messages WHERE kind = $1 AND decoy = FALSE AND accept_at IS NOT NULL
		AND state <> 'refused' ORDER BY id DESC LIMIT 16`, string(k))
	if err != nil || len(list) == 0 {
		return defaultPace, err
	}
	return list[int(secret.Bytes(1)[0])%len(list)], nil
}

func (p pace) from(t time.Time) (accept, deliver time.Time) {
	if p.deliver < 0 {
		return t.Add(p.accept), time.Time{}
	}
	return t.Add(p.accept), t.Add(p.deliver)
}

// MessageState is what became of a message. A decoy's state is read off its times, so that no courier is needed and no
// delay of ours shows.
func (s *Store) MessageState(ctx context.Context, id string) (notify.State, error) {
	var state notify.State
	var decoy bool
	var accept, deliver time.Time
	err := s.queryRow(ctx, `SELECT state, decoy, accept_at, deliver_at FROM messages WHERE id = $1`, id).Scan(&state, &decoy, &accept, &deliver)
	if err != nil || !decoy {
		return state, err
	}
	now := s.Now()
	switch {
	case !deliver.IsZero() && !now.Before(deliver):
		return notify.Delivered, nil
	case !now.Before(accept):
		return notify.Accepted, nil
	default:
		return notify.Queued, nil
	}
}

// ClaimMessages takes up to n queued messages of a channel, oldest first, and marks them as being sent: whoever claims a
// message is the only one to send it. It needs a unit; nothing may be sent before that is committed.
func (s *Store) ClaimMessages(ctx context.Context, c notify.Channel, now time.Time, n int) ([]notify.Message, error) {
	list, err := all(ctx, s, s.scanMessage, `SELECT id, kind, sealed, created_at, until_at FROM messages
		WHERE channel = $1 AND state = 'queued' AND decoy = FALSE AND until_at > $2 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED`, string(c), now, n)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if _, err := s.exec(ctx, `UPDATE messages SET state = 'sending', claimed_at = $2 WHERE id = $1`, m.ID, now); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Store) scanMessage(r row) (m notify.Message, err error) {
	var sealed []byte
	if err := r.Scan(&m.ID, &m.Kind, &sealed, &m.Created, &m.Until); err != nil {
		return m, err
	}
	var b messageBody
	err = s.unseal(messageUse, m.ID, sealed, &b)
	m.To, m.Lang, m.Values = b.To, b.Lang, b.Values
	return m, err
}

// SettleMessage saves what became of a claimed message, and wipes its body in a final state; that of a code as soon as
// the carrier has it, since a code is never sent again. A state never goes back. It needs a unit.
func (s *Store) SettleMessage(ctx context.Context, id string, state notify.State, now time.Time) error {
	var err error
	switch state {
	case notify.Queued: // the carrier had not taken it: try again
		_, err = s.exec(ctx, `UPDATE messages SET state = 'queued', claimed_at = NULL WHERE id = $1 AND state = 'sending'`, id)
	case notify.Accepted:
		_, err = s.exec(ctx, `UPDATE messages SET state = 'accepted', accept_at = $2, sealed = CASE WHEN kind IN (`+onceKinds+`) THEN NULL ELSE sealed END
			WHERE id = $1 AND state = 'sending'`, id, now)
	case notify.Delivered:
		_, err = s.exec(ctx, `UPDATE messages SET state = 'delivered', accept_at = COALESCE(accept_at, $2), deliver_at = $2, sealed = NULL
			WHERE id = $1 AND state IN ('sending', 'accepted')`, id, now)
	default:
		_, err = s.exec(ctx, `UPDATE messages SET state = $2, sealed = NULL WHERE id = $1 AND state IN ('queued', 'sending', 'accepted')`, id, string(state))
	}
	return err
}

// SweepMessages puts right what a crash or a silent carrier left: a code that was being sent is lost, never sent again; a
// notice is queued again; what is of no use any more expires. It needs a unit.
func (s *Store) SweepMessages(ctx context.Context, stuck, now time.Time) error {
	for _, step := range []struct {
		text string
		args []any
	}{
		{`UPDATE messages SET state = 'lost', sealed = NULL WHERE state = 'sending' AND claimed_at < $1 AND kind IN (` + onceKinds + `)`, []any{stuck}},
		{`UPDATE messages SET state = 'queued', claimed_at = NULL WHERE state = 'sending' AND claimed_at < $1`, []any{stuck}},
		{`UPDATE messages SET state = 'expired', sealed = NULL WHERE state = 'queued' AND decoy = FALSE AND until_at <= $1`, []any{now}},
		{`UPDATE messages SET sealed = NULL WHERE decoy = TRUE AND sealed IS NOT NULL AND deliver_at <= $1`, []any{now}},
	} {
		if _, err := s.exec(ctx, step.text, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// onceKinds are the kinds that carry a code, as an SQL list.
var onceKinds = sqlList(func(k notify.Kind) bool { return k.Once() })

func sqlList(want func(notify.Kind) bool) (list string) {
	for _, k := range notify.Kinds() {
		if want(k) {
			if list != "" {
				list += ", "
			}
			list += "'" + string(k) + "'"
		}
	}
	return list
}

// Forget deletes what has served: challenges, counters, answered requests and sessions whose time is over. It needs a
// unit.
func (s *Store) Forget(ctx context.Context, now time.Time) error {
	day := now.Add(-24 * time.Hour)
	for _, step := range []struct {
		text string
		at   time.Time
	}{
		{`DELETE FROM challenges WHERE expires_at < $1`, day},
		{`DELETE FROM counters WHERE forget_at < $1`, now},
		{`DELETE FROM answered WHERE until_at < $1`, day},
		{`DELETE FROM sessions WHERE until_at < $1`, day},
	} {
		if _, err := s.exec(ctx, step.text, step.at); err != nil {
			return err
		}
	}
	return nil
}
