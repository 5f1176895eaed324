package sede

import (
	"sync"
	"time"
)

// shelfRoom is how many things a shelf holds at most, so that a flood of visitors cannot fill the memory. The oldest make room.
const shelfRoom = 100_000

// A shelf keeps things in memory for a while under keys that nobody can guess. A site that runs on several machines would
// keep them in its database instead.
type shelf[T any] struct {
	life   time.Duration
	mu     sync.Mutex
	things map[string]kept[T]
	order  []string // keys, oldest first
}

type kept[T any] struct {
	thing T
	until time.Time
}

func newShelf[T any](life time.Duration) *shelf[T] {
	return &shelf[T]{life: life, things: map[string]kept[T]{}}
}

func (s *shelf[T]) put(key string, thing T, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.order) > 0 && (len(s.order) >= shelfRoom || !now.Before(s.things[s.order[0]].until)) {
		delete(s.things, s.order[0])
		s.order = s.order[1:]
	}
	s.things[key] = kept[T]{thing, now.Add(s.life)}
	s.order = append(s.order, key)
}

func (s *shelf[T]) get(key string, now time.Time) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.things[key]
	if !ok || !now.Before(k.until) {
		var none T
		return none, false
	}
	return k.thing, true
}

// take gives a thing to one asker only.
func (s *shelf[T]) take(key string, now time.Time) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.things[key]
	delete(s.things, key)
	return k.thing, ok && now.Before(k.until)
}
