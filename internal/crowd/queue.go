package crowd

import (
	"container/list"
	"time"
)

// Rank says who comes first.
type Rank int

// The ranks, the first first.
const (
	Back     Rank = iota // was inside, and stepped aside for a moment
	Inside               // in the middle of something
	Asking               // a service asks, and can ask again
	Called               // waited in the line, and was let in
	Newcomer             // begins
	ranks
)

// queues are those who wait at the door for one moment, by rank.
type queues struct {
	of      [ranks]list.List // of *waiter
	granted int
}

type waiter struct {
	in    chan struct{} // closed when the place is theirs
	since time.Time
	at    *list.Element // nil once it is theirs
}

func (q *queues) join(rank Rank, now time.Time) *waiter {
	w := &waiter{in: make(chan struct{}), since: now}
	w.at = q.of[rank].PushBack(w)
	return w
}

// leave gives up waiting; it is false when the place is theirs already.
func (q *queues) leave(rank Rank, w *waiter) bool {
	if w.at == nil {
		return false
	}
	q.of[rank].Remove(w.at)
	w.at = nil
	return true
}

// next is whose turn it is. One place of some goes to those who begin: were it never theirs, those inside could keep them out
// for ever.
func (q *queues) next() (*waiter, Rank) {
	q.granted++
	if q.granted%share == 0 {
		for _, rank := range []Rank{Called, Newcomer} {
			if w := q.pop(rank); w != nil {
				return w, rank
			}
		}
	}
	for rank := Back; rank < ranks; rank++ {
		if w := q.pop(rank); w != nil {
			return w, rank
		}
	}
	return nil, 0
}

func (q *queues) pop(rank Rank) *waiter {
	first := q.of[rank].Front()
	if first == nil {
		return nil
	}
	w := q.of[rank].Remove(first).(*waiter)
	w.at = nil
	return w
}
