package telemetry

import (
	"context"
	"log/slog"
	"sync"
)

// Turns tells a log that something which is done again and again begins to fail, and that it is well again: not each time in
// between, because a database that is away for an hour would fill a disk. Its zero value is ready.
type Turns struct {
	mu      sync.Mutex
	failing map[string]bool
}

// Tell notes how it went this time. What is done has a name, which stands in the log.
func (t *Turns) Tell(ctx context.Context, log *slog.Logger, what string, err error) {
	if ctx.Err() != nil { // it was broken off
		return
	}
	t.mu.Lock()
	before := t.failing[what]
	if t.failing == nil {
		t.failing = map[string]bool{}
	}
	t.failing[what] = err != nil
	t.mu.Unlock()
	switch {
	case err != nil && !before:
		log.ErrorContext(ctx, what+": fails from now on", "err", err)
	case err == nil && before:
		log.InfoContext(ctx, what+": is well again")
	}
}
