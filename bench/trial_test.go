package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

// The short forms of make failover, make soak and make killtest. What is measured in time comes first, by itself.
func TestTrials(t *testing.T) {
	for _, c := range []struct {
		name, args string
		beside     bool
	}{
		{"failover", "failover -nodes 2 -within 1m", false},
		{"soak", "soak -minutes 0.4", false},
		{"kill on SQLite", "kill -rounds 3", true},
		{"kill on PostgreSQL, two nodes", "kill -rounds 4 -nodes 2 -postgres", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.beside {
				t.Parallel()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			var out strings.Builder
			err := try(ctx, append(strings.Fields(c.args), "-dir", t.TempDir()), &out)
			t.Log(out.String())
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTrialArguments(t *testing.T) {
	for _, args := range []string{"", "nothing", "kill -rounds 0", "kill -nodes 2", "soak -minutes 0", "kill -what", "upgrade", "kill -program clave"} {
		if err := try(t.Context(), strings.Fields(args), &strings.Builder{}); err == nil {
			t.Errorf("%q was tried", args)
		}
	}
}

// The judge is judged: a soak in which something grows fails, and one in which nothing does passes.
func TestSoakSeesGrowth(t *testing.T) {
	for _, c := range []struct {
		name  string
		grow  func(s *sample, i float64)
		fault string
	}{
		{"nothing", func(*sample, float64) {}, ""},
		{"memory", func(s *sample, i float64) { s.memory += 2 * i }, "memory"},
		{"goroutines", func(s *sample, i float64) { s.goroutines += 5 * i }, "goroutines"},
		{"files", func(s *sample, i float64) { s.files += 3 * i }, "open files"},
		{"latency", func(s *sample, i float64) { s.latency += 10 * i }, "a journey"},
	} {
		s := &soaking{}
		for i := range soakSamples {
			at := sample{memory: 100, goroutines: 50, files: 40, latency: 80}
			c.grow(&at, float64(i))
			s.samples = append(s.samples, at)
		}
		err := s.report(&strings.Builder{})
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The judge is judged: what was promised and did not happen is found.
func TestLedgerFindsFaults(t *testing.T) {
	var l ledger
	if err := l.verdict(); err == nil {
		t.Error("nobody entered, and nothing was found")
	}
	l.enter(entered{1, "_1"})
	if err := l.verdict(); err != nil {
		t.Error(err)
	}
	for i := range 30 {
		l.fault("citizen %d", i)
	}
	if err := l.verdict(); err == nil || !strings.Contains(err.Error(), "10 more") {
		t.Error(err)
	}
	g := &gateway{phones: &phones{}, codes: map[string]int{}, notices: map[string]int{}}
	for range 2 {
		g.take("1", "+34600000000", "PIN 123456\n\n@"+claveHost+" #123456")
		g.take("2", "+34600000000", "hello")
	}
	if got := g.twice(); len(got) != 1 || got[0] != "1" || !g.told("+34600000000") || g.told("+34600000001") {
		t.Errorf("%q, %v", got, g.notices)
	}
}
