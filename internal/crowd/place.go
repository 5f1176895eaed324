package crowd

import (
	"context"
	"math"
	"sync"
	"time"
)

// place is one request that is worked on.
type place struct {
	door  *Door
	mu    sync.Mutex
	aside bool
	left  bool
}

type placeKey struct{}

func (p *place) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left {
		return
	}
	p.left = true
	p.door.mu.Lock()
	defer p.door.mu.Unlock()
	p.door.free()
}

// Aside runs what only waits: for a neighbour, for a clock. Meanwhile the request's place is another's; afterwards it comes
// before all others. So a neighbour that hangs takes no place from those who do not need it.
func Aside(ctx context.Context, wait func()) {
	p, ok := ctx.Value(placeKey{}).(*place)
	if !ok || !p.step() {
		wait()
		return
	}
	defer p.back()
	wait()
}

// step gives the place away, unless so many have done so that they could not all come back.
func (p *place) step() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.door
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.left || p.aside || d.aside >= queued*d.limits.Work {
		return false
	}
	p.aside = true
	d.aside++
	d.free()
	return true
}

// back takes a place again, however long that takes: the work is half done.
func (p *place) back() {
	d := p.door
	d.mu.Lock()
	d.aside--
	var w *waiter
	if d.working < d.limits.Work {
		d.working++
	} else {
		w = d.queues.join(Back, time.Now())
	}
	d.mu.Unlock()
	if w != nil {
		_ = d.wait(context.Background(), Back, w, math.MaxInt64)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.aside = false
}
