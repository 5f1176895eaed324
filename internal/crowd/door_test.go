package crowd

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func door(l Limits) *Door { return NewDoor(l, time.Now) }

// Whoever is in the middle of something comes first; then who was called from the line; then who begins. One place of some goes
// to those who begin: nobody is kept out for ever.
func TestRanks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := door(Limits{Work: 1})
		_, leave, err := d.Enter(t.Context(), Newcomer)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []Rank
		var all sync.WaitGroup
		come := func(rank Rank) {
			all.Go(func() {
				_, leave, err := d.Enter(t.Context(), rank)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, rank)
				mu.Unlock()
				leave()
			})
			synctest.Wait()
		}
		come(Newcomer)
		come(Called)
		for range 20 {
			come(Inside)
		}
		leave()
		all.Wait()
		called, began := -1, -1
		for i, rank := range order {
			switch rank {
			case Called:
				called = i
			case Newcomer:
				began = i
			}
		}
		if called != share-1 || began != len(order)-1 {
			t.Errorf("called as number %d, began as number %d of %d", called, began, len(order))
		}
	})
}

// The queue is bounded in length and in time.
func TestDoorIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := door(Limits{Work: 1})
		_, leave, _ := d.Enter(t.Context(), Inside)
		var all sync.WaitGroup
		for range queued {
			all.Go(func() {
				began := time.Now()
				if _, _, err := d.Enter(t.Context(), Newcomer); !errors.Is(err, ErrFull) || time.Since(began) != arrivingWait {
					t.Errorf("%v after %v", err, time.Since(began))
				}
			})
		}
		synctest.Wait()
		if _, _, err := d.Enter(t.Context(), Newcomer); !errors.Is(err, ErrFull) {
			t.Errorf("one more: %v", err)
		}
		all.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := d.Enter(ctx, Inside); !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		leave()
		leave() // twice gives nothing twice
		if s := d.State(); s.Working != 0 || s.Queueing != 0 {
			t.Errorf("%d work, %d queue at the end", s.Working, s.Queueing)
		}
	})
}

// Somebody who waits for a neighbour keeps no place, and gets one before all others afterwards.
func TestAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := door(Limits{Work: 1})
		ctx, leave, _ := d.Enter(t.Context(), Inside)
		neighbour := make(chan struct{})
		back := make(chan struct{})
		go func() {
			Aside(ctx, func() { <-neighbour })
			close(back)
		}()
		synctest.Wait()
		_, other, err := d.Enter(t.Context(), Newcomer)
		if err != nil {
			t.Fatalf("a neighbour that hangs keeps others out: %v", err)
		}
		close(neighbour)
		synctest.Wait()
		if s := d.State(); s.Working != 1 || s.Queueing != 1 {
			t.Errorf("%d work, %d queue: who comes back takes a place that is not there", s.Working, s.Queueing)
		}
		other()
		<-back
		leave()
		if s := d.State(); s.Working != 0 {
			t.Errorf("%d work at the end", s.Working)
		}
		Aside(t.Context(), func() {}) // nobody at a door
	})
}

// While somebody waits, nobody without a ticket passes; the line opens at its pace, in order; a ticket lets in once.
func TestLineOpensInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := door(Limits{Newcomers: 10})
		var tickets []Ticket
		for i := range 30 {
			in, ticket, _ := d.Begin(rand.Uint64()|1, "192.0.2.1")
			if in != (i < 10) {
				t.Fatalf("number %d of thirty at once, ten a second: %v", i, in)
			}
			if !in {
				tickets = append(tickets, ticket)
			}
		}
		time.Sleep(time.Second)
		var in []Ticket
		for _, ticket := range tickets {
			if ok, _ := d.Call(ticket); ok {
				in = append(in, ticket)
			}
		}
		if len(in) < 2 || len(in) > 18 { // about half: numbers are random
			t.Fatalf("%d are in after a second, of ten a second", len(in))
		}
		if again, _ := d.Call(in[0]); again || !d.Used(in[0]) {
			t.Error("a ticket let in twice")
		}
		d.Return(in[0])
		if again, _ := d.Call(in[0]); !again {
			t.Error("a ticket for which there was no place is lost")
		}
		if ok, _, _ := d.Begin(1, "192.0.2.1"); ok {
			t.Error("a newcomer passed those who wait")
		}
		time.Sleep(2 * time.Second)
		for _, ticket := range tickets {
			if ok, _ := d.Call(ticket); !ok && !d.Used(ticket) {
				t.Error("somebody still waits")
			}
		}
		time.Sleep(time.Second)
		if ok, _, _ := d.Begin(1, "192.0.2.1"); !ok {
			t.Error("a newcomer waits for nobody")
		}
	})
}

