package crowd

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func at(d time.Duration) Ticket { return Ticket{Arrived: noon.Add(d)} }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// Whoever came before somebody who was let in has been let in; nobody is let in by more than were released; who waits long enough
// is let in; and how many are ahead never grows, once
// all of the same tenth of a second are there.
func TestLineKeepsItsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l Line
		var came []Ticket
		said := map[int]uint64{}
		now, released := noon, 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 700).Draw(t, "ms")) * time.Millisecond)
			if rapid.Bool().Draw(t, "joins") {
				for range rapid.IntRange(1, 5).Draw(t, "people") {
					l.Join(now)
					came = append(came, Ticket{now, rapid.Uint64().Draw(t, "number")})
					now = now.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "gap")) * time.Millisecond)
				}
			} else {
				released += l.Release(rapid.IntRange(0, 4).Draw(t, "room"), now)
			}
			checkLine(t, &l, came, said, now)
		}
		if uint64(len(came)-released) != l.Waiting() {
			t.Fatalf("%d came, %d were let in, %d wait", len(came), released, l.Waiting())
		}
		l.Release(len(came), now.Add(time.Second))
		if l.Waiting() != 0 || len(came) > 0 && !l.Open(came[len(came)-1]) {
			t.Fatal("somebody waits for ever")
		}
	})
}

func checkLine(t *rapid.T, l *Line, came []Ticket, said map[int]uint64, now time.Time) {
	closed := slices.IndexFunc(came, func(at Ticket) bool { return !l.Open(at) })
	for i, at := range came {
		if closed >= 0 && slotOf(at.Arrived) > slotOf(came[closed].Arrived) && l.Open(at) {
			t.Fatalf("who came as number %d is in before number %d", i, closed)
		}
		ahead := l.Ahead(at)
		if before, ok := said[i]; ok && ahead > before {
			t.Fatalf("number %d had %d people before them, now %d", i, before, ahead)
		}
		if slotOf(at.Arrived) < slotOf(now) {
			said[i] = ahead
		}
	}
}

// A million who wait cost what ten do, and are let in within the slots they came in.
func TestLineOfAMillion(t *testing.T) {
	var l Line
	for i := range 1_000_000 {
		l.Join(noon.Add(time.Duration(i) * 10 * time.Microsecond))
	}
	if l.Waiting() != 1_000_000 {
		t.Fatalf("%d wait", l.Waiting())
	}
	now := noon.Add(time.Minute)
	if l.Release(250_000, now) != 250_000 || l.Ahead(at(5*time.Second)) != 250_000 {
		t.Errorf("%d are before who came in the middle", l.Ahead(at(5*time.Second)))
	}
	if !l.Open(at(2*time.Second)) || l.Open(at(3*time.Second)) {
		t.Error("a quarter was let in, and not the first quarter")
	}
}

// Tickets end: those who never came back are forgotten, also when nobody has come for days.
func TestLineForgets(t *testing.T) {
	var l Line
	l.Join(noon)
	l.Join(noon.Add(time.Minute))
	l.Join(noon.Add(TicketLife))
	if l.Waiting() != 2 {
		t.Errorf("%d wait, want the two whose tickets are good", l.Waiting())
	}
	l.Join(noon.AddDate(0, 0, 3))
	if l.Waiting() != 1 || l.Ahead(Ticket{Arrived: noon.AddDate(0, 0, 3)}) != 0 {
		t.Errorf("%d wait, want the last", l.Waiting())
	}
}

// The pace sinks while those inside wait too long, rises while it alone holds people back, and keeps within its bounds.
func TestPace(t *testing.T) {
	p, now := newPace(100, noon), noon
	for range 100 {
		p.strained = true
		now = now.Add(time.Second)
		p.tick(now)
	}
	if p.rate != 5 {
		t.Errorf("%v a second after a hundred seconds of strain", p.rate)
	}
	for range 100 {
		for p.take() {
		}
		now = now.Add(time.Second)
		p.tick(now)
	}
	if p.rate != 2000 {
		t.Errorf("%v a second after a hundred seconds of demand", p.rate)
	}
	was := p.rate
	p.tick(now.Add(time.Second))
	if p.tick(now.Add(2 * time.Second)); p.rate != was {
		t.Errorf("%v a second without need, before %v", p.rate, was)
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 250})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var l Line
		now, in, came := noon, 0, 0
		for _, s := range steps {
			if now = now.Add(time.Duration(s) * time.Second * 3); s%2 == 0 {
				l.Join(now)
				came++
			} else {
				in += l.Release(int(s), now)
			}
			if l.Waiting() > uint64(came-in) {
				t.Fatalf("%d wait, %d came, %d are in", l.Waiting(), came, in)
			}
		}
	})
}
