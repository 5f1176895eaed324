package courier

import (
	"context"
	"errors"
	"sync"
	"time"

	"clave/internal/notify"
)

// Stat is how a channel fares: what this node did since it started, and what waits in the whole house.
type Stat struct {
	Channel notify.Channel
	Sent    int64         // a carrier took it
	Refused int64         // it certainly will not go out
	Lost    int64         // codes of which nobody knows whether they went out
	Expired int64         // it was too late to send them
	Again   int64         // given back, to be tried again
	Waiting int           // not sent yet
	Oldest  time.Duration // how long the oldest of these has waited
}

// tally is what was counted of a channel.
type tally struct {
	mu sync.Mutex
	Stat
	mute, asked time.Time // when the first and the last round in a row ended in which no carrier answered; zero: they answer
}

func (c *Courier) tally(channel notify.Channel) *tally {
	t, _ := c.tallies.LoadOrStore(channel, &tally{Stat: Stat{Channel: channel}})
	return t.(*tally)
}

// Stats tells how each channel fares. What waits is a few seconds old.
func (c *Courier) Stats() (list []Stat) {
	for channel := range c.Carriers {
		t := c.tally(channel)
		t.mu.Lock()
		list = append(list, t.Stat)
		t.mu.Unlock()
	}
	return list
}

// Late tells whether one message more of a channel would come too late: so many wait, or no carrier takes any. It is the same
// for everybody who asks: it depends on nothing but the channel.
func (c *Courier) Late(channel notify.Channel) bool {
	most, bounded := c.Most[channel]
	if !bounded {
		return false
	}
	t := c.tally(channel)
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Waiting >= most || t.away(time.Now())
}

// When a channel counts as away, in real time.
const (
	muteFor   = 10 * time.Second     // without an answer of any carrier
	believed  = restAtMost + sendFor // so long after the last try: then somebody may ask, whose message finds out
	forgotten = 10 * time.Minute     // a failure so long ago says nothing of today
)

func (t *tally) away(now time.Time) bool {
	return t.asked.Sub(t.mute) >= muteFor && now.Sub(t.asked) < believed
}

// heard notes whether any message of a round was answered.
func (t *tally) heard(answered bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case answered:
		t.mute, t.asked = time.Time{}, time.Time{}
	case now.Sub(t.asked) > forgotten:
		t.mute, t.asked = now, now
	default:
		t.asked = now
	}
}

// count looks how much waits.
func (c *Courier) count(ctx context.Context) error {
	var failed []error
	for channel := range c.Carriers {
		n, oldest, err := c.Store.WaitingMessages(ctx, channel)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		t := c.tally(channel)
		t.mu.Lock()
		if t.Waiting, t.Oldest = n, 0; n > 0 {
			t.Oldest = c.Now().Sub(oldest)
		}
		t.mu.Unlock()
	}
	return errors.Join(failed...)
}

// tell counts what became of a batch.
func (c *Courier) tell(batch []notify.Message, ends []end) {
	for i, m := range batch {
		t := c.tally(m.Kind.Channel())
		t.mu.Lock()
		switch e := ends[i]; {
		case e.again:
			t.Again++
		case e.state == notify.Refused:
			t.Refused++
		case e.state == notify.Lost:
			t.Lost++
		default:
			t.Sent++
		}
		t.mu.Unlock()
	}
}

// swept counts what a sweep ended.
func (c *Courier) swept(lost, expired map[notify.Channel]int) {
	for channel := range c.Carriers {
		t := c.tally(channel)
		t.mu.Lock()
		t.Lost += int64(lost[channel])
		t.Expired += int64(expired[channel])
		t.mu.Unlock()
	}
}
