// Package telemetry counts, traces and logs what a node does, and never whom it does it for: no NIF, name, phone, e-mail
// address, code, cookie or network address is a label, an attribute or a field.
//
// A nil *Metrics counts nothing and a nil *Tracing traces nothing, so that parts need not ask whether they are watched.
// Every label has few values: a route is the pattern of an address, never the address; what comes from elsewhere is
// "other" once there is too much of it ([most]).
package telemetry

import (
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics are the numbers of one node. Its methods may be called from many goroutines, and on nil.
type Metrics struct {
	registry *prometheus.Registry

	requests *family[prometheus.Counter]  // route, class of status
	answered *family[prometheus.Observer] // route
	open     prometheus.Gauge
	problems *family[prometheus.Counter] // error page
	logins   *family[prometheus.Counter] // protocol, result
	events   *family[prometheus.Counter] // event of the record, outcome
	signed   *family[prometheus.Observer]

	units   *family[prometheus.Counter] // result
	waited  prometheus.Observer
	lasted  prometheus.Observer
	commits prometheus.Counter
	shared  prometheus.Observer
	reruns  prometheus.Counter

	sent    *family[prometheus.Counter]  // channel, outcome
	sending *family[prometheus.Observer] // channel
	arrived *family[prometheus.Observer] // channel

	asked    *family[prometheus.Counter] // answer of the census
	answers  prometheus.Observer
	complete []prometheus.Collector
}

// Buckets, in seconds. A page takes milliseconds; a carrier seconds; a receipt up to minutes.
var (
	quick   = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}
	slow    = []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	journey = []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 3600}
)

// New makes the numbers of a node. Its name tells it from others in clave_build.
func New(node string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.pages()
	m.database()
	m.neighbours()
	m.registry.MustRegister(m.complete...)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.Gauge("clave_build", "Always 1: which version this node runs.", prometheus.Labels{"version": version(), "node": node}, func() float64 { return 1 })
	return m
}

func (m *Metrics) pages() {
	m.requests = m.counter("clave_requests_total", "Requests of browsers and services, by the pattern of their address and the class of the answer.", "route", "class")
	m.answered = m.histogram("clave_request_seconds", "Time to answer a request.", quick, "route")
	m.open = m.keep(prometheus.NewGauge(prometheus.GaugeOpts{Name: "clave_requests_open", Help: "Requests that are being answered now."})).(prometheus.Gauge)
	m.problems = m.counter("clave_problems_total", "Error pages shown, by which one.", "problem")
	m.logins = m.counter("clave_logins_total", "Logins by protocol and result: begun, completed, or why the service was told that there is nobody.", "protocol", "result")
	m.events = m.counter("clave_events_total", "Committed entries of the audit record.", "event", "outcome")
	m.signed = m.histogram("clave_signing_seconds", "Time to sign an answer to a service or to verify a request of one.", quick, "what")
}

func (m *Metrics) database() {
	m.units = m.counter("clave_units_total", "Units of work of the database, by what became of them.", "result")
	m.waited = m.histogram("clave_unit_wait_seconds", "Time that a unit waited for its turn or for a connection.", quick).of("")
	m.lasted = m.histogram("clave_unit_seconds", "Time that a unit took from its turn to its durable commit.", quick).of("")
	m.commits = m.counter("clave_commits_total", "Transactions committed.").of("")
	m.shared = m.histogram("clave_commit_units", "Units that shared one commit (SQLite).", []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}).of("")
	m.reruns = m.counter("clave_unit_reruns_total", "Units run again because they met others in the wrong order (PostgreSQL).").of("")
}

func (m *Metrics) neighbours() {
	m.sent = m.counter("clave_messages_total", "Messages handed to a carrier, by what it said.", "channel", "outcome")
	m.sending = m.histogram("clave_send_seconds", "Time that a carrier took to take a message.", slow, "channel")
	m.arrived = m.histogram("clave_delivery_seconds", "Time from a carrier's taking a message to its receipt.", journey, "channel")
	m.asked = m.counter("clave_census_total", "Look-ups in the register of people, by whether it answered.", "answer")
	m.answers = m.histogram("clave_census_seconds", "Time that the register took.", slow).of("")
}

func (m *Metrics) keep(c prometheus.Collector) prometheus.Collector {
	m.complete = append(m.complete, c)
	return c
}

// Register adds what another part counts by itself.
func (m *Metrics) Register(list ...prometheus.Collector) {
	if m == nil {
		return
	}
	m.registry.MustRegister(list...)
}

// Gauge adds a number that is asked for at each scrape.
func (m *Metrics) Gauge(name, help string, labels prometheus.Labels, value func() float64) {
	m.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
}

// Gatherer gives all numbers.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// version is the commit that the program was built from, where the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return info.Main.Version
}

// seconds since a moment of the real clock: what people wait for is real time, also in a world whose clock is moved.
func seconds(since time.Time) float64 { return time.Since(since).Seconds() }

// Names are those of all metrics there may be, also before anything is counted.
func (m *Metrics) Names() map[string]bool {
	list := make(chan *prometheus.Desc)
	go func() { m.registry.Describe(list); close(list) }()
	names := map[string]bool{}
	for d := range list {
		_, rest, _ := strings.Cut(d.String(), `fqName: "`)
		name, _, _ := strings.Cut(rest, `"`)
		names[name] = true
	}
	return names
}
