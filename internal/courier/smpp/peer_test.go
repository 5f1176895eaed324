package smpp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"clave/internal/courier"
	"clave/internal/courier/couriertest"
	"clave/internal/courier/smpp"
	"clave/internal/notify"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// peer is a message centre that is not ours. A machine without it cannot say whether we are right, so the tests fail there.
type peer struct {
	*testing.T
	orders io.Writer
	events chan event
	obeyed chan struct{}
	port   int
}

// event is what the message centre says that happened.
type event struct {
	Event      string `json:"event"`
	Port       int    `json:"port"`
	Status     int    `json:"status"`
	ID         string `json:"id"`
	Text       string `json:"text"`
	Coding     int    `json:"coding"`
	UDH        []int  `json:"udh"`
	ESM        int    `json:"esm"`
	Source     string `json:"source"`
	SourceTON  int    `json:"source_ton"`
	To         string `json:"to"`
	ToTON      int    `json:"to_ton"`
	Receipt    int    `json:"receipt"`
	Seconds    int    `json:"seconds"`
	System     string `json:"system_id"`
	Password   string `json:"password"`
	SystemType string `json:"system_type"`
	Version    int    `json:"interface_version"`
	Sequence   int    `json:"sequence"`
}

func newPeer(t *testing.T, certificate ...string) *peer {
	t.Helper()
	if _, err := os.Stat("testdata/node_modules/smpp"); err != nil {
		t.Fatal("the message centre is missing: npm ci in internal/courier/smpp/testdata")
	}
	node := exec.CommandContext(t.Context(), "node", append([]string{"testdata/smsc.js"}, certificate...)...)
	node.Stderr = os.Stderr
	in, err := node.StdinPipe()
	out, err2 := node.StdoutPipe()
	if err := errors.Join(err, err2, node.Start()); err != nil {
		t.Fatal(err)
	}
	p := &peer{T: t, orders: in, events: make(chan event, 10000), obeyed: make(chan struct{}, 1)}
	go func() {
		defer close(p.events)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e event
			switch err := json.Unmarshal(lines.Bytes(), &e); {
			case err == nil && e.Event == "obeyed":
				p.obeyed <- struct{}{}
			case err == nil:
				p.events <- e
			}
		}
	}()
	t.Cleanup(func() {
		in.Close()
		for range p.events {
		}
		node.Wait()
	})
	p.port = p.next("listening").Port
	return p
}

// next waits for an event of a kind; those of other kinds before it are passed over.
func (p *peer) next(kind string) event {
	p.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case e, ok := <-p.events:
			if !ok {
				p.Fatal("the message centre has gone")
			}
			if e.Event == kind {
				return e
			}
		case <-late:
			p.Fatalf("no %s", kind)
		}
	}
}

// none tells that nothing of a kind has happened yet.
func (p *peer) none(kind string) {
	p.Helper()
	for len(p.events) > 0 {
		if e := <-p.events; e.Event == kind {
			p.Errorf("there was a %s: %+v", kind, e)
		}
	}
}

type order map[string]any

func (p *peer) do(what string, more ...order) {
	p.Helper()
	o := order{"do": what}
	for _, m := range more {
		for k, v := range m {
			o[k] = v
		}
	}
	line, _ := json.Marshal(o)
	if _, err := fmt.Fprintf(p.orders, "%s\n", line); err != nil {
		p.Fatal(err)
	}
	select {
	case <-p.obeyed:
	case <-time.After(20 * time.Second):
		p.Fatalf("it does not %s", what)
	}
}

func (p *peer) mood(m order) { p.do("mood", order{"mood": m}) }

func (p *peer) config() smpp.Config {
	return smpp.Config{
		Name: "one", Address: fmt.Sprintf("127.0.0.1:%d", p.port), System: "clave", Password: "geheim", SystemType: "gov", Source: "Clave",
		Binds: 1, Answer: 5 * time.Second,
	}
}

// notes keeps the receipts that a carrier reports.
type notes struct {
	mu   sync.Mutex
	fail error
	list chan courier.Receipt
}

func (n *notes) note(_ context.Context, list []courier.Receipt) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fail != nil {
		return n.fail
	}
	for _, r := range list {
		n.list <- r
	}
	return nil
}

func (n *notes) failing(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fail = err
}

func (n *notes) next(t *testing.T) courier.Receipt {
	t.Helper()
	select {
	case r := <-n.list:
		return r
	case <-time.After(20 * time.Second):
		t.Fatal("no receipt")
		return courier.Receipt{}
	}
}

// unbound makes a carrier of the peer.
func (p *peer) unbound(c smpp.Config) *smpp.Carrier {
	p.Helper()
	carrier, err := smpp.New(c)
	if err != nil {
		p.Fatal(err)
	}
	return carrier
}

// carries makes a carrier of the peer, and runs it until the test ends.
func (p *peer) carries(c smpp.Config) (*smpp.Carrier, *notes) {
	p.Helper()
	carrier := p.unbound(c)
	n := &notes{list: make(chan courier.Receipt, 1000)}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { carrier.Report(ctx, n.note); close(done) }()
	p.Cleanup(func() { stop(); <-done })
	return carrier, n
}

// bound is carries, when all its binds stand.
func (p *peer) bound(c smpp.Config) (*smpp.Carrier, *notes) {
	p.Helper()
	carrier, n := p.carries(c)
	couriertest.Await(p.T, "all binds", func() bool { got, of := carrier.Bound(); return got == of })
	return carrier, n
}

func parcel(text string) courier.Parcel {
	return courier.Parcel{ID: "id", Kind: notify.PIN, To: "+34600123456", Text: text, Until: time.Now().Add(10 * time.Minute)}
}

// sends sends a text, and wants an outcome.
func sends(t *testing.T, c courier.Carrier, text string, want error) courier.Taken {
	t.Helper()
	taken, err := c.Send(t.Context(), parcel(text))
	switch {
	case want == errUnknown:
		if err == nil || errors.Is(err, courier.ErrBusy) || errors.Is(err, courier.ErrRefused) {
			t.Errorf("got %v, want an unknown outcome", err)
		}
	case !errors.Is(err, want):
		t.Errorf("got %v, want %v", err, want)
	}
	if err == nil && taken.State != notify.Accepted {
		t.Errorf("it is %q", taken.State)
	}
	return taken
}

var errUnknown = errors.New("unknown")
