package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"clave/internal/store/storetest"
)

// failoverCitizens are enough for the time that a failover takes.
const failoverCitizens = 6000

// failover kills the primary of a replicated PostgreSQL while people go in and out.
func (o trialOptions) failover(ctx context.Context, out io.Writer) error {
	c, err := storetest.StartPatroni(ctx, o.servers)
	if err != nil {
		return err
	}
	defer c.Stop()
	database, err := c.Create(ctx, "clave")
	if err != nil {
		return err
	}
	return o.in(ctx, database, failoverCitizens, func(t *trial) error { return t.failover(ctx, c, o.within, out) })
}

func (t *trial) failover(ctx context.Context, c *storetest.Patroni, within time.Duration, out io.Writer) error {
	living, stop := context.WithCancel(ctx)
	defer stop()
	wait := t.people(living, 8, t.live)
	if err := t.some(ctx, 30); err != nil {
		return err
	}
	killed := time.Now()
	dead, err := c.KillLeader(ctx)
	if err != nil {
		return err
	}
	if _, err := c.WaitLeader(ctx, dead); err != nil {
		return err
	}
	if err := c.Restart(dead); err != nil { // sooner, it might lead again itself
		return err
	}
	if err := c.WaitStandby(ctx); err != nil { // of two servers the dead one must be back before anything can be committed
		return err
	}
	able := time.Now()
	if err := t.oneMore(ctx); err != nil {
		return err
	}
	back := time.Since(able)
	if back > within {
		t.ledger.fault("the first login came %s after there was a primary that could commit", back.Round(time.Millisecond))
	}
	if err := t.some(ctx, 30); err != nil {
		return err
	}
	stop()
	wait()
	t.honest()
	if err := errors.Join(t.settle(ctx), t.check(ctx)); err != nil {
		return err
	}
	logins, cut := t.ledger.count()
	fmt.Fprintf(out, "primary killed: another that can commit after %s, the first login %s later; %d logins answered, %d cut short, %d faults\n",
		able.Sub(killed).Round(time.Millisecond), back.Round(time.Millisecond), logins, cut, len(t.ledger.faults))
	return t.ledger.verdict()
}

// oneMore waits until one more login has been answered.
func (t *trial) oneMore(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("nobody gets in any more"))
	defer cancel()
	before, _ := t.ledger.count()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if now, _ := t.ledger.count(); now > before {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// honest looks at what people read while nothing worked: a page that says so and asks them to try again, and no error.
func (t *trial) honest() {
	for _, err := range t.ledger.cut {
		var r *refusal
		told := strings.Contains(err.Error(), "503 Service Unavailable") // a service, at the exchange of its code
		if !told && (!errors.As(err, &r) || r.status != http.StatusServiceUnavailable) {
			t.ledger.fault("somebody met an error and no honest page: %v", err)
		}
	}
}
