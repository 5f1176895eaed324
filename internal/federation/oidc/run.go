package oidc

import (
	"context"
	"time"
)

// look is how often Run looks for what is to be told.
const look = time.Second

// forgets is how often one of all processes deletes what has served, and forgetLook how often each looks whether it is due.
const (
	forgets    = time.Minute
	forgetLook = 5 * time.Second
)

// Run tells services what they are owed, until ctx ends: the end of sessions, and that confirmations were answered. It also
// forgets what has served. Many processes may run it.
func (p *Provider) Run(ctx context.Context) {
	beat, sweep := time.NewTicker(look), time.NewTicker(forgetLook)
	defer beat.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sweep.C:
			p.note(ctx, "forget", p.Store.Once(ctx, "oidc.forget", forgets, func(ctx context.Context) (bool, error) {
				return p.Store.ForgetRecords(ctx, wall())
			}))
		case <-beat.C:
		case <-p.nudge:
		}
		p.note(ctx, "logouts", p.Close(ctx))
		p.note(ctx, "pings", p.Ping(ctx))
	}
}

// Wake makes Run look at once.
func (p *Provider) Wake() {
	select {
	case p.nudge <- struct{}{}:
	default:
	}
}

func (p *Provider) note(ctx context.Context, what string, err error) {
	p.turns.Tell(ctx, p.Log, "openid connect: "+what, err)
}
