package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"clave/internal/notify"
	"clave/internal/secret"
	"clave/internal/store"
)

func message(k notify.Kind) notify.Message {
	now := options().Now()
	return notify.Message{
		ID: secret.ID(now), Kind: k, To: "+34600123456", Lang: "es", Created: now, Until: now.Add(10 * time.Minute), Values: map[string]string{"code": "123456"},
	}
}

func claimed(t *testing.T, s *store.Store, m notify.Message) {
	t.Helper()
	do(t, s, func(ctx context.Context) error {
		if err := s.AddMessage(ctx, m); err != nil {
			return err
		}
		_, err := s.ClaimMessages(ctx, m.Kind.Channel(), m.Created, 99)
		return err
	})
}

func body(t *testing.T, s *store.Store, m notify.Message, want bool, when string) {
	t.Helper()
	var got bool
	if err := s.Get(t.Context(), &got, `SELECT sealed IS NOT NULL FROM messages WHERE id = $1`, m.ID); err != nil || got != want {
		t.Errorf("%s %s: body %t, %v; want %t", m.Kind, when, got, err, want)
	}
}

func sweep(t *testing.T, s *store.Store, stuck, now time.Time) {
	t.Helper()
	do(t, s, func(ctx context.Context) error { _, _, err := s.SweepMessages(ctx, stuck, now); return err })
}

// A body lasts as long as it may still be sent, and a code's until it is.
func TestRule21BodiesAreWiped(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		for _, c := range []struct {
			kind notify.Kind
			told notify.State
			left bool
		}{
			{notify.PIN, notify.Accepted, false},
			{notify.PhoneCode, notify.Accepted, false},
			{notify.EmailCode, notify.Accepted, false},
			{notify.WelcomeSMS, notify.Accepted, true},
			{notify.WelcomeSMS, notify.Delivered, false},
			{notify.WelcomeSMS, notify.Refused, false},
			{notify.PIN, notify.Lost, false},
		} {
			m := message(c.kind)
			claimed(t, s, m)
			body(t, s, m, true, "while it is sent")
			do(t, s, func(ctx context.Context) error { return s.SettleMessage(ctx, m.ID, c.told, m.Created) })
			body(t, s, m, c.left, string(c.told))
			sweep(t, s, m.Created, m.Until)
			body(t, s, m, false, "afterwards")
		}
		late, dead, cut := message(notify.PIN), message(notify.PIN), message(notify.PIN)
		dead.Decoy = true
		claimed(t, s, cut)
		do(t, s, func(ctx context.Context) error { return s.AddMessage(ctx, late) })
		do(t, s, func(ctx context.Context) error { return s.AddMessage(ctx, dead) })
		sweep(t, s, late.Until, late.Until)
		for _, m := range []notify.Message{late, dead, cut} {
			body(t, s, m, false, "when its time was over")
		}
	})
}

// The row of a decoy has everything that a real one has when it is saved, but for the times that it is born with.
func TestRule08DecoyRowLooksReal(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		real, dead := message(notify.PIN), message(notify.PIN)
		dead.Decoy = true
		do(t, s, func(ctx context.Context) error { return s.AddMessage(ctx, real) })
		do(t, s, func(ctx context.Context) error { return s.AddMessage(ctx, dead) })
		look := `SELECT kind || channel || state || created_at || until_at || due_at || LENGTH(sealed) FROM messages WHERE id = $1`
		var one, other string
		wants(t, s.Get(t.Context(), &one, look, real.ID), nil)
		wants(t, s.Get(t.Context(), &other, look, dead.ID), nil)
		if one != other {
			t.Errorf("got %s, real is %s", other, one)
		}
	})
}

func TestDamagedMessageStopsNoOther(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		bad, good := message(notify.PIN), message(notify.PIN)
		do(t, s, func(ctx context.Context) error { return s.AddMessage(ctx, bad) })
		execs(t, s, `UPDATE messages SET sealed = $1`, []byte("damaged"))
		do(t, s, func(ctx context.Context) error { return s.AddMessage(ctx, good) })
		do(t, s, func(ctx context.Context) error {
			list, err := s.ClaimMessages(ctx, notify.SMS, good.Created, 99)
			if len(list) != 1 || list[0].ID != good.ID {
				t.Errorf("claimed %d", len(list))
			}
			return err
		})
		state, err := s.MessageState(t.Context(), bad.ID)
		if state != notify.Queued || err != nil { // the right key ring may yet open it
			t.Errorf("it is %s, %v", state, err)
		}
	})
}

// Each of these runs for every message, or every two seconds, over a table that keeps a season.
func TestMessagesAreFoundByIndex(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		wants(t, open(t, address, options()).Close(t.Context()), nil)
		plan := litePlan
		if strings.HasPrefix(address, "postgres") {
			plan = serverPlan
		}
		for _, p := range store.Plans {
			lines := plan(t, address, p.Text, p.Args)
			if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, p.Index) }) ||
				slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, "TEMP B-TREE") || strings.Contains(line, "Sort") }) {
				t.Errorf("%s:\n%s", p.Text, strings.Join(lines, "\n"))
			}
		}
	})
}

func litePlan(t *testing.T, address, text string, args []any) (lines []string) {
	db, err := sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(address))
	wants(t, err, nil)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+store.Unlocked(text), args...)
	wants(t, err, nil)
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var line string
		wants(t, rows.Scan(&id, &parent, &unused, &line), nil)
		lines = append(lines, line)
	}
	return lines
}

// serverPlan asks what PostgreSQL does once the table is large: this one is empty.
func serverPlan(t *testing.T, address, text string, args []any) (lines []string) {
	conn, err := pgx.Connect(t.Context(), address)
	wants(t, err, nil)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), `SET enable_seqscan = off; SET enable_bitmapscan = off`)
	wants(t, err, nil)
	rows, err := conn.Query(t.Context(), `EXPLAIN `+text, args...)
	wants(t, err, nil)
	lines, err = pgx.CollectRows(rows, pgx.RowTo[string])
	wants(t, err, nil)
	return lines
}

func BenchmarkAddMessage(b *testing.B) {
	s := open(b, sqlite(b), options())
	add := func(n int) {
		do(b, s, func(ctx context.Context) error {
			for range n {
				m := message(notify.PIN)
				m.Created = m.Created.Add(-time.Hour)
				if err := s.AddMessage(ctx, m); err != nil {
					return fmt.Errorf("add: %w", err)
				}
			}
			return nil
		})
	}
	for range 20 {
		add(1000)
	}
	execs(b, s, `UPDATE messages SET state = 'delivered', accept_at = created_at, deliver_at = created_at`)
	b.ResetTimer()
	add(b.N)
}
