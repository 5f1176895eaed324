package main

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"time"
)

// kill ends nodes with SIGKILL in a loop while people go in and out, and then looks for what was promised and is not
// there.
func (t *trial) kill(ctx context.Context, rounds, users int, out io.Writer) error {
	living, stop := context.WithCancel(ctx)
	defer stop()
	wait := t.people(living, users, t.live)
	for round := range rounds {
		if err := t.some(ctx, 2+chance(3*users)); err != nil {
			return err
		}
		victim := t.nodes[round%len(t.nodes)]
		if err := t.end(victim, syscall.SIGKILL); err != nil {
			return err
		}
		if err := t.begin(ctx, victim); err != nil {
			return err
		}
	}
	stop()
	wait()
	if err := t.settle(ctx); err != nil {
		return err
	}
	if err := t.check(ctx); err != nil {
		return err
	}
	logins, cut := t.ledger.count()
	fmt.Fprintf(out, "killed %d times: %d logins answered, %d cut short, %d faults\n", rounds, logins, cut, len(t.ledger.faults))
	return t.ledger.verdict()
}

// some waits until so many more journeys have ended, one way or the other, and then a little longer, so that a death
// finds every step of a journey.
func (t *trial) some(ctx context.Context, n int) error {
	before, cut := t.ledger.count()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-late:
			return fmt.Errorf("no %d journeys ended in a minute; node %s said:\n%s", n, t.nodes[0].name, t.nodes[0].said())
		case <-tick.C:
		}
		if now, cutNow := t.ledger.count(); now+cutNow >= before+cut+n {
			return nil
		}
	}
}