// Those who left cost nothing: the line runs through a hundred thousand of them in a minute or two.
func TestThoseWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := door(Limits{Newcomers: 10})
		for i := range 100_000 {
			d.Begin(1, strconv.Itoa(i))
		}
		began := time.Now()
		for d.State().Waiting > 0 {
			time.Sleep(time.Second)
			d.Look(Ticket{Arrived: time.Now()})
			if time.Since(began) > 3*time.Minute {
				t.Fatalf("%d still wait", d.State().Waiting)
			}
		}
	})
}

// One network never has all the room for forms; what is given back is there again.
func TestHold(t *testing.T) {
	d := door(Limits{Held: 800})
	one := d.Hold("192.0.2.1")
	if !one.Take(60) || !one.Take(40) || one.Take(1) || d.Hold("192.0.2.1").Take(1) {
		t.Error("a network has less than its share, or more")
	}
	others := make([]*Hold, heldShare-1)
	for i := range others {
		if others[i] = d.Hold(strconv.Itoa(i)); !others[i].Take(100) {
			t.Errorf("network %d has no share", i)
		}
	}
	if d.Hold("192.0.2.9").Take(1) {
		t.Error("more is held than was to be")
	}
	one.Release()
	if !d.Hold("192.0.2.9").Take(100) {
		t.Error("what was given back is not there")
	}
	if len(d.held.of) != heldShare {
		t.Errorf("%d networks are remembered", len(d.held.of))
	}
}

// One address that only asks makes the line no longer than a family of flats would, and its tickets still open in their order.
func TestOneNetworkFillsNoLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := door(Limits{Newcomers: 10})
		var last Ticket
		for range 16_000 {
			if in, ticket, _ := d.Begin(rand.Uint64()|1, "192.0.2.1"); !in {
				last = ticket
			}
		}
		if n := d.State().Waiting; n != joinShare {
			t.Fatalf("%d wait for one address", n)
		}
		if in, _ := d.Call(last); in {
			t.Error("who was not counted does not wait")
		}
		time.Sleep(time.Second)
		_, other, _ := d.Begin(1, "192.0.2.2")
		for began := time.Now(); ; time.Sleep(time.Second) {
			if in, _ := d.Call(other); in {
				break
			}
			if time.Since(began) > time.Minute {
				t.Fatal("one address keeps another waiting")
			}
		}
		if in, _ := d.Call(last); !in {
			t.Error("who was not counted does not come in with the others")
		}
	})
}

// A pass is used up, whoever holds copies of it, until it would be over; a use for which there was no place is none.
func TestPassIsUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := door(Limits{})
		for range passUses {
			if !d.Pass(1) {
				t.Fatal("used up too early")
			}
		}
		if d.Pass(1) || !d.Pass(1<<63) {
			t.Error("a pass is not used up, or another's is")
		}
		d.PassBack(1)
		d.PassBack(1)
		if !d.Pass(1) || d.Pass(1) {
			t.Error("one use was given back")
		}
		time.Sleep(PassLife)
		if !d.Pass(1) {
			t.Error("another pass of that slot, later, is used up")
		}
	})
}
