package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clave/internal/keyring"
	"clave/internal/secret"
)

// held is a column whose rows depend on a master key.
type held struct {
	table, column string
	keys          []string    // the primary key; none: the column itself
	use           keyring.Use // of what is sealed; empty: the column is a hash
}

// heldColumns are all of them. TestRule21EveryColumnIsRehashed looks whether one is missing.
var heldColumns = []held{
	{"people", "sealed", []string{"nif"}, personUse}, // while the hash still says what it is bound to
	{"people", "nif", nil, ""},
	{"citizens", "sealed", []string{"id"}, citizenUse},
	{"citizens", "nif", []string{"id"}, ""},
	{"citizens", "phone", []string{"id"}, ""},
	{"citizens", "activation", []string{"id"}, ""},
	{"known_browsers", "browser", nil, ""},
	{"freezes", "code", nil, ""},
	{"letters", "reference", []string{"id"}, ""},
	{"letters", "subject", []string{"id"}, ""},
	{"letters", "csv", []string{"id"}, ""},
	{"messages", "sealed", []string{"id"}, messageUse},
	{"parties", "sealed", []string{"id"}, partyUse},
	{"audits", "sealed", []string{"id"}, auditUse},
	{"audits", "subject", []string{"id"}, ""},
	{"sessions", "sealed", []string{"id"}, sessionUse},
	{"sessions", "token", []string{"id"}, ""},
	{"confirmations", "sealed", []string{"id"}, confirmationUse},
	{"confirmations", "subject", []string{"id"}, ""},
	{"oidc_records", "sealed", []string{"kind", "key"}, oidcUse},
	{"challenges", "browser", []string{"id"}, ""},
	{"challenges", "subject", []string{"id"}, ""},
	{"challenges", "budget", []string{"id"}, ""},
	{"challenges", "code", []string{"id"}, ""},
	{"counters", "key", nil, ""},
}

// Remaining is how many rows still depend on a master key that does not seal any more.
type Remaining struct {
	Table, Column string
	Rows          int64
}

// rehashRows is how many rows a unit of Rehash changes; others wait for it.
const rehashRows = 200

// Rehash brings every row under the master key that seals now, and tells how many it changed of each column. It runs beside nodes that serve,
// and may be stopped and run again. A row that somebody else changes meanwhile is theirs, and already under the new key.
func (s *Store) Rehash(ctx context.Context, tell func(Remaining)) error {
	for _, h := range heldColumns {
		changed, err := s.rehash(ctx, h)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", h.table, h.column, err)
		}
		if changed > 0 {
			tell(Remaining{h.table, h.column, changed})
		}
	}
	return nil
}

// Remaining counts what depends on an old key: what Rehash would change, but for counters of nothing, which are there to be locked.
func (s *Store) Remaining(ctx context.Context) (list []Remaining, err error) {
	for _, h := range heldColumns {
		where, args := h.stale(s.sealing(), 0)
		if h.table == "counters" {
			where += ` AND LENGTH(hits) > 0`
		}
		left := Remaining{Table: h.table, Column: h.column}
		if err := s.queryRow(ctx, `SELECT COUNT(*) FROM `+h.table+` WHERE `+where, args...).Scan(&left.Rows); err != nil {
			return nil, err
		}
		if left.Rows > 0 {
			list = append(list, left)
		}
	}
	return list, nil
}

func (s *Store) sealing() keyring.Master {
	list := s.Ring.Masters(s.Now())
	return list[slices.IndexFunc(list, func(m keyring.Master) bool { return m.Seals })]
}

// stale is the condition of rows under another key than the one that seals, with the arguments of its places, which begin after n others.
// What begins with the key's id is under it; a hash without any is under the first one.
func (h held) stale(m keyring.Master, n int) (where string, args []any) {
	first, last := m.Prefix(), m.Prefix()
	for i := len(last) - 1; i >= 0; i-- {
		if last[i]++; last[i] != 0 {
			break
		}
	}
	other := fmt.Sprintf("(%s < $%d OR %[1]s >= $%[3]d)", h.column, n+1, n+2)
	switch {
	case h.use != "":
		return other, []any{first, last}
	case m.Hashes:
		return fmt.Sprintf("LENGTH(%s) = %d", h.column, storedHash), nil
	}
	return fmt.Sprintf("(LENGTH(%s) = %d OR LENGTH(%[1]s) = %[3]d AND %[4]s)", h.column, bareHash, storedHash, other), []any{first, last}
}

const (
	bareHash   = 32 // bytes of a hash under the first master key
	storedHash = 40 // and under a later one, with its id
)

// heldRow is a row with one column as it is, and as it shall be.
type heldRow struct {
	keys     []any
	was, new []byte
	hash     secret.Hash
}

func (s *Store) rehash(ctx context.Context, h held) (changed int64, err error) {
	var after []any
	for {
		rows, err := s.staleRows(ctx, h, after)
		if err != nil || len(rows) == 0 {
			return changed, err
		}
		for i := range rows {
			if err := s.renew(h, &rows[i]); err != nil {
				return changed, err
			}
		}
		var n int64
		err = s.Do(ctx, func(ctx context.Context) (err error) {
			n, err = s.replaceRows(ctx, h, rows)
			return err
		})
		if err != nil {
			return changed, err
		}
		changed += n
		after = rows[len(rows)-1].keys
	}
}

