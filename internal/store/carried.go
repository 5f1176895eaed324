package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"clave/internal/notify"
)

// ClaimMessages takes up to n messages of a channel that are due, those that waited longest first, and marks them as
// being sent: whoever claims a message is the only one to send it. It needs a unit; nothing may be sent before that is
// committed.
func (s *Store) ClaimMessages(ctx context.Context, c notify.Channel, now time.Time, n int) ([]notify.Message, error) {
	list, err := all(ctx, s, scanSealed, selectDue, string(c), now, n)
	if err != nil {
		return nil, err
	}
	claimed := make([]notify.Message, 0, len(list))
	for _, m := range list {
		opened, err := s.openMessage(m)
		if err != nil { // one damaged row must not stop the others, nor a wrong key ring spend them all
			s.Log.Error("message cannot be opened", "id", m.ID, "kind", string(m.Kind), "err", err)
			if err := s.postpone(ctx, m.ID, now.Add(unopened)); err != nil {
				return nil, err
			}
			continue
		}
		claimed = append(claimed, opened)
		if _, err := s.exec(ctx, `UPDATE messages SET state = 'sending', claimed_at = $2 WHERE id = $1`, m.ID, now); err != nil {
			return nil, err
		}
	}
	return claimed, nil
}

// selectDue writes "+ 0" because SQLite plans a statement whose LIMIT is a bare parameter anew at every run, which more
// than doubles what the claim costs.
const selectDue = `SELECT id, kind, sealed, created_at, until_at FROM messages
	WHERE channel = $1 AND state = 'queued' AND decoy = FALSE AND due_at <= $2 AND until_at > $2
	ORDER BY due_at, id LIMIT $3 + 0 FOR UPDATE SKIP LOCKED`

// unopened is how long a message that the key ring does not open is left alone.
const unopened = 5 * time.Minute

// sealedMessage is a message whose body was not opened yet.
type sealedMessage struct {
	notify.Message
	sealed []byte
}

func scanSealed(r row) (m sealedMessage, err error) {
	return m, r.Scan(&m.ID, &m.Kind, &m.sealed, &m.Created, &m.Until)
}

func (s *Store) openMessage(m sealedMessage) (notify.Message, error) {
	var b messageBody
	err := s.unseal(messageUse, m.ID, m.sealed, &b)
	m.To, m.Lang, m.Values = b.To, b.Lang, b.Values
	return m.Message, err
}

func (s *Store) postpone(ctx context.Context, id string, due time.Time) error {
	_, err := s.exec(ctx, `UPDATE messages SET due_at = $2 WHERE id = $1`, id, due)
	return err
}

// RetryMessage gives back a claimed message that the carrier certainly has not taken, or that may be sent twice: it is
// due again at a later moment. It needs a unit.
func (s *Store) RetryMessage(ctx context.Context, id string, due time.Time) error {
	_, err := s.exec(ctx, `UPDATE messages SET state = 'queued', claimed_at = NULL, due_at = $2 WHERE id = $1 AND state = 'sending'`, id, due)
	return err
}

// errState means that a message was to be settled as something that is no outcome.
var errState = errors.New("store: not an outcome of a message")

// SettleMessage saves what became of a claimed message, and wipes its body in a final state; that of a code as soon as
// the carrier has it, since a code is never sent again. A state never goes back. It needs a unit.
func (s *Store) SettleMessage(ctx context.Context, id string, state notify.State, now time.Time) error {
	var err error
	switch state {
	case notify.Accepted:
		_, err = s.exec(ctx, `UPDATE messages SET state = 'accepted', accept_at = $2, sealed = CASE WHEN kind IN (`+onceKinds+`) THEN NULL ELSE sealed END
			WHERE id = $1 AND state = 'sending'`, id, now)
	case notify.Delivered:
		_, err = s.exec(ctx, `UPDATE messages SET state = 'delivered', accept_at = COALESCE(accept_at, $2), deliver_at = $2, sealed = NULL
			WHERE id = $1 AND state IN ('sending', 'accepted')`, id, now)
	case notify.Refused, notify.Lost:
		_, err = s.exec(ctx, `UPDATE messages SET state = $2, sealed = NULL WHERE id = $1 AND state IN ('sending', 'accepted')`, id, string(state))
	default:
		err = errState
	}
	return err
}

// SweepMessages puts right what a crash or a silent carrier left: a code that was being sent is lost, never sent again; a
// notice is due again; what is of no use any more expires, and no body outlives its use. Receipts that came before their
// message was noted are applied, or forgotten. It returns how many codes and messages of each channel it ended. It needs a unit.
func (s *Store) SweepMessages(ctx context.Context, stuck, now time.Time) (lost, expired map[notify.Channel]int, err error) {
	lost, expired = map[notify.Channel]int{}, map[notify.Channel]int{}
	count := func(r row) error {
		var channel notify.Channel
		var state notify.State
		err := r.Scan(&channel, &state)
		switch state {
		case notify.Lost:
			lost[channel]++
		case notify.Expired:
			expired[channel]++
		}
		return err
	}
	if err := s.query(ctx, count, loseCodes, stuck); err != nil {
		return nil, nil, err
	}
	if _, err := s.exec(ctx, freeNotices, stuck, now); err != nil {
		return nil, nil, err
	}
	if err := s.query(ctx, count, endLate, now); err != nil {
		return nil, nil, err
	}
	return lost, expired, s.sweepReceipts(ctx, now)
}

// WaitingMessages tells how many messages of a channel wait to be sent, twenty thousand at most, and when the oldest of them
// was made: zero when there is none. Decoys are none.
func (s *Store) WaitingMessages(ctx context.Context, c notify.Channel) (n int, oldest time.Time, err error) {
	err = s.queryRow(ctx, selectWaiting, string(c)).Scan(&n, &oldest)
	return n, oldest, err
}

const selectWaiting = `SELECT COUNT(*), MIN(created_at) FROM (SELECT created_at FROM messages
	WHERE channel = $1 AND state = 'queued' AND decoy = FALSE ORDER BY due_at, id LIMIT 20000) AS waiting`

// The steps of a sweep, in their order: what the first leaves in 'sending' is no code.
var (
	loseCodes = `UPDATE messages SET state = 'lost', sealed = NULL WHERE state = 'sending' AND claimed_at < $1 AND kind IN (` + onceKinds + `)
		RETURNING channel, state`
	freeNotices = `UPDATE messages SET state = 'queued', claimed_at = NULL, due_at = $2 WHERE state = 'sending' AND claimed_at < $1`
	endLate     = `UPDATE messages SET sealed = NULL, state = CASE WHEN state = 'queued' AND decoy = FALSE THEN 'expired' ELSE state END
		WHERE sealed IS NOT NULL AND until_at <= $1 AND state <> 'sending'
		RETURNING channel, state`
)

// onceKinds are the kinds that carry a code, as an SQL list.
var onceKinds = func() string {
	var list []string
	for _, k := range notify.Kinds() {
		if k.Once() {
			list = append(list, "'"+string(k)+"'")
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}()
