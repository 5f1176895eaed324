package stories_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"clave/internal/demo"
	"clave/internal/telemetry/collector"
)

// written is everything that the stories' programs wrote: every line of their logs, from debug on, and what the processes
// of their own put out.
var written = &record{}

type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) from(start int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.text.Bytes()[start:])
}

func (r *record) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Len()
}

// newLog keeps every line, and shows those of errors.
func newLog() slog.Handler {
	timeless := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	return slog.NewMultiHandler(
		slog.NewJSONHandler(written, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: timeless}),
		slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}

// keepsQuiet finds, when a story has ended, that nothing which its people typed, were sent or hold was written anywhere:
// logs, standard output, metrics, traces. What it returns is called when the story is over and its server still runs.
func keepsQuiet(t *testing.T, p *private, traces *collector.Collector) (over func(*demo.Demo)) {
	start, metrics := written.len(), ""
	t.Cleanup(func() { // the server has ended, and sent its last traces
		logs, spans := written.from(start), ""
		if traces != nil {
			spans = traces.Text()
		}
		for what, text := range map[string]string{"the logs": logs, "the metrics": metrics, "the traces": spans} {
			for _, secret := range p.in(text) {
				t.Errorf("%s hold %q", what, secret)
			}
		}
		if traces == nil {
			return
		}
		for what, ok := range map[string]bool{
			"logs": strings.Contains(logs, `"msg":"request"`), "metrics": strings.Contains(metrics, "clave_requests_total"), "traces": len(traces.Spans()) > 0,
		} {
			if !ok {
				t.Errorf("no %s: this looks in the wrong place", what)
			}
		}
	})
	return func(d *demo.Demo) {
		w := httptest.NewRecorder()
		d.Node.Admin().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		metrics = w.Body.String()
	}
}

// The people of a story leave nothing behind; a log that held it would be found out.
func TestLeaksAreFound(t *testing.T) {
	p := &private{}
	for _, text := range []string{"99990001P", "30/06/2030", "+34600000001", "carmen@example.com", "482913"} {
		p.typed(text)
	}
	p.sent("Su CSV: ABCD EFGH 2345 6789. #771199")
	p.cookie("v1.abcdefghijklmnopqrstuvwxyz")
	for _, c := range []struct {
		text string
		want []string
	}{
		{`{"ms":0.482913,"id":"a482913f","trace":"482913482913"}`, nil},
		{`{"err":"no citizen 99990001p"}`, []string{"99990001p"}},
		{"valid 2030-06-30", []string{"2030-06-30"}},
		{`to 600000001 and "+34600000001"`, []string{"34600000001", "600000001"}},
		{"to=carmen%40example.com", []string{"carmen%40example.com"}},
		{"the PIN is 482913.", []string{"482913"}},
		{"code 771199", []string{"771199"}},
		{"csv=ABCDEFGH23456789", []string{"abcdefgh23456789"}},
		{"cookie v1.abcdefghijklmnopqrstuvwxyz", []string{"v1.abcdefghijklmnopqrstuvwxyz"}},
	} {
		if got := p.in(c.text); !slices.Equal(got, c.want) {
			t.Errorf("in %s: %q, want %q", c.text, got, c.want)
		}
	}
}

// A person's way with a PIN over SAML is one trace: the pages of the login and what they asked of the database, of the
// register and of the keys; the service's request has one of its own, to which the login's is linked.
func TestTraceOfALogin(t *testing.T) {
	traces := collector.New(t)
	d, err := demo.Start(t.Context(), demo.Options{Data: dataFolder(t), Traces: traces.URL})
	check(t, err)
	w := &world{clave: d.Clave, sede: d.Sede, tax: d.Tax, hall: d.World, transport: newTransport(t), private: &private{}}
	s := &story{forms: sentences, world: w, people: map[string]*visitor{}, got: map[string][]string{}}
	check(t, s.say(`Carmen opens "Consultar mi padrón" at the town hall`))
	check(t, s.say(`she identifies with "99990001P", "30/06/2030" and the PIN sent to +34600000001`))
	check(t, s.say(`she presses "Continuar"`))
	check(t, d.Close())
	spans := traces.Spans()
	root := slices.IndexFunc(spans, func(s collector.Span) bool { return s.Name == "login" })
	if root < 0 {
		t.Fatalf("no root among %d spans", len(spans))
	}
	inside, known := map[string]int{}, map[string]bool{"": true}
	for _, s := range spans {
		known[s.ID] = true
		if s.Trace == spans[root].Trace {
			inside[s.Name]++
		}
	}
	for _, want := range []string{"GET /login/{id}", "POST /login/{id}/document", "POST /login/{id}/pin", "POST /login/{id}/continue", "store.unit", "census", "saml.sign"} {
		if inside[want] == 0 {
			t.Errorf("no %s in the trace of the login: %v", want, inside)
		}
	}
	for _, s := range spans {
		if !known[s.Parent] {
			t.Errorf("%s hangs on a span that never came", s.Name)
		}
		if entry := s.Name == "saml.verify"; entry && (len(spans[root].Links) != 1 || spans[root].Links[0] != s.Trace) {
			t.Errorf("the login is linked to %v, the request's trace is %s", spans[root].Links, s.Trace)
		}
	}
	if !slices.ContainsFunc(spans, func(s collector.Span) bool { return s.Name == "courier.send" }) {
		t.Error("the SMS was not traced")
	}
}
