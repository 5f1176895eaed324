package sede

import (
	"sync"
	"time"
)

// shelfRoom is how many things a shelf holds at most, so that a flood of visitors cannot fill the memory. The oldest make room.
const shelfRoom = 20_000

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
	s.place(key, thing, now)
}

func (s *shelf[T]) place(key string, thing T, now time.Time) {
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

// add puts a thing under a key that is not taken, and says whether it did: of many who bring the same, one is first.
func (s *shelf[T]) add(key string, thing T, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.things[key]; ok && now.Before(k.until) {
		return false
	}
	s.place(key, thing, now)
	return true
}

// change changes all things that fit, and says how many they are. They do not last longer for it.
func (s *shelf[T]) change(fits func(T) bool, change func(*T)) (count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, k := range s.things {
		if fits(k.thing) {
			change(&k.thing)
			s.things[key] = k
			count++
		}
	}
	return count
}
