package telemetry_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"clave/internal/telemetry"
)

const id = "01KAJ5T3M5QX2V7D0C9WZ8YBFN"

func scrape(t testing.TB, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(m.Gatherer(), promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	return w.Body.String()
}

func pages() http.Handler {
	inside := http.NewServeMux()
	inside.HandleFunc("POST /login/{id}/pin", func(w http.ResponseWriter, r *http.Request) {
		slog.InfoContext(r.Context(), "inside")
		http.Error(w, "wrong", http.StatusForbidden)
	})
	all := http.NewServeMux()
	all.Handle("/", inside)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // as a door does
		telemetry.Routed(all).ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), doorKey{}, true)))
	})
}

type doorKey struct{}

// An address holds the id of a login, and whatever a stranger writes there: only its pattern is counted and logged.
func TestRequestsAreToldByTheirPattern(t *testing.T) {
	var log bytes.Buffer
	logger, err := telemetry.NewLog(&log, "json", "info")
	if err != nil {
		t.Fatal(err)
	}
	m := telemetry.New("a")
	h := telemetry.Watch{Metrics: m, Log: logger}.Handler(pages())
	for _, path := range []string{"/login/" + id + "/pin?x=12345678Z", "/login/12345678Z/pin", "/12345678Z"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", path, nil))
	}
	text := scrape(t, m)
	for _, want := range []string{
		`clave_requests_total{class="4xx",route="POST /login/{id}/pin"} 2`, `clave_requests_total{class="4xx",route="none"} 1`, `clave_requests_open 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if all := text + log.String(); strings.Contains(all, "12345678Z") || strings.Contains(text, id) {
		t.Errorf("an address was told:\n%s", all)
	}
	if !strings.Contains(log.String(), `"route":"POST /login/{id}/pin","status":403,`) || !strings.Contains(log.String(), `"login":"`+id+`"`) {
		t.Errorf("the log says:\n%s", log.String())
	}
}

// A label that somebody outside chooses must not fill the memory.
func TestLabelsAreBounded(t *testing.T) {
	m := telemetry.New("a")
	for i := range 5000 {
		m.Event(fmt.Sprint("event ", i), "x")
	}
	if n := strings.Count(scrape(t, m), "\nclave_events_total{"); n > 401 {
		t.Errorf("%d combinations", n)
	}
	if !strings.Contains(scrape(t, m), `clave_events_total{event="other",outcome="other"}`) {
		t.Error("the others are not counted")
	}
}

func TestNobodyCounts(t *testing.T) {
	var m *telemetry.Metrics
	var tracing *telemetry.Tracing
	m.Problem("broken")
	m.Unit("kept", 1, 1)
	m.Commit(3)
	m.Event("pin.asked", "")
	ctx, span := telemetry.Span(tracing.Within(context.Background()), "x")
	span.End()
	if ctx != context.Background() || tracing.Close(ctx) != nil {
		t.Error("something was traced")
	}
}

func TestWrongSettings(t *testing.T) {
	for _, c := range [][2]string{{"xml", "info"}, {"json", "loud"}} {
		if _, err := telemetry.NewLog(&bytes.Buffer{}, c[0], c[1]); err == nil {
			t.Errorf("%q is taken", c)
		}
	}
	for _, endpoint := range []string{"collector:4318", "ftp://collector", "http://"} {
		if _, err := telemetry.OpenTracing(t.Context(), telemetry.Traces{Endpoint: endpoint}); err == nil {
			t.Errorf("%q is taken", endpoint)
		}
	}
}

// What a login counts takes no memory: the counters are found without making anything.
func TestCountingMakesNoGarbage(t *testing.T) {
	m := telemetry.New("a")
	count := func() {
		m.Event("pin.asked", "")
		m.Login("saml", "begun")
		m.Unit("kept", 1, 1)
		m.Commit(2)
		m.Problem("broken")
	}
	count()
	if n := testing.AllocsPerRun(100, count); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkRequest is what watching costs a request: counted only, as every node does, and logged.
func BenchmarkRequest(b *testing.B) {
	nothing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { r.Pattern = "GET /login/{id}" })
	logger, _ := telemetry.NewLog(discard{}, "json", "info")
	for name, h := range map[string]http.Handler{
		"bare":    nothing,
		"counted": telemetry.Watch{Metrics: telemetry.New("a")}.Handler(nothing),
		"logged":  telemetry.Watch{Metrics: telemetry.New("a"), Log: logger}.Handler(nothing),
	} {
		b.Run(name, func(b *testing.B) {
			r, w := httptest.NewRequest("GET", "/login/"+id, nil), httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

// BenchmarkSpan is what a span costs where nothing is traced.
func BenchmarkSpan(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, span := telemetry.Span(context.Background(), "store.unit")
		span.End()
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
