package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"clave/internal/notify"
	"clave/internal/store"
)

func accept(t *testing.T, s *store.Store, m notify.Message, ref string, now time.Time) {
	t.Helper()
	do(t, s, func(ctx context.Context) error { return s.AcceptMessage(ctx, m.ID, ref, now) })
}

func receive(t *testing.T, s *store.Store, ref string, state notify.State, now time.Time) {
	t.Helper()
	do(t, s, func(ctx context.Context) error { return s.NoteReceipt(ctx, notify.SMS, ref, state, now) })
}

// claimedOne saves a message and claims it.
func claimedOne(t *testing.T, s *store.Store, k notify.Kind) notify.Message {
	t.Helper()
	m := owes(t, s, newMessage(k))
	claim(t, s, k.Channel(), at, 99)
	return m
}

func receipts(t *testing.T, s *store.Store) {
	for i, c := range []struct {
		early bool // before the courier has noted that the carrier took it
		state notify.State
	}{{false, notify.Delivered}, {false, notify.Refused}, {true, notify.Delivered}, {true, notify.Refused}} {
		ref := fmt.Sprint("a:", i)
		m := claimedOne(t, s, notify.PIN)
		if c.early {
			receive(t, s, ref, c.state, at)
			became(t, s, m, notify.Sending)
		}
		accept(t, s, m, ref, at.Add(time.Second))
		if !c.early {
			became(t, s, m, notify.Accepted)
			receive(t, s, ref, c.state, at.Add(time.Minute))
		}
		became(t, s, m, c.state)
	}
	m := claimedOne(t, s, notify.PIN)
	accept(t, s, m, "", at) // a carrier that sends no receipts
	became(t, s, m, notify.Accepted)
	for _, state := range []notify.State{notify.Accepted, notify.Lost, "nonsense"} {
		if err := s.Do(t.Context(), func(ctx context.Context) error { return s.NoteReceipt(ctx, notify.SMS, "a:x", state, at) }); err == nil {
			t.Errorf("%q is no receipt", state)
		}
	}
}

func receiptAgain(t *testing.T, s *store.Store) {
	m := claimedOne(t, s, notify.PIN)
	accept(t, s, m, "a:1", at)
	receive(t, s, "a:1", notify.Delivered, at)
	receive(t, s, "a:1", notify.Refused, at)
	receive(t, s, "a:1", notify.Delivered, at)
	became(t, s, m, notify.Delivered)

	early := claimedOne(t, s, notify.PIN)
	receive(t, s, "a:2", notify.Refused, at)
	receive(t, s, "a:2", notify.Delivered, at) // the first is believed
	accept(t, s, early, "a:2", at)
	became(t, s, early, notify.Refused)

	// The operator uses a name again: the youngest is meant.
	younger := newMessage(notify.PIN)
	younger.ID += "Z"
	owes(t, s, younger)
	claim(t, s, notify.SMS, at, 99)
	older := claimedOne(t, s, notify.PIN)
	accept(t, s, older, "a:3", at)
	accept(t, s, younger, "a:3", at)
	receive(t, s, "a:3", notify.Delivered, at)
	states := map[notify.State]int{}
	for _, m := range []notify.Message{younger, older} {
		state, err := s.MessageState(t.Context(), m.ID)
		wants(t, err, nil)
		states[state]++
	}
	if states[notify.Delivered] != 1 || states[notify.Accepted] != 1 {
		t.Errorf("one receipt made them %v", states)
	}

	lost := claimedOne(t, s, notify.PIN)
	sweep(t, s, at.Add(time.Microsecond), at) // its courier died
	receive(t, s, "id:"+lost.ID, notify.Delivered, at)
	became(t, s, lost, notify.Lost)
}

func receiptByID(t *testing.T, s *store.Store) {
	early, late := claimedOne(t, s, notify.PIN), claimedOne(t, s, notify.PIN)
	receive(t, s, "id:"+early.ID, notify.Delivered, at)
	became(t, s, early, notify.Delivered)
	accept(t, s, early, "a:1", at)
	became(t, s, early, notify.Delivered)
	accept(t, s, late, "", at)
	receive(t, s, "id:"+late.ID, notify.Refused, at)
	became(t, s, late, notify.Refused)

	queued, decoy := owes(t, s, newMessage(notify.PIN)), newMessage(notify.PIN)
	decoy.Decoy = true
	owes(t, s, decoy)
	receive(t, s, "id:"+queued.ID, notify.Delivered, at)
	receive(t, s, "id:"+decoy.ID, notify.Refused, at)
	became(t, s, queued, notify.Queued)
	if got, err := s.MessageState(t.Context(), decoy.ID); got == notify.Refused || err != nil {
		t.Errorf("the decoy is %s, %v", got, err)
	}
}

