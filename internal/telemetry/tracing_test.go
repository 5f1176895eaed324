package telemetry_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clave/internal/telemetry"
	"clave/internal/telemetry/collector"
)

// entry is a service's request that leads to a login, and a page of it that works in a unit.
func entry() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /Proxy2/ServiceProvider", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/login/"+id+"?ui_locales=ca", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /login/{id}", func(_ http.ResponseWriter, r *http.Request) {
		_, span := telemetry.Span(r.Context(), "store.unit")
		span.End()
	})
	return mux
}

func open(t *testing.T, c telemetry.Traces) *telemetry.Tracing {
	t.Helper()
	tracing, err := telemetry.OpenTracing(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return tracing
}

// The pages of a login are one trace on whichever node, whose root is linked to the service's request, and whose id does
// not tell the login's.
func TestOneTraceForALogin(t *testing.T) {
	c := collector.New(t)
	for _, step := range [][2]string{{"POST", "/Proxy2/ServiceProvider"}, {"GET", "/login/" + id}, {"GET", "/login/" + id}} {
		node := open(t, telemetry.Traces{Endpoint: c.URL, Sample: 1, Node: "a"}) // another each time
		telemetry.Watch{Tracing: node}.Handler(entry()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(step[0], step[1], nil))
		if err := node.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	names, traces, known := map[string]int{}, map[string]bool{}, map[string]bool{"": true}
	var root, asked collector.Span
	for _, s := range c.Spans() {
		names[s.Name]++
		known[s.ID] = true
		switch s.Name {
		case "login":
			root = s
		case "POST /Proxy2/ServiceProvider":
			asked = s
			continue
		}
		traces[s.Trace] = true
	}
	for _, s := range c.Spans() {
		if !known[s.Parent] {
			t.Errorf("%s hangs on a span that never came", s.Name)
		}
	}
	if len(traces) != 1 || names["GET /login/{id}"] != 2 || names["store.unit"] != 2 || names["login"] != 1 {
		t.Errorf("%d traces of %v", len(traces), names)
	}
	if len(root.Links) != 1 || root.Links[0] != asked.Trace || root.Parent != "" {
		t.Errorf("the root is %+v, the request's trace %s", root, asked.Trace)
	}
	if strings.Contains(c.Text(), id) {
		t.Error("the login's id is in the trace")
	}
}

// Nothing is sent of what is not sampled, and a stranger's traceparent decides nothing.
func TestUnsampled(t *testing.T) {
	c := collector.New(t)
	tracing := open(t, telemetry.Traces{Endpoint: c.URL, Sample: 0})
	r := httptest.NewRequest("POST", "/Proxy2/ServiceProvider", nil)
	r.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	h := telemetry.Watch{Tracing: tracing}.Handler(entry())
	h.ServeHTTP(httptest.NewRecorder(), r)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/login/"+id, nil))
	if err := tracing.Close(t.Context()); err != nil || len(c.Spans()) > 0 {
		t.Errorf("%v came, %v", c.Spans(), err)
	}
}

func TestParentsAreBelievedWhereTheyAreTo(t *testing.T) {
	c := collector.New(t)
	tracing := open(t, telemetry.Traces{Endpoint: c.URL, Parents: true})
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	telemetry.Watch{Tracing: tracing}.Handler(entry()).ServeHTTP(httptest.NewRecorder(), r)
	if err := tracing.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := c.Spans(); len(s) != 1 || s[0].Trace != "0af7651916cd43dd8448eb211c80319c" || s[0].Parent != "b7ad6b7169203331" {
		t.Errorf("%+v", s)
	}
}

// The lines of a traced request say which trace it is.
func TestLinesNameTheirTrace(t *testing.T) {
	c := collector.New(t)
	tracing := open(t, telemetry.Traces{Endpoint: c.URL, Sample: 1})
	var out bytes.Buffer
	log, err := telemetry.NewLog(&out, "json", "")
	if err != nil {
		t.Fatal(err)
	}
	telemetry.Watch{Tracing: tracing, Log: log}.Handler(entry()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/login/"+id, nil))
	if err := tracing.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.Spans()) == 0 || !strings.Contains(out.String(), `"trace":"`+c.Spans()[0].Trace+`"`) {
		t.Errorf("%s of %+v", out.String(), c.Spans())
	}
}
