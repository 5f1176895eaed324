package store_test

import (
	"testing"
	"time"

	"clave/internal/store"
	"clave/internal/store/storetest"
)

func TestRule22NotReadyWithoutAStandby(t *testing.T) {
	address := storetest.Postgres(t)
	s := open(t, address, options())
	wants(t, s.Ready(t.Context()), store.ErrStandby)
	o := options()
	o.SingleNode = true
	wants(t, open(t, address, o).Ready(t.Context()), nil)
	wants(t, open(t, sqlite(t), options()).Ready(t.Context()), nil)
}

func TestRule22NotReadyWithAWrongClock(t *testing.T) {
	address := storetest.Postgres(t)
	for off, want := range map[time.Duration]error{
		time.Second: nil, -time.Second: nil, 3 * time.Second: store.ErrClock, -3 * time.Second: store.ErrClock,
	} {
		o := options()
		o.SingleNode = true
		o.Wall = func() time.Time { return time.Now().Add(off) }
		wants(t, open(t, address, o).Ready(t.Context()), want)
	}
}

// A database that went away is said to be away, and nobody waits long to hear it.
func TestAwayWhileNobodyAnswers(t *testing.T) {
	var c cutter
	s := open(t, c.address(t, storetest.Postgres(t)), options())
	c.closed.Store(true)
	c.cut()
	wants(t, s.Ready(t.Context()), store.ErrAway)
	_, err := s.Epoch(t.Context())
	wants(t, err, store.ErrAway)
	c.closed.Store(false)
	_, err = s.Epoch(t.Context())
	wants(t, err, nil)
}
