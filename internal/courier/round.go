package courier

import (
	"context"
	"sync"
	"time"

	"clave/internal/notify"
)

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
	asked := false
	for _, e := range ends {
		if e.answered {
			answered++
		}
		asked = asked || !e.full
	}
	if asked {
		c.tally(channel).heard(answered > 0, time.Now())
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