// Whoever carries one channel learns the names of another's messages, and says that they arrived: nothing comes of it, now or later.
func receiptsOfAnotherChannel(t *testing.T, s *store.Store) {
	for _, kind := range []notify.Kind{notify.Invitation, notify.EmailCode, notify.PIN} {
		known, soon := string(kind)+":1", string(kind)+":2"
		named, unnamed, early := claimedOne(t, s, kind), claimedOne(t, s, kind), claimedOne(t, s, kind)
		accept(t, s, named, known, at)
		for _, channel := range []notify.Channel{notify.SMS, notify.Email, notify.Letter} {
			if channel == kind.Channel() {
				continue
			}
			for _, ref := range []string{known, soon, "id:" + named.ID, "id:" + unnamed.ID} {
				do(t, s, func(ctx context.Context) error { return s.NoteReceipt(ctx, channel, ref, notify.Delivered, at) })
			}
		}
		accept(t, s, early, soon, at)
		accept(t, s, unnamed, "", at)
		sweep(t, s, at, at.Add(time.Minute))
		for _, m := range []notify.Message{named, unnamed, early} {
			became(t, s, m, notify.Accepted)
		}
		do(t, s, func(ctx context.Context) error { return s.NoteReceipt(ctx, kind.Channel(), soon, notify.Refused, at) })
		became(t, s, early, notify.Refused)
		do(t, s, func(ctx context.Context) error {
			return s.NoteReceipt(ctx, kind.Channel(), "id:"+unnamed.ID, notify.Delivered, at)
		})
		became(t, s, unnamed, notify.Delivered)
	}
}

// Two nodes write the message and its receipt in the same moment, each before it can see the other's.
func receiptsBeside(t *testing.T, s *store.Store) {
	const messages = 40
	var list [messages]notify.Message
	for i := range list {
		list[i] = claimedOne(t, s, notify.PIN)
	}
	parallel(16, 2*messages, func(i int) {
		ref := fmt.Sprint("a:", i/2)
		err := s.Do(t.Context(), func(ctx context.Context) error {
			if i%2 == 0 {
				return s.AcceptMessage(ctx, list[i/2].ID, ref, at)
			}
			return s.NoteReceipt(ctx, notify.SMS, ref, notify.Delivered, at)
		})
		wants(t, err, nil)
	})
	sweep(t, s, at, at.Add(time.Minute))
	for _, m := range list {
		became(t, s, m, notify.Delivered)
	}
}

func receiptsOfNothing(t *testing.T, s *store.Store) {
	m := claimedOne(t, s, notify.WelcomeSMS)
	receive(t, s, "", notify.Delivered, at)
	receive(t, s, strings.Repeat("x", 1000), notify.Delivered, at)
	receive(t, s, "a:1", notify.Delivered, at)
	for d := time.Duration(0); d < 9*time.Minute; d += 10 * time.Second {
		sweep(t, s, at, at.Add(d))
	}
	sweep(t, s, at, at.Add(10*time.Minute))
	accept(t, s, m, "a:1", at.Add(10*time.Minute)) // it was forgotten
	became(t, s, m, notify.Accepted)

	later := newMessage(notify.WelcomeSMS) // somebody made up its id before it was
	receive(t, s, "id:"+later.ID, notify.Refused, at)
	owes(t, s, later)
	claim(t, s, notify.SMS, at, 1)
	accept(t, s, later, "", at)
	sweep(t, s, at, at.Add(time.Minute))
	became(t, s, later, notify.Accepted)
}

func waiting(t *testing.T, s *store.Store) {
	counts := func(c notify.Channel, want int, oldest time.Time) {
		t.Helper()
		n, since, err := s.WaitingMessages(t.Context(), c)
		if n != want || !since.Equal(oldest) || err != nil {
			t.Errorf("%d wait since %v, %v; want %d since %v", n, since, err, want, oldest)
		}
	}
	counts(notify.SMS, 0, time.Time{})
	first, second, decoy := newMessage(notify.PIN), newMessage(notify.WelcomeSMS), newMessage(notify.PIN)
	first.Created, decoy.Decoy, decoy.Created = at.Add(-time.Minute), true, at.Add(-time.Hour)
	do(t, s, func(ctx context.Context) error {
		return errors.Join(s.AddMessage(ctx, first), s.AddMessage(ctx, second), s.AddMessage(ctx, decoy), s.AddMessage(ctx, newMessage(notify.EmailCode)))
	})
	counts(notify.SMS, 2, first.Created)
	claim(t, s, notify.SMS, at, 1)
	counts(notify.SMS, 1, second.Created)
}
