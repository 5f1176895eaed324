package courier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Several is a carrier made of many, tried in their order. The next one is tried only when one said for certain that it has
// not taken the message: an unknown outcome stays unknown, so no code goes out twice. One that fails again and again is left
// alone for a while; then one message finds out whether it is back.
//
// A refusal is of one carrier: it may have no way to that country. Only ErrNobody is believed for all of them.
func Several(c ...Carrier) Carrier {
	s := &several{}
	for _, one := range c {
		s.list = append(s.list, &tried{Carrier: one})
	}
	return s
}

type several struct{ list []*tried }

// Send implements Carrier. Its error is ErrRefused only when no carrier may yet take the message.
func (s *several) Send(ctx context.Context, p Parcel) (Taken, error) {
	busy, refused, full := []error{}, []error{}, false
	for i, one := range s.list {
		enters, probe := one.enter(time.Now())
		if !enters {
			busy = append(busy, errResting)
			continue
		}
		taken, err := one.send(ctx, p, probe)
		switch {
		case errors.Is(err, ErrRate):
			busy, full = append(busy, err), true
			continue // nothing is wrong
		case errors.Is(err, ErrBusy):
			busy = append(busy, err)
		case errors.Is(err, ErrRefused) && !errors.Is(err, ErrNobody):
			refused = append(refused, err)
		default:
			return taken, err
		}
		if i+1 < len(s.list) { // what all say is told by who asked
			slog.InfoContext(ctx, "courier: not taken, the next is asked", "carrier", nameOf(one.Carrier), "id", p.ID, "err", err)
		}
	}
	if full {
		return Taken{}, fmt.Errorf("%w: %w", ErrRate, hide(append(busy, refused...)))
	}
	if len(busy) > 0 || len(refused) == 0 {
		return Taken{}, fmt.Errorf("%w: %w", ErrBusy, hide(append(busy, refused...)))
	}
	return Taken{}, fmt.Errorf("%w: %w", ErrRefused, hide(refused))
}

func nameOf(c Carrier) string {
	if named, ok := c.(fmt.Stringer); ok {
		return named.String()
	}
	return fmt.Sprintf("%T", c)
}

// hide joins errors to be read, of which none is to be recognized: one carrier's refusal is not everybody's.
func hide(list []error) error { return fmt.Errorf("%v", errors.Join(list...)) }

var errResting = errors.New("courier: the carrier is left alone")

// Report implements Reporter.
func (s *several) Report(ctx context.Context, note func(ctx context.Context, list []Receipt) error) {
	var all sync.WaitGroup
	for _, one := range s.list {
		if r, ok := one.Carrier.(Reporter); ok {
			all.Go(func() { r.Report(ctx, note) })
		}
	}
	all.Wait()
}

// When a carrier is left alone: after so many failures in a row, for a time that doubles.
const (
	failuresInARow = 3
	restFirst      = time.Second
	restMost       = 30 * time.Second
)

// tried is a carrier with what is known of its health.
type tried struct {
	Carrier
	mu     sync.Mutex
	failed int // in a row
	rest   time.Duration
	until  time.Time // it is left alone
	probed bool      // one message is finding out
}

// enter tells whether a message may go to this carrier, and whether it is the one that finds out.
func (t *tried) enter(now time.Time) (enters, probe bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed < failuresInARow {
		return true, false
	}
	if t.probed || now.Before(t.until) {
		return false, false
	}
	t.probed = true
	return true, true
}

func (t *tried) send(ctx context.Context, p Parcel, probe bool) (taken Taken, err error) {
	well, asked := false, true
	defer func() { t.leave(well, asked, probe, time.Now()) }() // also when it panics
	taken, err = t.Carrier.Send(ctx, p)
	well, asked = err == nil || errors.Is(err, ErrRefused), !errors.Is(err, ErrRate)
	return taken, err
}

func (t *tried) leave(well, asked, probe bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if probe {
		t.probed = false
	}
	if !asked {
		return
	}
	if well {
		t.failed, t.rest = 0, 0
		return
	}
	t.failed++
	if probe || t.failed == failuresInARow { // those that were under way when it was given up say nothing new
		t.rest = min(max(2*t.rest, restFirst), restMost)
		t.until = now.Add(t.rest)
	}
}
