package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"clave/internal/audit"
	"clave/internal/keyring"
	"clave/internal/secret"
)

// The record is read by time, event and service, more of it than is read at once, and names nobody.
func TestAuditList(t *testing.T) {
	onBoth(t, keyring.Live, func(d *desk) {
		now := time.Now()
		d.records(entriesAtOnce+1, audit.Entry{At: now.Add(-48 * time.Hour), Event: audit.PINAsked, Party: "old-service", Outcome: "wrong datum"})
		d.records(1, audit.Entry{At: now.Add(-time.Hour), Event: audit.ConfirmationReported, Party: "tax", Flow: "flow", Outcome: "pin low"})
		d.records(1, audit.Entry{At: now.Add(-time.Hour), Event: audit.ConfirmationAsked, Party: "town"})
		for _, c := range []struct {
			name string
			list auditList
			want int
		}{
			{"all", auditList{}, entriesAtOnce + 3},
			{"of a day", auditList{Since: "24h"}, 2},
			{"from a day on", auditList{Since: now.AddDate(0, 0, -4).UTC().Format(time.DateOnly)}, entriesAtOnce + 3},
			{"of the future", auditList{Since: now.Add(time.Hour).UTC().Format(time.RFC3339)}, 0},
			{"one event", auditList{Event: "confirmation.reported"}, 1},
			{"one kind", auditList{Event: "confirmation"}, 2},
			{"half a word", auditList{Event: "confirm"}, 0},
			{"one service", auditList{Party: "town"}, 1},
			{"all at once", auditList{Since: "24h", Event: "confirmation.reported", Party: "tax"}, 1},
		} {
			out := d.lists(&c.list)
			if n := strings.Count(out, "\n"); n != c.want {
				t.Errorf("%s: %d lines, want %d", c.name, n, c.want)
			}
			if strings.Contains(out, "192.0.2.7") || strings.Contains(out, "somebody") || strings.Contains(out, "Firefox") {
				t.Errorf("%s names somebody:\n%s", c.name, out)
			}
		}
		line := strings.Fields(d.lists(&auditList{Event: "confirmation.reported", From: true}))
		want := []string{now.Add(-time.Hour).UTC().Format(time.RFC3339), "confirmation.reported", "tax", "flow", "pin", "low", "192.0.2.7"}
		if fmt.Sprint(line) != fmt.Sprint(want) {
			t.Errorf("it says %q, want %q", line, want)
		}
		err := (&auditList{partyBook: d.book(), Since: "yesterday"}).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "-since") {
			t.Errorf("yesterday: %v", err)
		}
	})
}

// records puts an entry into the record that the server keeps, so many times.
func (d *desk) records(n int, e audit.Entry) {
	d.t.Helper()
	err := d.server.Do(d.t.Context(), func(ctx context.Context) error {
		for range n {
			e.ID, e.Citizen, e.From, e.Browser = secret.ID(e.At), "somebody", "192.0.2.7", "Firefox, Android"
			if err := d.server.AddAudit(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) book() partyBook {
	return partyBook{place: place{Database: d.database, Keys: d.in("keys.json")}}
}

func (d *desk) lists(c *auditList) string {
	d.t.Helper()
	var out bytes.Buffer
	c.partyBook = d.book()
	c.out = &out
	if err := c.Run(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	return out.String()
}
