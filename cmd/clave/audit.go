package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"clave/internal/audit"
	"clave/internal/secret"
	"clave/internal/store"
)

// auditList is `clave audit list`. It names nobody: the address that somebody came from is shown only where it is asked for.
type auditList struct {
	partyBook `embed:""`
	Since     string `help:"Only from then on: how long ago (90m, 24h), a day (2026-03-02) or a moment (2026-03-02T12:00:00Z)." placeholder:"WHEN"`
	Event     string `help:"Only this event (confirmation.reported), or all of one kind (confirmation)." placeholder:"EVENT"`
	Party     string `help:"Only about this service." placeholder:"ID"`
	From      bool   `help:"Show the address that each came from: it is personal data."`
}

// entriesAtOnce is how many are read at once.
const entriesAtOnce = 500

// Run prints one line for each entry, oldest first: time, event, service, login, outcome.
func (c *auditList) Run(ctx context.Context) error {
	since, err := since(c.Since, time.Now())
	if err != nil {
		return err
	}
	return c.open(ctx, func(s *store.Store) error { return c.list(ctx, s, since) })
}

func (c *auditList) list(ctx context.Context, s *store.Store, since time.Time) error {
	after := ""
	if !since.IsZero() {
		after = secret.ID(since.Add(-time.Millisecond)) // of the moment itself nothing is left out
	}
	for {
		entries, err := s.Audits(ctx, after, entriesAtOnce)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if after = e.ID; !e.At.Before(since) && c.wants(e) {
				c.print(c.line(e))
			}
		}
		if len(entries) < entriesAtOnce {
			return nil
		}
	}
}

func (c *auditList) wants(e audit.Entry) bool {
	event := string(e.Event)
	return (c.Event == "" || event == c.Event || strings.HasPrefix(event, c.Event+".")) && (c.Party == "" || e.Party == c.Party)
}

func (c *auditList) line(e audit.Entry) string {
	line := fmt.Sprintf("%s  %-21s  %-21s  %-26s  %s", e.At.UTC().Format(time.RFC3339), e.Event,
		cmp.Or(e.Party, "-"), cmp.Or(e.Flow, "-"), cmp.Or(e.Outcome, "-"))
	if c.From {
		line += "  " + cmp.Or(e.From, "-")
	}
	return line
}

// since reads how long ago, a day or a moment; nothing is the beginning.
func since(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("-since %q: want how long ago (24h), a day (2026-03-02, in UTC) or a moment (2026-03-02T12:00:00Z)", text)
}
