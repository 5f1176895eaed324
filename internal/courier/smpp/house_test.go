package smpp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clave/internal/courier"
	"clave/internal/courier/couriertest"
	"clave/internal/notify"
	"clave/internal/secret"
	"clave/internal/store"
)

// house is a store and a courier over two message centres.
type house struct {
	*testing.T
	store    *store.Store
	one, two *peer
}

func newHouse(t *testing.T) *house {
	h := &house{T: t, one: newPeer(t), two: newPeer(t)}
	first, second := h.one.config(), h.two.config()
	second.Name = "two"
	one, two := h.one.unbound(first), h.two.unbound(second)
	h.store = couriertest.Run(t, notify.SMS, courier.Several(one, two))
	couriertest.Await(t, "two binds", func() bool { a, _ := one.Bound(); b, _ := two.Bound(); return a == 1 && b == 1 })
	return h
}

func (h *house) owe(code string) notify.Message {
	now := time.Now()
	m := notify.Message{ID: secret.ID(now), Kind: notify.PIN, To: "+34600123456", Lang: "es", Created: now, Until: now.Add(10 * time.Minute), Values: map[string]string{
		"code": code, "label": "A1B2", "service": "Agencia Tributaria", "host": "clave.example",
	}}
	couriertest.Owe(h.T, h.store, m)
	return m
}

func (h *house) becomes(m notify.Message, want notify.State) {
	h.Helper()
	couriertest.Becomes(h.T, h.store, m.ID, want)
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
