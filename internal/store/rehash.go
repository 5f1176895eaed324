package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clave/internal/secret"
)

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
