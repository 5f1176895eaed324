package node_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clave/internal/courier"
	"clave/internal/keyring"
	"clave/internal/node"
	"clave/internal/notify"
)

func built(t *testing.T, c node.Config) *node.Node {
	t.Helper()
	n, err := node.Build(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close(t.Context()) }) // a test may have closed it
	return n
}

func get(h http.Handler, path string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// What the operator sees is none of a visitor's business: how many are here, which services come, what goes wrong.
func TestOperatorsPagesAreNotCitizens(t *testing.T) {
	c := config(t, keyring.Demo)
	c.Profiling = true
	n := built(t, c)
	for _, path := range []string{"/metrics", "/livez", "/readyz", "/debug/pprof/"} {
		if status, text := get(n.Handler(), path); status != http.StatusNotFound {
			t.Errorf("citizens get %s: %d %.60s", path, status, text)
		}
		if status, text := get(n.Admin(), path); status != http.StatusOK {
			t.Errorf("the operator gets %s: %d %s", path, status, text)
		}
	}
	for _, path := range []string{"/", "/login/x", "/register"} {
		if status, _ := get(n.Admin(), path); status != http.StatusNotFound {
			t.Errorf("the operator's listener serves %s: %d", path, status)
		}
	}
}

func TestProfilesOnlyWhereAsked(t *testing.T) {
	if status, _ := get(built(t, config(t, keyring.Demo)).Admin(), "/debug/pprof/"); status != http.StatusNotFound {
		t.Error("profiles are served without having been asked for:", status)
	}
}

// A node whose database is gone lives, and is not ready: nobody is sent to it, and nobody restarts it for that.
func TestNotReadyWithoutADatabase(t *testing.T) {
	n := built(t, config(t, keyring.Demo))
	if err := n.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, text := get(n.Admin(), "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(text, "database") {
		t.Errorf("ready: %d %s", status, text)
	}
	if status, _ := get(n.Admin(), "/livez"); status != http.StatusOK {
		t.Error("not alive:", status)
	}
	if _, text := get(n.Admin(), "/metrics"); !strings.Contains(text, "\nclave_database_answers 0") {
		t.Error("the metrics do not say that the database is gone")
	}
}

func TestMetricsOfANode(t *testing.T) {
	c := config(t, keyring.Demo)
	c.Carriers = map[notify.Channel]courier.Carrier{notify.SMS: nil}
	n := built(t, c)
	get(n.Handler(), "/help")
	_, text := get(n.Admin(), "/metrics")
	for _, want := range []string{
		`clave_requests_total{class="2xx",route="GET /help"} 1`, `clave_certificate_end_seconds{name="saml"}`, `clave_messages_waiting{channel="sms"} 0`,
		"\nclave_wal_bytes ", "\nclave_database_answers 1", "\nclave_sessions 0", "\nprocess_open_fds ", "\ngo_goroutines ", "\nclave_build{",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
}
