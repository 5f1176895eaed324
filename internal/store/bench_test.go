package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"clave/internal/store"
)

const insert = `INSERT INTO things (id, body) VALUES ($1, $2)`

// BenchmarkCommits compares writers that come one after the other, each with a durable commit of its own, with 64 that
// come at once and share them.
func BenchmarkCommits(b *testing.B) {
	alone := 0.0
	for _, c := range []struct {
		name    string
		writers int
	}{{"one-each", 1}, {"64-writers", 64}} {
		b.Run(c.name, func(b *testing.B) {
			s := open(b, sqlite(b), options())
			execs(b, s, `CREATE TABLE things (id BIGINT NOT NULL PRIMARY KEY, body TEXT NOT NULL)`)
			b.ReportAllocs()
			b.ResetTimer()
			write(b, s, c.writers)
			rate := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rate, "changes/s")
			if c.writers == 1 {
				alone = rate
			} else if alone > 0 {
				b.ReportMetric(rate/alone, "times-one-each")
			}
		})
	}
}

func write(b *testing.B, s *store.Store, writers int) {
	var all sync.WaitGroup
	var next atomic.Int64
	body := string(make([]byte, 200))
	for range writers {
		all.Go(func() {
			for id := next.Add(1); id <= int64(b.N); id = next.Add(1) {
				do(b, s, func(ctx context.Context) error {
					_, err := s.Exec(ctx, insert, id, body)
					return err
				})
			}
		})
	}
	all.Wait()
}
