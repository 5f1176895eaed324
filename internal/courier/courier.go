// Package courier carries messages out: it claims what is owed, writes each message in its reader's language, hands it to
// a carrier, and notes what became of it.
//
// What it promises: a code is sent at most once (it is claimed, and the claim committed, before it is sent; when nobody
// knows whether the carrier has it, it is lost, and the person asks for another). Everything else arrives at least once, a
// repeat carrying the same id. Nothing is sent that is too late to be of use.
package courier

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"clave/internal/notify"
	"clave/internal/telemetry"
)

// Store keeps the messages. The changing methods need a unit of work.
type Store interface {
	Do(ctx context.Context, unit func(ctx context.Context) error) error
	ClaimMessages(ctx context.Context, c notify.Channel, now time.Time, n int) ([]notify.Message, error)
	SettleMessage(ctx context.Context, id string, s notify.State, now time.Time) error
	AcceptMessage(ctx context.Context, id, ref string, now time.Time) error
	NoteReceipt(ctx context.Context, c notify.Channel, ref string, s notify.State, now time.Time) error
	RetryMessage(ctx context.Context, id string, due time.Time) error
	SweepMessages(ctx context.Context, stuck, now time.Time) (lost, expired map[notify.Channel]int, err error)
	WaitingMessages(ctx context.Context, c notify.Channel) (n int, oldest time.Time, err error)
	// Once does a job's work, in a unit, if no other node has done it within a time; again while there is more.
	Once(ctx context.Context, job string, every time.Duration, work func(ctx context.Context) (more bool, err error)) error
}

// Courier carries messages out until its context ends.
type Courier struct {
	Store    Store
	Carriers map[notify.Channel]Carrier
	Now      func() time.Time
	Seen     *telemetry.Metrics // nil: nobody counts
	Batch    int                // messages claimed, and sent side by side, at once; zero: 32

	// Most is how many messages of a channel may wait before Late says so; a channel that is absent is never late.
	Most map[notify.Channel]int

	wake    sync.Map // notify.Channel → chan struct{}
	tallies sync.Map // notify.Channel → *tally
	turns   telemetry.Turns
}

// The times of a courier.
const (
	lookEvery  = 2 * time.Second  // how often, in real time, it looks without having been told
	restAtMost = 30 * time.Second // how long, in real time, it leaves a carrier alone that is down
	sendFor    = 30 * time.Second // how long, in real time, a carrier may take
	stuckAfter = 2 * time.Minute  // how old a claim is whose courier has died; more than a carrier and two commits take
)

// Owed tells the courier that a message waits. It never blocks.
func (c *Courier) Owed(channel notify.Channel) {
	select {
	case c.bell(channel) <- struct{}{}:
	default: // it rings already
	}
}

func (c *Courier) bell(channel notify.Channel) chan struct{} {
	bell, _ := c.wake.LoadOrStore(channel, make(chan struct{}, 1))
	return bell.(chan struct{})
}

// Run carries messages until ctx ends, one loop for each channel, so that a slow carrier slows down its own only. What is
// being sent then is sent to its end and noted: carriers that also report live until that is done.
func (c *Courier) Run(ctx context.Context) {
	reporting, stop := context.WithCancel(context.WithoutCancel(ctx))
	var loops, reporters sync.WaitGroup
	for channel, carrier := range c.Carriers {
		if r, ok := carrier.(Reporter); ok {
			reporters.Go(func() { r.Report(reporting, c.receipts(channel)) })
		}
		loops.Go(func() { c.loop(ctx, channel, carrier) })
	}
	loops.Go(func() { c.sweep(ctx) })
	loops.Wait()
	stop()
	reporters.Wait()
}

// receipts saves what a channel's carrier reports.
func (c *Courier) receipts(channel notify.Channel) func(context.Context, []Receipt) error {
	return func(ctx context.Context, list []Receipt) error {
		return c.Store.Do(ctx, func(ctx context.Context) error {
			for _, r := range list {
				if err := c.Store.NoteReceipt(ctx, channel, r.Ref, r.State, c.Now()); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func (c *Courier) loop(ctx context.Context, channel notify.Channel, carrier Carrier) {
	var rest time.Duration
	for ctx.Err() == nil {
		claimed, answered, err := c.round(ctx, channel, carrier)
		c.turns.Tell(ctx, slog.Default(), "courier: "+string(channel), err)
		switch {
		case err != nil || claimed > 0 && answered == 0: // the database or the carrier is down: not asked for every message
			rest = min(max(2*rest, lookEvery), restAtMost)
			wait(ctx, rest, nil)
		case claimed < c.batch():
			rest = 0
			wait(ctx, lookEvery, c.bell(channel))
		default: // there may be more
			rest = 0
		}
	}
}

func (c *Courier) batch() int { return cmp.Or(c.Batch, 32) }

// wait ends with ctx, after a time, or when the bell rings.
func wait(ctx context.Context, d time.Duration, bell <-chan struct{}) {
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-ctx.Done():
	case <-bell:
	case <-late.C:
	}
}

func (c *Courier) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		var lost, expired map[notify.Channel]int
		err := c.Store.Once(ctx, "messages.sweep", lookEvery, func(ctx context.Context) (more bool, err error) {
			now := c.Now()
			lost, expired, err = c.Store.SweepMessages(ctx, now.Add(-stuckAfter), now)
			return false, err
		})
		if err == nil {
			c.swept(lost, expired)
		}
		c.turns.Tell(ctx, slog.Default(), "courier: sweep", errors.Join(err, c.count(ctx)))
		wait(ctx, lookEvery, nil)
	}
}
