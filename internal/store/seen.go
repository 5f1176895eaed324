package store

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus/collectors"

	"clave/internal/telemetry"
)

// watched runs a unit and counts it: how long it waited for its turn, how long it then took, and what became of it.
func (s *Store) watched(ctx context.Context, work func(context.Context) error) error {
	ctx, span := telemetry.Span(ctx, "store.unit")
	defer span.End()
	asked, turn := time.Now(), time.Time{}
	err := s.engine.do(ctx, s, func(ctx context.Context) error {
		if turn.IsZero() {
			turn = time.Now()
		}
		return work(ctx)
	})
	if turn.IsZero() {
		s.Seen.Unit(resultOf(err), time.Since(asked), 0)
	} else {
		s.Seen.Unit(resultOf(err), turn.Sub(asked), time.Since(turn))
	}
	return err
}

// resultOf is a word for what became of a unit.
func resultOf(err error) string {
	switch {
	case err == nil:
		return "kept"
	case errors.Is(err, ErrAway):
		return "away"
	case errors.Is(err, ErrBusy):
		return "busy"
	case errors.Is(err, ErrUnknownOutcome):
		return "unknown"
	case errors.Is(err, ErrCommit):
		return "commit failed"
	case errors.Is(err, ErrRolledBack):
		return "rolled back"
	case errors.Is(err, ErrPanic):
		return "panicked"
	case errors.Is(err, context.Canceled):
		return "left"
	}
	return "failed"
}

func (e *embedded) seen(m *telemetry.Metrics) {
	if m == nil {
		return
	}
	m.Register(collectors.NewDBStatsCollector(e.pool, "reads"))
	m.Gauge("clave_wal_bytes", "Size of SQLite's write-ahead log. It grows while a reader holds an old state.", nil, func() float64 { return sizeOf(e.path + "-wal") })
	m.Gauge("clave_database_bytes", "Size of the embedded database.", nil, func() float64 { return sizeOf(e.path) })
	m.Gauge("clave_units_waiting", "Units that wait for their turn now.", nil, func() float64 { return float64(len(e.writer.queue)) })
}

func sizeOf(path string) float64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return float64(info.Size())
}

func (p *server) seen(m *telemetry.Metrics) {
	if m == nil {
		return
	}
	m.Register(collectors.NewDBStatsCollector(p.db, "units"), collectors.NewDBStatsCollector(p.pool, "reads"))
}
