package node

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"clave/internal/store"
)

// mastersEvery is how often a node looks whether rows may be under master keys that it does not have.
const mastersEvery = time.Second

// masters tells once what is wrong, and once that it is right again.
func (n *Node) masters(ctx context.Context) {
	tick := time.NewTicker(mastersEvery)
	defer tick.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := n.Store.CheckMasters(ctx)
		switch {
		case err != nil && errors.Is(err, store.ErrRing) && err.Error() != told:
			told = err.Error()
			slog.ErrorContext(ctx, "keys: this node serves nobody", "err", err)
		case err == nil && told != "":
			told = ""
			slog.InfoContext(ctx, "keys: this node serves again")
		}
	}
}
