package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

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
