package node_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"clave/internal/keyring"
)

func deployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	named   = regexp.MustCompile(`\b(clave|go|process)_[a-z_]+\b`)
	suffix  = regexp.MustCompile(`_(bucket|sum|count)$`)
	runbook = regexp.MustCompile(`runbook: docs/operate\.md#(\S+)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	special = regexp.MustCompile(`[^a-z0-9 -]`)
)

// exist finds names of metrics that no node has: a graph that is empty on a bad day says that all is well.
func exist(t *testing.T, where string, names map[string]bool, text string) {
	t.Helper()
	for _, name := range named.FindAllString(text, -1) {
		if !names[name] && !names[suffix.ReplaceAllString(name, "")] {
			t.Errorf("%s: no node has %s", where, name)
		}
	}
}

func TestDashboardNamesWhatThereIs(t *testing.T) {
	var board struct {
		Panels []struct {
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(deployed(t, "deploy/grafana/clave.json")), &board); err != nil {
		t.Fatal(err)
	}
	names := built(t, config(t, keyring.Demo)).Metrics()
	for _, p := range board.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("%s shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			exist(t, p.Title, names, target.Expr)
		}
	}
}

// Whoever is woken by an alert is led to what to do.
func TestAlertsLeadToTheRunbook(t *testing.T) {
	alerts := deployed(t, "deploy/prometheus-alerts.yml")
	names := built(t, config(t, keyring.Demo)).Metrics()
	for line := range strings.Lines(alerts) {
		if expr, ok := strings.CutPrefix(strings.TrimSpace(line), "expr: "); ok {
			exist(t, "the alerts", names, expr)
		}
	}
	there := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(deployed(t, "docs/operate.md"), -1) {
		there[strings.ReplaceAll(special.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")] = true
	}
	links := runbook.FindAllStringSubmatch(alerts, -1)
	if n := strings.Count(alerts, "- alert:"); n != len(links) || n < 10 {
		t.Errorf("%d alerts, %d of them lead to the runbook", n, len(links))
	}
	for _, link := range links {
		if !there[link[1]] {
			t.Errorf("docs/operate.md has no heading #%s", link[1])
		}
	}
}
