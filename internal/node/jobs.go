package node

import (
	"context"
	"log/slog"
	"time"

	"clave/internal/telemetry"
)

// What has served is deleted so often by one of all nodes, in real time; each looks more often whether it is due, so that
// one takes over soon from another that died.
const (
	forgetEvery = time.Minute
	forgetLook  = 5 * time.Second
)

func (n *Node) forget(ctx context.Context) {
	tick := time.NewTicker(forgetLook)
	defer tick.Stop()
	var turns telemetry.Turns
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := n.Store.Once(ctx, "forget", forgetEvery, func(ctx context.Context) (more bool, err error) {
			return n.Store.Forget(ctx, n.now())
		})
		turns.Tell(ctx, slog.Default(), "forget what has served", err)
	}
}
