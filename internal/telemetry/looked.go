package telemetry

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Number is one that was looked up.
type Number struct {
	Name  string // of kept
	Label string // the channel of messages
	Value float64
}

// kept are the numbers that are looked up in the database.
var kept = map[string]*prometheus.Desc{
	"clave_sessions":               prometheus.NewDesc("clave_sessions", "Sessions that are open, on all nodes together.", nil, nil),
	"clave_challenges_open":        prometheus.NewDesc("clave_challenges_open", "Codes that somebody was sent and may still type, on all nodes together.", nil, nil),
	"clave_messages_waiting":       prometheus.NewDesc("clave_messages_waiting", "Messages due that no carrier has taken yet, on all nodes together.", []string{"channel"}, nil),
	"clave_messages_expired_total": prometheus.NewDesc("clave_messages_expired_total", "Messages that this node did not send, because it was too late for them to be of use.", []string{"channel"}, nil),
	"clave_message_oldest_seconds": prometheus.NewDesc("clave_message_oldest_seconds", "Age of the oldest message due that no carrier has taken yet.", []string{"channel"}, nil),
}

var answers = prometheus.NewDesc("clave_database_answers", "1 when the database told what it holds, 0 when it did not.", nil, nil)

// looked is looked up when somebody scrapes, and then stands for a while.
type looked struct {
	every time.Duration
	look  func(now time.Time) ([]Number, error)
	now   func() time.Time

	mu   sync.Mutex
	last time.Time // in real time
	list []Number
	err  error
}

// Looked are numbers that look gives, asked no oftener than every so often. Those that it cannot give are missing:
// clave_database_answers then says why.
func Looked(every time.Duration, look func(now time.Time) ([]Number, error), now func() time.Time) prometheus.Collector {
	return &looked{every: every, look: look, now: now}
}

// Describe implements prometheus.Collector.
func (l *looked) Describe(to chan<- *prometheus.Desc) {
	to <- answers
	for _, d := range kept {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (l *looked) Collect(to chan<- prometheus.Metric) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last.IsZero() || time.Since(l.last) > l.every {
		l.list, l.err = l.look(l.now())
		l.last = time.Now()
	}
	answer := 1.0
	if l.err != nil {
		answer = 0
	}
	to <- prometheus.MustNewConstMetric(answers, prometheus.GaugeValue, answer)
	for _, n := range l.list {
		var label []string
		if n.Label != "" {
			label = []string{n.Label}
		}
		kind := prometheus.GaugeValue
		if strings.HasSuffix(n.Name, "_total") {
			kind = prometheus.CounterValue
		}
		to <- prometheus.MustNewConstMetric(kept[n.Name], kind, n.Value, label...)
	}
}
