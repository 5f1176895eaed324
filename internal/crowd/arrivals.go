package crowd

import "time"

// arrivals decide who may begin. Who holds no ticket passes while nobody waits and the pace allows; whoever holds one passes
// once the line is open as far as their arrival.
type arrivals struct {
	line  Line
	pace  pace
	spent spent
	crowd
}

// crowd is how many of those let in have come, counted for a while: many have left, and letting those in costs nothing.
type crowd struct {
	since          time.Time
	released, came int
	absent         float64 // for each that is to come, so many are let in
}

// How long it takes whoever is let in to ask again, at most, with some to spare; and how many are believed to have left.
const (
	comeWithin = 10 * time.Second
	mostAbsent = 4096
)

func newArrivals(rate float64, now time.Time) arrivals {
	return arrivals{pace: newPace(rate, now), crowd: crowd{since: now, absent: 1}}
}

// Ticket is a place in the line: when its holder came, and a random number, not zero, that tells it from others.
type Ticket struct {
	Arrived time.Time
	ID      uint64
}

// Turn is what somebody who waits is told.
type Turn struct {
	Ahead uint64        // who came before and has not been let in
	Wait  time.Duration // roughly until their turn
	Ask   time.Duration // after which they are to ask again
}

// Begin asks whether somebody without a ticket may begin. Who may not is counted in the line from now on, and gets a
// ticket with that number, drawn at random.
func (d *Door) Begin(number uint64) (bool, Ticket, Turn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	d.open(now)
	if d.line.Waiting() == 0 && d.pace.take() {
		return true, Ticket{}, Turn{}
	}
	d.line.Join(now)
	t := Ticket{now, number}
	return false, t, d.turn(t)
}

// Call asks whether the holder of a ticket may begin: once, when the line is open for it.
func (d *Door) Call(t Ticket) (bool, Turn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open(d.now())
	if !d.line.Open(t) || !d.spent.add(t.ID) {
		return false, d.turn(t)
	}
	d.came++
	return true, Turn{}
}

// Look tells how far the line has come for a ticket, and whether it is open for it.
func (d *Door) Look(t Ticket) (bool, Turn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open(d.now())
	return d.line.Open(t), d.turn(t)
}

// Join puts somebody into the line who could have begun, but for whom there was no place.
func (d *Door) Join(number uint64) (Ticket, Turn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	d.line.Join(now)
	t := Ticket{now, number}
	return t, d.turn(t)
}

// Return gives a ticket back for which there was no place after all: it is good for another try.
func (d *Door) Return(t Ticket) Turn {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.spent.drop(t.ID)
	return d.turn(t)
}

// Used tells whether a ticket has let somebody in here.
func (d *Door) Used(t Ticket) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.spent.has(t.ID)
}

// open opens the line for as many as the pace allows, unless some who were let in before are still at the door.
func (d *Door) open(now time.Time) {
	a := &d.arrivals
	a.pace.tick(now)
	a.judge(now)
	if a.line.Waiting() == 0 || d.queues.of[Called].Len()+d.queues.of[Newcomer].Len() > 0 {
		return
	}
	n := int(a.pace.credit * a.absent)
	released := a.line.Release(n, now)
	a.released += released
	a.pace.credit -= float64(released) / a.absent
	a.pace.short = a.pace.short || released == n
}

// judge sees whether those who were let in came.
func (a *arrivals) judge(now time.Time) {
	if now.Sub(a.since) < comeWithin {
		return
	}
	if a.came*2 < a.released {
		a.absent = min(mostAbsent, a.absent*4)
	} else {
		a.absent = max(1, a.absent/4)
	}
	a.since, a.released, a.came = now, 0, 0
}

// Soon is the turn of somebody whose turn it is, and for whom there was no room just now.
var Soon = Turn{Ask: askSoon}

// When those who wait are to ask again: soon when their turn is near, seldom when it is far.
const (
	askSoon   = 2 * time.Second
	askSeldom = 30 * time.Second
)

func (a *arrivals) turn(of Ticket) Turn {
	t := Turn{Ahead: a.line.Ahead(of)}
	seconds := float64(t.Ahead) / (a.pace.rate * a.absent)
	t.Wait = min(TicketLife, time.Duration(seconds*float64(time.Second)))
	t.Ask = min(askSeldom, max(askSoon, t.Wait*3/4))
	return t
}
