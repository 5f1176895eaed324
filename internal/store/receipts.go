package store

import (
	"context"
	"strings"
	"time"

	"clave/internal/notify"
)

// The bounds of receipts that no message was found for.
const (
	longestRef   = 200              // bytes; what is longer was named by none of our carriers
	receiptKept  = 10 * time.Minute // longer than a batch of the courier takes to be noted
	receiptFirst = 2 * time.Second  // until a receipt is tried again; then half its age
	receiptsMost = 20000            // the oldest go first
)

// ownRef begins the name of a message in a receipt that repeats our own id.
const ownRef = "id:"

// receipt is one that waits for its message.
type receipt struct {
	channel notify.Channel // whose carriers it came from
	ref     string
	state   notify.State
	at      time.Time
}

// AcceptMessage saves that a carrier has a claimed message and what it calls it in receipts, and applies the receipt that came
// before. It needs a unit.
func (s *Store) AcceptMessage(ctx context.Context, id, ref string, now time.Time) error {
	if ref == "" || len(ref) > longestRef {
		return s.SettleMessage(ctx, id, notify.Accepted, now)
	}
	n, err := s.exec(ctx, `UPDATE messages SET state = 'accepted', ref = $3, accept_at = $2, sealed = CASE WHEN kind IN (`+onceKinds+`) THEN NULL ELSE sealed END
		WHERE id = $1 AND state = 'sending'`, id, now, ref)
	if err != nil || n == 0 {
		return err
	}
	early, err := all(ctx, s, scanReceipt, `SELECT channel, ref, state, at FROM receipts
		WHERE channel = (SELECT channel FROM messages WHERE id = $1) AND ref = $2 FOR UPDATE`, id, ref)
	if err != nil || len(early) == 0 {
		return err
	}
	_, err = s.apply(ctx, early[0], now)
	return err
}

// NoteReceipt saves what a carrier says of a message that it took: notify.Delivered or notify.Refused. A channel's carriers are
// believed of its own messages only: an SMS gateway that learnt a letter's name cannot say that it was posted. A receipt whose
// message is not noted yet is kept for a while, see SweepMessages. It may come twice, and changes nothing in a final state. It
// needs a unit.
func (s *Store) NoteReceipt(ctx context.Context, channel notify.Channel, ref string, state notify.State, now time.Time) error {
	if state != notify.Delivered && state != notify.Refused {
		return errState
	}
	if ref == "" || len(ref) > longestRef {
		return nil
	}
	found, err := s.receive(ctx, receipt{channel, ref, state, now}, now)
	if err != nil || found {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO receipts (channel, ref, state, at, due_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (channel, ref) DO NOTHING`,
		string(channel), ref, string(state), now, now.Add(receiptFirst))
	return err
}

// receive applies a receipt to the message that it is of, and tells whether there was one that a carrier has.
func (s *Store) receive(ctx context.Context, r receipt, now time.Time) (bool, error) {
	id, own := strings.CutPrefix(r.ref, ownRef)
	var state notify.State
	var accepted time.Time
	text, arg := selectByRef, r.ref
	if own {
		text, arg = `SELECT id, state, accept_at FROM messages WHERE id = $1 AND channel = $2 AND decoy = FALSE`, id
	}
	ok, err := found(s.queryRow(ctx, text, arg, string(r.channel)).Scan(&id, &state, &accepted))
	if own && err == nil && !ok {
		return true, nil // what we name exists before it is sent: whoever makes up a bounce fills no table with it
	}
	if err != nil || !ok || state == notify.Queued || state == notify.Sending && !own {
		return false, err
	}
	if r.state == notify.Delivered && state == notify.Accepted {
		s.After(ctx, func() { s.Seen.Arrived(string(r.channel), max(r.at.Sub(accepted), 0)) })
	}
	return true, s.SettleMessage(ctx, id, r.state, now)
}

const selectByRef = `SELECT id, state, accept_at FROM messages WHERE ref = $1 AND channel = $2 ORDER BY id DESC LIMIT 1`

// apply applies a receipt that waited, and forgets it.
func (s *Store) apply(ctx context.Context, r receipt, now time.Time) (bool, error) {
	found, err := s.receive(ctx, r, now)
	if err != nil || !found {
		return false, err
	}
	_, err = s.exec(ctx, `DELETE FROM receipts WHERE channel = $1 AND ref = $2`, string(r.channel), r.ref)
	return true, err
}

// sweepReceipts tries those again that are due (two nodes may have written message and receipt in the same moment, each
// before it could see the other's), and forgets the old and the too many.
func (s *Store) sweepReceipts(ctx context.Context, now time.Time) error {
	due, err := all(ctx, s, scanReceipt, selectDueReceipts, now)
	if err != nil {
		return err
	}
	for _, r := range due {
		found, err := s.apply(ctx, r, now)
		if err != nil {
			return err
		}
		if found {
			continue
		}
		again := now.Add(max(receiptFirst, now.Sub(r.at)/2))
		if _, err := s.exec(ctx, `UPDATE receipts SET due_at = $3 WHERE channel = $1 AND ref = $2`, string(r.channel), r.ref, again); err != nil {
			return err
		}
	}
	if _, err := s.exec(ctx, forgetReceipts, now.Add(-receiptKept)); err != nil {
		return err
	}
	_, err = s.exec(ctx, tooManyReceipts, receiptsMost)
	return err
}

const (
	selectDueReceipts = `SELECT channel, ref, state, at FROM receipts WHERE due_at <= $1 ORDER BY due_at LIMIT 200 FOR UPDATE SKIP LOCKED`
	forgetReceipts    = `DELETE FROM receipts WHERE at <= $1`
	tooManyReceipts   = `DELETE FROM receipts WHERE at <= (SELECT at FROM receipts ORDER BY at DESC LIMIT 1 OFFSET $1 + 0)`
)

func scanReceipt(r row) (one receipt, err error) {
	return one, r.Scan(&one.channel, &one.ref, &one.state, &one.at)
}
