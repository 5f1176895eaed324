// Package crowd lets no more in than can be served, and those who wait in the order in which they came.
//
// A node has one [Door]. At most so many requests are worked on at once ([Limits.Work]); behind them a short queue holds what
// can begin within a moment. Whoever is in the middle of something comes before whoever begins. Beyond that, people wait in
// their browsers: the [Line] only counts when they came, so that a million of them cost a node the same few kilobytes as ten,
// and whoever has left costs nothing. The pace says how many may begin each second, and learns it from how those inside fare.
//
// A [Lane] is a limit of its own for one neighbour or one expensive thing: when the census hangs, those who need it wait, and
// nobody else does.
//
// Everything here lives in one node's memory and slows down only: nothing that must hold depends on it.
package crowd

import (
	"cmp"
	"errors"
	"runtime"
	"time"
)

// ErrFull means that there are too many for now: come back in a moment. Nothing was done.
var ErrFull = errors.New("crowd: too many at once")

// Limits of a node. A zero is the default.
type Limits struct {
	Work      int     // requests worked on at once; 16 for each CPU
	Newcomers float64 // who may begin each second, to start with: the node learns from there; 200 for each CPU
	Live      int     // questions of open pages for news, at once; 8 for each CPU
	Census    int     // look-ups in the census at once; 64
	Documents int     // PDFs made at once; one for each CPU
	Held      int     // bytes of forms held at once, of those being read and those waiting; 64 MiB
}

// Patience of the door.
const (
	insideWait   = 5 * time.Second        // for somebody in the middle of something
	arrivingWait = time.Second            // for somebody who begins
	tooLong      = 500 * time.Millisecond // when those inside wait so long, fewer may begin
	queued       = 32                     // how many may queue, for each request that is worked on
	share        = 16                     // of so many places that get free, one goes to whoever begins, if they wait
)

// TicketLife is how long somebody can wait, and come back.
const TicketLife = 30 * time.Minute

// WithDefaults fills in what is not set.
func (l Limits) WithDefaults() Limits {
	cpus := runtime.GOMAXPROCS(0)
	l.Work = cmp.Or(l.Work, 16*cpus)
	l.Newcomers = cmp.Or(l.Newcomers, 200*float64(cpus))
	l.Live = cmp.Or(l.Live, 8*cpus)
	l.Census = cmp.Or(l.Census, 64)
	l.Documents = cmp.Or(l.Documents, cpus)
	l.Held = cmp.Or(l.Held, 64<<20)
	return l
}
