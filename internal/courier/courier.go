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
	"fmt"
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
	NoteReceipt(ctx context.Context, ref string, s notify.State, now time.Time) error
	RetryMessage(ctx context.Context, id string, due time.Time) error
	SweepMessages(ctx context.Context, stuck, now time.Time) (lost, expired map[notify.Channel]int, err error)
	WaitingMessages(ctx context.Context, c notify.Channel) (n int, oldest time.Time, err error)
	// Once does a job's work, in a unit, if no other node has done it within a time; again while there is more.
	Once(ctx context.Context, job string, every time.Duration, work func(ctx context.Context) (more bool, err error)) error
}

// Carrier takes messages of one channel.
type Carrier interface {
	// Send hands over one message and says what became of it. Errors: ErrRefused when it certainly did not and will not go
	// out, ErrBusy when it certainly did not go out yet; any other leaves it unknown. It is called from many goroutines, and
	// returns when its ctx ends.
	Send(ctx context.Context, p Parcel) (Taken, error)
}

// Taken is what a carrier says of a message that it took.
type Taken struct {
	State notify.State // notify.Accepted or notify.Delivered
	Ref   string       // what the carrier will call it in a receipt, unique over all carriers and time: "name:id"; empty when none will come
}

// Receipt is what a carrier says, later, of a message that it had accepted.
type Receipt struct {
	Ref   string       // as in Taken; or "id:" and the message's own id
	State notify.State // notify.Delivered or notify.Refused
}

// Reporter is a Carrier that also sends receipts.
type Reporter interface {
	Carrier
	// Report hands over receipts until ctx ends. Only when note returned nil may the carrier forget them: a receipt may come
	// twice, and none is lost.
	Report(ctx context.Context, note func(ctx context.Context, list []Receipt) error)
}

// The certain answers of a carrier that did not take a message.
var (
	ErrRefused = errors.New("courier: the carrier refused the message")
	ErrBusy    = errors.New("courier: the carrier cannot take the message now")
	ErrNobody  = fmt.Errorf("%w: nobody can be reached there", ErrRefused) // no other carrier need be asked
)

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
			reporters.Go(func() { r.Report(reporting, c.receipts) })
		}
		loops.Go(func() { c.loop(ctx, channel, carrier) })
	}
	loops.Go(func() { c.sweep(ctx) })
	loops.Wait()
	stop()
	reporters.Wait()
}

// receipts saves what a carrier reports.
func (c *Courier) receipts(ctx context.Context, list []Receipt) error {
	return c.Store.Do(ctx, func(ctx context.Context) error {
		for _, r := range list {
			if err := c.Store.NoteReceipt(ctx, r.Ref, r.State, c.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *Courier) loop(ctx context.Context, channel notify.Channel, carrier Carrier) {
	var rest time.Duration
	for ctx.Err() == nil {
		claimed, answered, err := c.round(ctx, channel, carrier)
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "courier", "channel", string(channel), "err", err)
		}
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
		if err = errors.Join(err, c.count(ctx)); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "courier: sweep", "err", err)
		}
		wait(ctx, lookEvery, nil)
	}
}

// round claims, commits, sends, and notes: three steps, so that a crash between them sends no code twice. It returns how
// many messages were claimed, and of how many the carrier said what became of them.
func (c *Courier) round(ctx context.Context, channel notify.Channel, carrier Carrier) (claimed, answered int, err error) {
	var batch []notify.Message
	err = c.Store.Do(ctx, func(ctx context.Context) (err error) {
		batch, err = c.Store.ClaimMessages(ctx, channel, c.Now(), c.batch())
		return err
	})
	if err != nil || len(batch) == 0 {
		return 0, 0, err
	}
	ctx = context.WithoutCancel(ctx) // what was claimed is carried, or it would be lost
	ends := make([]end, len(batch))
	var sending sync.WaitGroup
	for i, m := range batch {
		sending.Go(func() { ends[i] = c.watched(ctx, channel, carrier, m) })
	}
	sending.Wait()
	for _, e := range ends {
		if e.answered {
			answered++
		}
	}
	return len(batch), answered, c.note(ctx, batch, ends)
}

// noteTries is how often the courier tries to write down what became of a batch. If it cannot, the sweep takes the codes
// for lost, and repeats the rest.
const noteTries = 3

func (c *Courier) note(ctx context.Context, batch []notify.Message, ends []end) (err error) {
	defer func() {
		if err == nil {
			c.tell(batch, ends)
		}
	}()
	for range noteTries {
		err = c.Store.Do(ctx, func(ctx context.Context) error {
			for i, m := range batch {
				if err := c.settle(ctx, m, ends[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			return nil
		}
	}
	return err
}

func (c *Courier) settle(ctx context.Context, m notify.Message, e end) error {
	now := c.Now()
	if e.again {
		return c.Store.RetryMessage(ctx, m.ID, now.Add(patience(now.Sub(m.Created))))
	}
	if e.state == notify.Accepted {
		return c.Store.AcceptMessage(ctx, m.ID, e.ref, now)
	}
	return c.Store.SettleMessage(ctx, m.ID, e.state, now)
}

// patience is how long a message of an age waits for its next try: half its age, so that tries grow rare, and one that no
// carrier ever takes is not in the way of the others.
func patience(age time.Duration) time.Duration { return min(max(age/2, 2*time.Second), 5*time.Minute) }
