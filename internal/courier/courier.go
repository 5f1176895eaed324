// Package courier carries messages out: it claims what is owed, writes each message in its reader's language, hands it to
// a carrier, and notes what became of it.
//
// What it promises: a code is sent at most once (it is claimed, and the claim committed, before it is sent; when nobody
// knows whether the carrier has it, it is lost, and the person asks for another). Everything else arrives at least once, a
// repeat carrying the same id. Nothing is sent that is too late to be of use.
package courier

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"clave/internal/notify"
)

// Store keeps the messages. The changing methods need a unit of work.
type Store interface {
	Do(ctx context.Context, unit func(ctx context.Context) error) error
	ClaimMessages(ctx context.Context, c notify.Channel, now time.Time, n int) ([]notify.Message, error)
	SettleMessage(ctx context.Context, id string, s notify.State, now time.Time) error
	SweepMessages(ctx context.Context, stuck, now time.Time) error
}

// Carrier takes messages of one channel.
type Carrier interface {
	// Send hands over one message and says what became of it: notify.Accepted or notify.Delivered. Errors: ErrRefused when
	// it certainly did not and will not go out, ErrBusy when it certainly did not go out yet; any other leaves it unknown.
	Send(ctx context.Context, p Parcel) (notify.State, error)
}

// The certain answers of a carrier that did not take a message.
var (
	ErrRefused = errors.New("courier: the carrier refused the message")
	ErrBusy    = errors.New("courier: the carrier cannot take the message now")
)

// Courier carries messages out until its context ends.
type Courier struct {
	Store    Store
	Carriers map[notify.Channel]Carrier
	Now      func() time.Time
	Batch    int // messages claimed, and sent side by side, at once; zero: 32

	wake sync.Map // notify.Channel → chan struct{}
}

// stuckAfter is how long a carrier may take before a claim counts as lost.
const stuckAfter = time.Minute

// sweepEvery is how often, in real time, the courier looks without having been told.
const sweepEvery = 2 * time.Second

// Owed tells the courier that a message waits. It never blocks.
func (c *Courier) Owed() {
	for channel := range c.Carriers {
		select {
		case c.bell(channel) <- struct{}{}:
		default:
		}
	}
}

func (c *Courier) bell(channel notify.Channel) chan struct{} {
	bell, _ := c.wake.LoadOrStore(channel, make(chan struct{}, 1))
	return bell.(chan struct{})
}

// Run carries messages until ctx ends, one loop for each channel, so that a slow carrier slows down its own only.
func (c *Courier) Run(ctx context.Context) {
	var loops sync.WaitGroup
	for channel, carrier := range c.Carriers {
		loops.Go(func() { c.loop(ctx, channel, carrier) })
	}
	loops.Go(func() { c.sweep(ctx) })
	loops.Wait()
}

func (c *Courier) loop(ctx context.Context, channel notify.Channel, carrier Carrier) {
	idle := time.NewTicker(sweepEvery)
	defer idle.Stop()
	for {
		n, err := c.round(ctx, channel, carrier)
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "courier", "channel", string(channel), "err", err)
		}
		if err == nil && n > 0 { // something moved: there may be more
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-c.bell(channel):
		case <-idle.C:
		}
	}
}

func (c *Courier) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		err := c.Store.Do(ctx, func(ctx context.Context) error {
			now := c.Now()
			return c.Store.SweepMessages(ctx, now.Add(-stuckAfter), now)
		})
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "courier: sweep", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// round claims, commits, sends, and notes: three steps, so that a crash between them sends no code twice. It returns how
// many messages left the queue.
func (c *Courier) round(ctx context.Context, channel notify.Channel, carrier Carrier) (int, error) {
	var claimed []notify.Message
	err := c.Store.Do(ctx, func(ctx context.Context) (err error) {
		claimed, err = c.Store.ClaimMessages(ctx, channel, c.Now(), max(c.Batch, 32))
		return err
	})
	if err != nil || len(claimed) == 0 {
		return 0, err
	}
	states := make([]notify.State, len(claimed))
	var sending sync.WaitGroup
	for i, m := range claimed {
		sending.Go(func() { states[i] = c.send(ctx, carrier, m) })
	}
	sending.Wait()
	moved := len(claimed)
	for _, s := range states {
		if s == notify.Queued {
			moved--
		}
	}
	return moved, c.note(context.WithoutCancel(ctx), claimed, states)
}

func (c *Courier) note(ctx context.Context, claimed []notify.Message, states []notify.State) error {
	return c.Store.Do(ctx, func(ctx context.Context) error {
		now := c.Now()
		for i, m := range claimed {
			if err := c.Store.SettleMessage(ctx, m.ID, states[i], now); err != nil {
				return err
			}
		}
		return nil
	})
}

// send says what became of one message. An unknown outcome is the end of a code, and a reason to repeat anything else.
func (c *Courier) send(ctx context.Context, carrier Carrier, m notify.Message) notify.State {
	parcel, err := Write(m)
	if err != nil {
		slog.ErrorContext(ctx, "courier: write message", "id", m.ID, "kind", string(m.Kind), "err", err)
		return notify.Refused
	}
	state, err := carrier.Send(ctx, parcel)
	switch {
	case err == nil:
		return state
	case errors.Is(err, ErrRefused):
		return notify.Refused
	case errors.Is(err, ErrBusy), !m.Kind.Once():
		slog.WarnContext(ctx, "courier: will try again", "id", m.ID, "kind", string(m.Kind), "err", err)
		return notify.Queued
	default:
		slog.WarnContext(ctx, "courier: outcome unknown", "id", m.ID, "kind", string(m.Kind), "err", err)
		return notify.Lost
	}
}
