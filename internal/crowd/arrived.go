package crowd

import (
	"context"
	"time"
)

type arrivedKey struct{}

// WithArrival says when a request came that had to wait.
func WithArrival(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, arrivedKey{}, at)
}

// Arrival is when a request came: now, unless it had to wait. Whether it is fresh is judged as of then.
func Arrival(ctx context.Context, now time.Time) time.Time {
	if at, ok := ctx.Value(arrivedKey{}).(time.Time); ok && at.Before(now) {
		return at
	}
	return now
}
