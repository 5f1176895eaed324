package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"clave/internal/otp"
	"clave/internal/secret"
)

const challengeColumns = `id, purpose, flow, browser, subject, budget, citizen, label, code, message, tries, most, created_at, expires_at, state`

// currentEpoch voids what an older memory of the database may have forgotten the use of.
const currentEpoch = `(SELECT epoch FROM house)`

// AddChallenge implements otp.Store.
func (s *Store) AddChallenge(ctx context.Context, ch otp.Challenge) error {
	_, err := s.exec(ctx, `INSERT INTO challenges (epoch, `+challengeColumns+`)
		VALUES (`+currentEpoch+`, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		ch.ID, string(ch.Purpose), ch.Flow, ch.Browser, ch.Subject, secret.Hash(ch.Budget), ch.Citizen, ch.Label, ch.Code, ch.Message,
		ch.Tries, ch.Max, ch.Created, ch.Expires, string(ch.State))
	return err
}

// TryChallenge implements otp.Store: the statement counts, and locks the row, before anything is compared.
func (s *Store) TryChallenge(ctx context.Context, id, flow string, browser secret.Hash) (otp.Challenge, bool, error) {
	return scanChallenge(s.queryRow(ctx, `UPDATE challenges SET tries = tries + 1
		WHERE id = $1 AND flow = $2 AND browser = $3 AND epoch = `+currentEpoch+` RETURNING `+challengeColumns, id, flow, sought(browser)))
}

// SetChallengeState implements otp.Store.
func (s *Store) SetChallengeState(ctx context.Context, id string, state otp.State) error {
	_, err := s.exec(ctx, `UPDATE challenges SET state = $2 WHERE id = $1`, id, string(state))
	return err
}

// Challenge implements otp.Store.
func (s *Store) Challenge(ctx context.Context, id string) (otp.Challenge, bool, error) {
	return scanChallenge(s.queryRow(ctx, `SELECT `+challengeColumns+` FROM challenges WHERE id = $1 AND epoch = `+currentEpoch, id))
}

func scanChallenge(r row) (ch otp.Challenge, ok bool, err error) {
	var budget secret.Hash
	ok, err = found(r.Scan(&ch.ID, &ch.Purpose, &ch.Flow, &ch.Browser, &ch.Subject, &budget, &ch.Citizen, &ch.Label, &ch.Code, &ch.Message,
		&ch.Tries, &ch.Max, &ch.Created, &ch.Expires, &ch.State))
	ch.Budget = string(budget)
	return ch, ok, err
}

// HitTimes implements throttle.Store.
func (s *Store) HitTimes(ctx context.Context, key secret.Hash) ([]time.Time, error) {
	lists, err := all(ctx, s, hits, `SELECT hits FROM counters WHERE key = $1`, sought(key))
	return merged(lists), err
}

// LockHitTimes implements throttle.Store: a counter that does not exist yet is made, so that it can be locked, and forgotten soon unless
// hits are set. While master keys change it is as many rows as the key has forms, which all nodes lock in one order, and it has the hits of
// all of them: nobody gains a try. SQLite, where units run one by one, has nothing to lock.
func (s *Store) LockHitTimes(ctx context.Context, key secret.Hash) ([]time.Time, error) {
	if s.unit(ctx) == nil {
		return nil, ErrNoUnit
	}
	if _, alone := s.engine.(*embedded); alone {
		return s.HitTimes(ctx, key)
	}
	var lists [][]time.Time
	for _, form := range s.inOrder(key) {
		list, err := hits(s.queryRow(ctx, `INSERT INTO counters (key, hits, forget_at) VALUES ($1, $2, $3)
			ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING hits`, form, []byte{}, s.Now().Add(24*time.Hour)))
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	return merged(lists), nil
}

// SetHitTimes implements throttle.Store. One row gets all of the hits, and the others go: whoever waits for their lock makes them anew.
func (s *Store) SetHitTimes(ctx context.Context, key secret.Hash, times []time.Time, forget time.Time) error {
	packed := make([]byte, 0, 8*len(times))
	for _, t := range times {
		packed = binary.BigEndian.AppendUint64(packed, uint64(t.UnixMicro()))
	}
	current := s.stored(key)[0]
	for _, form := range s.inOrder(key) {
		text, args := setHits, []any{form, packed, forget}
		if !bytes.Equal(form, current) {
			text, args = `DELETE FROM counters WHERE key = $1`, []any{form}
		}
		if _, err := s.exec(ctx, text, args...); err != nil {
			return err
		}
	}
	return nil
}

// ClearHitTimes implements throttle.Store.
func (s *Store) ClearHitTimes(ctx context.Context, key secret.Hash) error {
	_, err := s.exec(ctx, `DELETE FROM counters WHERE key = $1`, sought(key))
	return err
}

const setHits = `INSERT INTO counters (key, hits, forget_at) VALUES ($1, $2, $3)
	ON CONFLICT (key) DO UPDATE SET hits = excluded.hits, forget_at = excluded.forget_at`

// inOrder are the forms of a hash in the order in which every node locks them.
func (s *Store) inOrder(key secret.Hash) [][]byte {
	forms := s.stored(key)
	slices.SortFunc(forms, bytes.Compare)
	return forms
}

func merged(lists [][]time.Time) []time.Time {
	if len(lists) == 1 {
		return lists[0]
	}
	times := slices.Concat(lists...)
	slices.SortFunc(times, time.Time.Compare)
	return times
}

func hits(r row) ([]time.Time, error) {
	var packed []byte
	if ok, err := found(r.Scan(&packed)); err != nil || !ok {
		return nil, err
	}
	if len(packed)%8 != 0 {
		return nil, fmt.Errorf("store: a counter of %d bytes", len(packed))
	}
	times := make([]time.Time, 0, len(packed)/8+1)
	for i := 0; i < len(packed); i += 8 {
		times = append(times, time.UnixMicro(int64(binary.BigEndian.Uint64(packed[i:]))).UTC())
	}
	return times, nil
}
