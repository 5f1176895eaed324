package crowd

import (
	"hash/maphash"
	"time"
)

// joins counts whom each network has brought into the line this minute, in a fixed array. Beyond its share a network's people
// wait as all others do, but nobody waits for them: an address that only asks makes the line no longer.
type joins struct {
	seed  maphash.Seed
	began time.Time
	of    [1 << 16]uint16
}

// joinShare is how many a network may bring into the line in a minute. Whole cities share an address behind some operators:
// those beyond it come in all the same, when those who came with them do.
const joinShare = 300

// take is false beyond the share.
func (j *joins) take(network string, now time.Time) bool {
	if now.Sub(j.began) >= time.Minute {
		clear(j.of[:])
		j.began = now
	}
	count := &j.of[maphash.String(j.seed, network)%uint64(len(j.of))]
	if *count >= joinShare {
		return false
	}
	*count++
	return true
}

// join gives somebody of a network a ticket, with a number drawn at random.
func (a *arrivals) join(number uint64, network string, now time.Time) (Ticket, Turn) {
	if a.joins.take(network, now) {
		a.line.Join(now)
	}
	t := Ticket{now, number}
	return t, a.turn(t)
}