func (s *Store) staleRows(ctx context.Context, h held, after []any) ([]heldRow, error) {
	keys := h.primary()
	where, args := h.stale(s.sealing(), len(after))
	if len(after) > 0 {
		places := make([]string, len(after))
		for i := range after {
			places[i] = fmt.Sprintf("$%d", i+1)
		}
		where += ` AND (` + strings.Join(keys, ", ") + `) > (` + strings.Join(places, ", ") + `)`
	}
	text := fmt.Sprintf(`SELECT %s, %s FROM %s WHERE %s ORDER BY %[1]s LIMIT %[5]d`, strings.Join(keys, ", "), h.column, h.table, where, rehashRows)
	return all(ctx, s, func(r row) (x heldRow, err error) {
		x.keys = make([]any, len(keys))
		dest := make([]any, 0, len(keys)+1)
		for i := range x.keys {
			dest = append(dest, &x.keys[i])
		}
		return x, r.Scan(append(dest, &x.was)...)
	}, text, append(slices.Clone(after), args...)...)
}

func (h held) primary() []string {
	if h.keys == nil {
		return []string{h.column}
	}
	return h.keys
}

// renew puts one value under the key that seals now.
func (s *Store) renew(h held, x *heldRow) (err error) {
	if h.use == "" {
		if x.hash, err = s.Ring.Hashed(x.was); err == nil {
			x.new = s.stored(x.hash)[0]
		}
		return err
	}
	ad, err := s.boundTo(h, x.keys)
	if err != nil {
		return err
	}
	plain, err := s.Ring.Unseal(h.use, ad, x.was)
	if err == nil {
		x.new = s.Ring.Seal(s.Now(), h.use, ad, plain)
	}
	return err
}

// boundTo is what a sealed body is bound to: the row's key. A person of the register has no other than the hash.
func (s *Store) boundTo(h held, keys []any) (string, error) {
	var parts []string
	for _, k := range keys {
		switch k := k.(type) {
		case string:
			parts = append(parts, k)
		case []byte:
			hash, err := s.Ring.Hashed(k)
			if err != nil {
				return "", err
			}
			parts = append(parts, string(hash))
		}
	}
	return strings.Join(parts, " "), nil
}

func (s *Store) replaceRows(ctx context.Context, h held, rows []heldRow) (changed int64, err error) {
	for _, x := range rows {
		n, err := s.replaceRow(ctx, h, x)
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}

// replaceRow changes a value that is still what it was.
func (s *Store) replaceRow(ctx context.Context, h held, x heldRow) (int64, error) {
	switch {
	case h.table == "counters":
		return s.replaceCounter(ctx, x)
	case h.keys == nil:
		return s.replaceKey(ctx, h, x)
	}
	where := make([]string, len(h.keys))
	for i, key := range h.keys {
		where[i] = fmt.Sprintf("%s = $%d", key, i+3)
	}
	text := fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %[2]s = $2 AND %[3]s`, h.table, h.column, strings.Join(where, " AND "))
	return s.exec(ctx, text, append([]any{x.new, x.was}, x.keys...)...)
}

// replaceKey changes a primary key. Where a row under the new one is there already, it is the younger, and stays.
func (s *Store) replaceKey(ctx context.Context, h held, x heldRow) (int64, error) {
	var one int
	there, err := found(s.queryRow(ctx, fmt.Sprintf(`SELECT 1 FROM %s WHERE %s = $1`, h.table, h.column), x.new).Scan(&one))
	if err != nil {
		return 0, err
	}
	if there {
		return s.exec(ctx, fmt.Sprintf(`DELETE FROM %s WHERE %s = $1`, h.table, h.column), x.was)
	}
	return s.exec(ctx, fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %[2]s = $2`, h.table, h.column), x.new, x.was)
}

// replaceCounter joins the hits of all forms of a counter in the newest, and keeps them as long as any of them was to be kept.
func (s *Store) replaceCounter(ctx context.Context, x heldRow) (int64, error) {
	times, err := s.LockHitTimes(ctx, x.hash)
	if err != nil {
		return 0, err
	}
	scan := func(r row) (t time.Time, err error) { return t, r.Scan(&t) }
	ends, err := all(ctx, s, scan, `SELECT forget_at FROM counters WHERE key = $1`, sought(x.hash))
	if err != nil {
		return 0, err
	}
	forget := ends[0]
	for _, end := range ends {
		if end.IsZero() || !forget.IsZero() && end.After(forget) {
			forget = end
		}
	}
	if err := s.SetHitTimes(ctx, x.hash, times, forget); err != nil {
		return 0, err
	}
	_, err = s.exec(ctx, `DELETE FROM counters WHERE key = $1`, x.was) // when its key is retired, nobody else looks for it
	return 1, err
}
