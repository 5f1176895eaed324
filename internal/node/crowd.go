package node

import (
	"time"

	"clave/internal/crowd"
	"clave/internal/telemetry"
)

// crowding is what bounds how much is done at once.
type crowding struct {
	door                              *crowd.Door
	ofCensus, live, papers, documents *crowd.Lane
}

// How long it is waited for a place: in front of the census, no longer than it may take to answer; for news of a message, not
// at all long, since the page asks again; for what programs read, a moment; for a PDF, as long as people wait for a file.
const (
	censusWait   = time.Second
	liveWait     = 500 * time.Millisecond
	paperWait    = time.Second
	documentWait = 2 * time.Second
)

// papersAtOnce is enough: none of them takes a millisecond.
const papersAtOnce = 4

func newCrowding(l crowd.Limits, now func() time.Time, seen *telemetry.Metrics) crowding {
	l = l.WithDefaults()
	c := crowding{
		door:      crowd.NewDoor(l, now),
		ofCensus:  crowd.NewLane("census", l.Census, censusWait),
		live:      crowd.NewLane("live", l.Live, liveWait),
		papers:    crowd.NewLane("papers", papersAtOnce, paperWait),
		documents: crowd.NewLane("documents", l.Documents, documentWait),
	}
	c.watch(seen)
	return c
}

func (c crowding) watch(seen *telemetry.Metrics) {
	for name, of := range map[string]func(crowd.State) float64{
		"working":  func(s crowd.State) float64 { return float64(s.Working) },
		"queueing": func(s crowd.State) float64 { return float64(s.Queueing) },
		"waiting":  func(s crowd.State) float64 { return float64(s.Waiting) },
	} {
		seen.Gauge("clave_door_requests", "Requests worked on, queueing for a moment, and people on the waiting page.",
			map[string]string{"where": name}, func() float64 { return of(c.door.State()) })
	}
	seen.Gauge("clave_door_newcomers_per_second", "How many may begin each second, as this node has learnt it.", nil,
		func() float64 { return c.door.State().Newcomers })
	for _, l := range []*crowd.Lane{c.ofCensus, c.live, c.papers, c.documents} {
		lane := map[string]string{"lane": l.Name}
		seen.Gauge("clave_lane_inside", "How many do it at once.", lane, func() float64 { inside, _, _ := l.State(); return float64(inside) })
		seen.Gauge("clave_lane_refused", "For how many there was no room, since the start.", lane,
			func() float64 { _, _, refused := l.State(); return float64(refused) })
	}
}
