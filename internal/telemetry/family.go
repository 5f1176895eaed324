package telemetry

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// most is how many combinations of labels a family has before the rest is "other": a label that somebody outside chooses
// must not fill the memory.
const most = 400

// labels are the values of a combination; those that a family does not have are empty.
type labels [2]string

var others = labels{"other", "other"}

// family is one metric with its labels. What was once asked for is found without a lock and without allocating.
type family[T any] struct {
	make  func(values ...string) T
	names int
	known atomic.Pointer[map[labels]T]
	mu    sync.Mutex // of whoever adds one
}

func (f *family[T]) of(first string, second ...string) T {
	l := labels{first}
	copy(l[1:], second)
	if known := f.known.Load(); known != nil {
		if one, ok := (*known)[l]; ok {
			return one
		}
	}
	return f.add(l)
}

func (f *family[T]) add(l labels) T {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := map[labels]T{}
	if known := f.known.Load(); known != nil {
		next = maps.Clone(*known)
	}
	if _, ok := next[l]; !ok && len(next) >= most {
		l = others
	}
	if _, ok := next[l]; !ok {
		next[l] = f.make(l[:f.names]...)
		f.known.Store(&next)
	}
	return next[l]
}

func (m *Metrics) counter(name, help string, names ...string) *family[prometheus.Counter] {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, names)
	m.keep(vec)
	return &family[prometheus.Counter]{make: func(v ...string) prometheus.Counter { return vec.WithLabelValues(v...) }, names: len(names)}
}

func (m *Metrics) histogram(name, help string, buckets []float64, names ...string) *family[prometheus.Observer] {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, names)
	m.keep(vec)
	return &family[prometheus.Observer]{make: func(v ...string) prometheus.Observer { return vec.WithLabelValues(v...) }, names: len(names)}
}
