package crowd

import "time"

// Line is the people who wait. It holds no one: it counts them by when they came, in slots of a tenth of a second over the life
// of a ticket, and how far into those they have been let in. The zero Line is empty.
type Line struct {
	counts  [slots]uint32 // by slot of arrival; those before first are zero
	first   int64         // the slot whose people are being let in
	in      uint32        // how many of first are in already
	waiting uint64
}

const (
	slot  = 100 * time.Millisecond
	slots = int64(TicketLife / slot)
)

func slotOf(t time.Time) int64 { return t.UnixNano() / int64(slot) }

// Waiting is how many wait, of those who came here.
func (l *Line) Waiting() uint64 { return l.waiting }

// Join counts somebody who has to wait from now on.
func (l *Line) Join(now time.Time) {
	s := max(slotOf(now), l.first) // a clock that was put back lets nobody in before the others
	l.forget(s)
	if l.waiting == 0 {
		l.skip(s)
	}
	l.counts[s%slots]++
	l.waiting++
}

// Release lets up to n more in, those who came first first, and returns how many. Those who came within this very tenth of a
// second wait for its end.
func (l *Line) Release(n int, now time.Time) (released int) {
	s := slotOf(now)
	l.forget(s)
	for l.waiting > 0 && l.first < s && released < n {
		left := l.counts[l.first%slots] - l.in
		take := min(left, uint32(n-released))
		released, l.in, l.waiting = released+int(take), l.in+take, l.waiting-uint64(take)
		if take == left {
			l.skip(l.first + 1)
		}
	}
	return released
}

// Open tells whether the holder of a ticket has been let in. Among those who came in the same tenth of a second the tickets'
// random numbers decide.
func (l *Line) Open(t Ticket) bool {
	s := slotOf(t.Arrived)
	return l.waiting == 0 || s < l.first || s == l.first && l.rank(t) < float64(l.in)
}

// Ahead is how many of those who came here before a ticket's holder have not been let in.
func (l *Line) Ahead(t Ticket) (ahead uint64) {
	s := slotOf(t.Arrived)
	if l.waiting == 0 || s < l.first {
		return 0
	}
	for before := l.first; before < min(s, l.first+slots); before++ {
		ahead += uint64(l.counts[before%slots])
	}
	if s < l.first+slots {
		ahead += uint64(l.rank(t))
	}
	return ahead - min(ahead, uint64(l.in))
}

// rank is where a ticket stands among those of its tenth of a second.
func (l *Line) rank(t Ticket) float64 {
	return float64(t.ID) / (1 << 64) * float64(l.counts[slotOf(t.Arrived)%slots])
}

// forget drops those whose tickets are over.
func (l *Line) forget(s int64) {
	for oldest := s - slots + 1; l.first < oldest; {
		if l.waiting == 0 || s-l.first >= 2*slots {
			clear(l.counts[:])
			l.first, l.in, l.waiting = oldest, 0, 0
			return
		}
		l.waiting -= uint64(l.counts[l.first%slots] - l.in)
		l.skip(l.first + 1)
	}
}

// skip makes a later slot the first.
func (l *Line) skip(s int64) {
	if s == l.first {
		return
	}
	l.counts[l.first%slots] = 0
	l.first, l.in = s, 0
}
