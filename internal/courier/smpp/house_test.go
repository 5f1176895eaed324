package smpp_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clave/internal/courier"
	"clave/internal/keyring"
	"clave/internal/notify"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

// house is a store and a courier over two message centres.
type house struct {
	*testing.T
	store    *store.Store
	one, two *peer
}

func newHouse(t *testing.T) *house {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "clave.db"), store.Options{Kind: keyring.Demo, Ring: storetest.Ring(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	h := &house{t, s, newPeer(t), newPeer(t)}
	first, second := h.one.config(), h.two.config()
	second.Name = "two"
	one, two := h.one.unbound(first), h.two.unbound(second)
	c := &courier.Courier{Store: s, Now: time.Now, Carriers: map[notify.Channel]courier.Carrier{notify.SMS: courier.Several(one, two)}}
	s.Owed = c.Owed
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { c.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })
	until(t, func() bool { a, _ := one.Bound(); b, _ := two.Bound(); return a == 1 && b == 1 })
	return h
}

func (h *house) owe(code string) notify.Message {
	now := time.Now()
	m := notify.Message{ID: secret.ID(now), Kind: notify.PIN, To: "+34600123456", Lang: "es", Created: now, Until: now.Add(10 * time.Minute), Values: map[string]string{
		"code": code, "label": "A1B2", "service": "Agencia Tributaria", "host": "clave.example",
	}}
	if err := h.store.Do(h.Context(), func(ctx context.Context) error { return h.store.AddMessage(ctx, m) }); err != nil {
		h.Fatal(err)
	}
	return m
}

func (h *house) becomes(m notify.Message, want notify.State) {
	h.Helper()
	until(h.T, func() bool {
		state, err := h.store.MessageState(h.Context(), m.ID)
		return err == nil && state == want
	})
}

// sent are the codes that a message centre has got.
func (p *peer) sent(codes map[string]int) {
	for len(p.events) > 0 {
		if e := <-p.events; e.Event == "submit" {
			codes[strings.Fields(e.Text)[1]]++
		}
	}
}

// From the owed message to the receipt on the person's page; by the second carrier while the first is throttled, refuses or is
// gone; and no code twice, whatever happens.
func TestRule08ReceiptsReachThePage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i, c := range []struct {
		stat string
		want notify.State
	}{{"DELIVRD", notify.Delivered}, {"UNDELIV", notify.Refused}} {
		m := h.owe(fmt.Sprint("10000", i))
		e := h.one.next("submit")
		h.one.do("deliver", order{"pdu": order{"esm_class": 4, "short_message": fmt.Sprintf(receiptText, e.ID, c.stat)}})
		h.becomes(m, c.want)
	}
}

func TestPast20NoCodeTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	codes := map[string]int{}

	h.one.mood(order{"submit": []any{"drop"}})
	cut := h.owe("200000")
	h.becomes(cut, notify.Lost) // not asked of the second

	h.one.mood(order{"submit": []any{0x58, 0x45, 0x0a, 0x0b, 0x45, 0x45, 0x45}})
	for i := range 10 {
		h.becomes(h.owe(fmt.Sprint("30000", i)), notify.Accepted)
	}
	h.one.do("stop")
	for i := range 10 {
		h.becomes(h.owe(fmt.Sprint("40000", i)), notify.Accepted)
	}
	for _, p := range []*peer{h.one, h.two} {
		p.mood(order{}) // what it said before that has arrived
		p.sent(codes)
	}
	for code, n := range codes {
		taken := code[0] == '3' && n <= 2 || n == 1 // refused by one, taken by the other
		if !taken {
			t.Errorf("%s went out %d times", code, n)
		}
	}
	if codes["200000"] != 1 {
		t.Errorf("the code that was cut off went out %d times", codes["200000"])
	}
}
