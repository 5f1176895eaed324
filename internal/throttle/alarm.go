package throttle

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Alarm watches for spraying: many people tried once each, which no budget per person sees. It counts failures in this
// node's memory and logs, at most once a period, that there were too many. A nil Alarm watches nothing.
type Alarm struct {
	Name  string
	Count int // failures in a period that are still ordinary
	Per   time.Duration

	mu    sync.Mutex
	began time.Time
	seen  int
}

// Note counts one failure.
func (a *Alarm) Note(ctx context.Context, now time.Time) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.began) >= a.Per {
		a.began, a.seen = now, 0
	}
	a.seen++
	if a.seen == a.Count+1 {
		slog.WarnContext(ctx, "alarm: unusually many failures", "alarm", a.Name, "ordinary", a.Count, "per", a.Per)
	}
}
