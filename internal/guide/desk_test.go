package guide_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"clave/internal/contact"
	"clave/internal/guide"
	"clave/internal/keyring"
	"clave/internal/notify"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

// office is a help desk on an embedded database, with a clock that the test moves.
type office struct {
	*guide.Desk
	t   *testing.T
	db  *store.Store
	now time.Time
}

func email(t *testing.T, typed string) contact.Email {
	t.Helper()
	e, err := contact.ParseEmail(typed)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return o.now }
	ring := storetest.Ring()
	var err error
	o.db, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "clave.db"), store.Options{Kind: keyring.Demo, Ring: ring, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.db.Close(context.Background()) })
	o.Desk = &guide.Desk{Store: o.db, Ring: ring, Mailbox: email(t, "ayuda@clave.example"), Lang: "es", Limits: guide.DefaultLimits(), Now: clock}
	return o
}

func (o *office) ask(q guide.Question) time.Duration {
	o.t.Helper()
	wait, err := o.Ask(o.t.Context(), q)
	if err != nil {
		o.t.Fatal(err)
	}
	return wait
}

// owed are the messages that wait.
func (o *office) owed() (list []notify.Message) {
	o.t.Helper()
	err := o.db.Do(o.t.Context(), func(ctx context.Context) (err error) {
		list, err = o.db.ClaimMessages(ctx, notify.Email, o.now, 1000)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

func TestQuestionReachesTheMailbox(t *testing.T) {
	o := openOffice(t)
	if wait := o.ask(guide.Question{Text: "No llega.", Reply: email(t, "ana@example.org"), Reference: "ABCDEFGHJ", Lang: "Español", From: "192.0.2.1"}); wait != 0 {
		t.Fatalf("waits %v", wait)
	}
	list := o.owed()
	if len(list) != 1 || list[0].Kind != notify.HelpAsked || list[0].To != "ayuda@clave.example" {
		t.Fatalf("owed: %+v", list)
	}
	for name, want := range map[string]string{"text": "No llega.", "reply": "ana@example.org", "reference": "ABCDEFGHJ", "problem": "—", "page": "—", "lang": "Español"} {
		if got := list[0].Values[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestRule03OneMachineDoesNotCloseTheDesk invents mailboxes, all in one household's network: it spends its own share of the day.
func TestRule03OneMachineDoesNotCloseTheDesk(t *testing.T) {
	o := openOffice(t)
	through := 0
	for i := range 2 * o.Limits.All.Count {
		q := guide.Question{Text: "x", Reply: email(t, fmt.Sprintf("a%d@example.org", i)), From: fmt.Sprintf("2001:db8::%x", i)}
		if o.ask(q) == 0 {
			through++
		}
	}
	if through != o.Limits.Network.Count {
		t.Errorf("%d questions of one network reach the desk, want %d", through, o.Limits.Network.Count)
	}
	if times, err := o.db.HitTimes(t.Context(), o.Limits.All.Key(o.Ring)); len(times) != through || err != nil {
		t.Errorf("what was refused was counted for all: %d, %v", len(times), err)
	}
	if wait := o.ask(guide.Question{Text: "x", Reply: email(t, "ana@example.org"), From: "2001:db8:0:1::1"}); wait != 0 {
		t.Errorf("a neighbour waits %v", wait)
	}
	if wait := o.ask(guide.Question{Text: "x", Reply: email(t, "ana@example.org"), From: "2001:db8::1"}); wait <= 0 || wait > 24*time.Hour {
		t.Errorf("the same network waits %v", wait)
	}
}

// Whoever types another's address spends nothing of theirs; and who is refused for one mailbox spends nothing of their network's.
func TestTypingAnothersAddressLocksNobodyOut(t *testing.T) {
	o := openOffice(t)
	q := guide.Question{Text: "x", Reply: email(t, "ana@example.org"), From: "192.0.2.1"}
	for i := range 20 {
		if wait := o.ask(q); (wait > 0) != (i >= o.Limits.Each.Count) {
			t.Errorf("question %d: wait %v", i+1, wait)
		}
	}
	q.From = "192.0.2.2"
	if wait := o.ask(q); wait != 0 {
		t.Errorf("Ana waits %v", wait)
	}
	q.From, q.Reply = "192.0.2.1", email(t, "luis@example.org")
	if wait := o.ask(q); wait != 0 {
		t.Errorf("Luis waits %v", wait)
	}
}

// The desk's day is bounded for each address, however it is written, and for all together.
func TestQuestionsAreLimited(t *testing.T) {
	o := openOffice(t)
	for i, c := range []struct {
		from string
		wait bool
	}{
		{"ana@example.org", false}, {"ANA@example.org", false}, {"ana@EXAMPLE.org", false}, {"Ana@example.org", true}, {"luis@example.org", false},
	} {
		if wait := o.ask(guide.Question{Text: "x", Reply: email(t, c.from)}); (wait > 0) != c.wait || wait > 24*time.Hour {
			t.Errorf("question %d, from %s: wait %v", i+1, c.from, wait)
		}
	}
	o.Limits.All.Count = 6
	for i, wait := range []bool{false, false, true} {
		if got := o.ask(guide.Question{Text: "x", Reply: email(t, fmt.Sprintf("a%d@example.org", i))}); (got > 0) != wait {
			t.Errorf("another %d: wait %v", i+1, got)
		}
	}
	if n := len(o.owed()); n != 6 {
		t.Errorf("%d questions reach the desk, want 6", n)
	}
	o.now = o.now.Add(24 * time.Hour)
	if wait := o.ask(guide.Question{Text: "x", Reply: email(t, "ana@example.org")}); wait != 0 {
		t.Errorf("the next day: wait %v", wait)
	}
}
