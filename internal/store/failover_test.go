package store_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/store"
	"clave/internal/store/storetest"
)

// A primary that dies takes nothing with it that was acknowledged, and the same open store goes on with the next one.
func TestRule22PrimaryDies(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	servers, err := storetest.StartPatroni(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer servers.Stop()
	address, err := servers.Create(ctx, "clave")
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, address, options())
	execs(t, s, `CREATE TABLE kept (id TEXT NOT NULL PRIMARY KEY)`)
	w := keepWriting(ctx, s, 8)
	w.more(t, 200)
	dead, err := servers.KillLeader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	died := time.Now()
	next, err := servers.WaitLeader(ctx, dead)
	if err != nil {
		t.Fatal(err)
	}
	if err := servers.Restart(dead); err != nil { // sooner, it might lead again itself
		t.Fatal(err)
	}
	t.Logf("%s leads after %v", next, time.Since(died))
	w.more(t, 200)
	t.Logf("written again after %v", time.Since(died))
	w.lost(t)
}

// writers write from many goroutines and remember what was acknowledged.
type writers struct {
	s     *store.Store
	said  sync.Map
	count atomic.Int64
	stop  context.CancelFunc
	all   sync.WaitGroup
	last  atomic.Value
}

func keepWriting(ctx context.Context, s *store.Store, n int) *writers {
	ctx, cancel := context.WithCancel(ctx)
	w := &writers{s: s, stop: cancel}
	for worker := range n {
		w.all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				w.one(ctx, fmt.Sprintf("%d-%d", worker, i))
			}
		})
	}
	return w
}

func (w *writers) one(ctx context.Context, id string) {
	err := w.s.Do(ctx, func(ctx context.Context) error {
		_, err := w.s.Exec(ctx, `INSERT INTO kept (id) VALUES ($1)`, id)
		return err
	})
	if err == nil {
		w.said.Store(id, true)
		w.count.Add(1)
	} else {
		w.last.Store(err.Error())
	}
}

// more waits until so many more are acknowledged.
func (w *writers) more(t *testing.T, n int64) {
	t.Helper()
	for want := w.count.Load() + n; w.count.Load() < want; time.Sleep(time.Millisecond) {
		if t.Context().Err() != nil {
			t.Fatal("not written: ", w.last.Load())
		}
	}
}

// lost ends the writers and checks that everything acknowledged is there.
func (w *writers) lost(t *testing.T) {
	t.Helper()
	w.stop()
	w.all.Wait()
	ids, err := w.s.Strings(t.Context(), `SELECT id FROM kept`)
	wants(t, err, nil)
	kept := make(map[string]bool)
	for _, id := range ids {
		kept[id] = true
	}
	w.said.Range(func(id, _ any) bool {
		if !kept[id.(string)] {
			t.Errorf("%s was acknowledged and is lost", id)
		}
		return true
	})
	t.Logf("%d acknowledged, %d kept; last error: %v", w.count.Load(), len(ids), w.last.Load())
}
