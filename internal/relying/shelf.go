package relying

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"clave/internal/telemetry"
)

// Shelf is a Registry of the parties in a store. It keeps them in memory, and at most once a second asks whether they
// changed: a change takes effect on every node within seconds, and a login, which asks for its party several times, costs
// the store nothing. When the store does not answer, the last list stays.
type Shelf struct {
	Source Source
	Now    func() time.Time // real time, also where the house's clock can be moved

	held atomic.Pointer[shelved]
	look sync.Mutex

	turns telemetry.Turns
}

// Source is where a Shelf reads.
type Source interface {
	// PartiesVersion is a number that every change of a party counts up.
	PartiesVersion(ctx context.Context) (int64, error)
	// Parties are all of them, with a version that is theirs or an earlier one.
	Parties(ctx context.Context) ([]Party, int64, error)
}

const (
	lookEvery = time.Second
	lookTime  = time.Second // how long the store may take to answer
)

// shelved is a list that was read, and when it was last known to be right.
type shelved struct {
	parties map[string]Party
	version int64
	seen    time.Time
	err     error // nothing has been read yet, for this reason
}

// Party implements Registry. Errors: ErrUnknown, and the store's while nothing could be read at all.
func (s *Shelf) Party(_ context.Context, id string) (Party, error) {
	held := s.held.Load()
	if !s.fresh(held) {
		held = s.refresh()
	}
	if held.err != nil {
		return Party{}, held.err
	}
	p, ok := held.parties[id]
	if !ok {
		return Party{}, ErrUnknown
	}
	return p, nil
}

// Returning implements Registry. Errors: the store's while nothing could be read at all.
func (s *Shelf) Returning(ctx context.Context, address string) ([]Party, error) {
	held := s.held.Load()
	if !s.fresh(held) {
		held = s.refresh()
	}
	if held.err != nil {
		return nil, held.err
	}
	return List(slices.Collect(maps.Values(held.parties))).Returning(ctx, address)
}

func (s *Shelf) fresh(held *shelved) bool {
	return held != nil && s.Now().Sub(held.seen) < lookEvery
}

// refresh lets one caller look while the others wait, for what was removed must not open because of an old list. The store
// is read outside the caller's unit, whose changes may yet be undone, and whether or not that caller stays.
func (s *Shelf) refresh() *shelved {
	s.look.Lock()
	defer s.look.Unlock()
	held := s.held.Load()
	if s.fresh(held) {
		return held
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	next, err := s.read(ctx, held)
	s.turns.Tell(context.Background(), slog.Default(), "to read the registered parties", err)
	if err != nil {
		next = shelved{err: err}
		if held != nil {
			next = *held
		}
	}
	next.seen = s.Now()
	s.held.Store(&next)
	return &next
}

func (s *Shelf) read(ctx context.Context, held *shelved) (shelved, error) {
	if held != nil && held.err == nil {
		version, err := s.Source.PartiesVersion(ctx)
		if err != nil || version == held.version {
			return *held, err
		}
	}
	list, version, err := s.Source.Parties(ctx)
	if err != nil {
		return shelved{}, err
	}
	next := shelved{parties: make(map[string]Party, len(list)), version: version}
	for _, p := range list {
		next.parties[p.ID] = p
	}
	return next, nil
}
