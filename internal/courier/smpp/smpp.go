// Package smpp carries SMS over SMPP 3.4: several transceiver binds to one message centre, each with its own window.
//
// What it promises to package courier: a message is refused or busy only when the message centre certainly does not have
// it, and a receipt is answered only when it is durably noted.
package smpp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"clave/internal/courier"
	"clave/internal/notify"
)

// Config says where the message centre is, and what it bears. Zero means the default.
type Config struct {
	Name       string // in receipts and logs; no two carriers have the same
	Address    string // host:port
	System     string // system_id, at most 15 characters
	Password   string // at most 8 characters (SMPP 3.4, 5.2.2); some centres take more, and so does this
	SystemType string
	Source     string        // who it is from: a name of up to 11 characters, a number with +, or a short number
	TLS        *tls.Config   // nil: none, for a private line only
	Rate       float64       // messages a second, over all binds; zero: no limit
	Window     int           // messages of a bind not yet answered; default 10
	Binds      int           // connections; default 2
	IDs        IDs           // how receipts write a message's id
	Enquire    time.Duration // how often a silent link is asked whether it lives; default 30 s
	Answer     time.Duration // how long an answer may take, after which it is unknown; default 10 s
}

// IDs says how a message centre writes the id of a message in its answer and, later, in the receipt. Some write the first
// in hexadecimal and the second in decimal.
type IDs string

// The ways to write ids.
const (
	SameIDs    IDs = ""            // alike
	HexDecimal IDs = "hex-decimal" // hexadecimal in the answer, decimal in the receipt
	DecimalHex IDs = "decimal-hex" // the other way round
)

// ErrConfig means that a Config cannot work.
var ErrConfig = errors.New("smpp: wrong configuration")

// Carrier is a courier.Reporter. It is bound while Report runs.
type Carrier struct {
	Config
	limit  *rate.Limiter
	bound  []atomic.Pointer[link]
	next   atomic.Uint32
	parts  atomic.Uint32 // numbers the long messages
	slower slower
}

// New makes a carrier, which is not yet bound. Errors: ErrConfig.
func New(c Config) (*Carrier, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	for _, d := range []struct {
		set   *int
		value int
	}{{&c.Window, 10}, {&c.Binds, 2}} {
		if *d.set == 0 {
			*d.set = d.value
		}
	}
	if c.Enquire == 0 {
		c.Enquire = 30 * time.Second
	}
	if c.Answer == 0 {
		c.Answer = 10 * time.Second
	}
	limit := rate.NewLimiter(rate.Inf, 1)
	if c.Rate > 0 {
		limit = rate.NewLimiter(rate.Limit(c.Rate), max(1, int(c.Rate/4)))
	}
	return &Carrier{Config: c, limit: limit, bound: make([]atomic.Pointer[link], c.Binds)}, nil
}

func (c Config) check() error {
	host, port, err := net.SplitHostPort(c.Address)
	switch {
	case courier.CheckName(c.Name) != nil:
		return fmt.Errorf("%w: name: %w", ErrConfig, courier.CheckName(c.Name))
	case err != nil || host == "" || port == "":
		return fmt.Errorf("%w: address: host:port", ErrConfig)
	case c.System == "" || len(c.System) > 15:
		return fmt.Errorf("%w: system: 1 to 15 characters", ErrConfig)
	case len(c.Password) > 64 || len(c.SystemType) > 12:
		return fmt.Errorf("%w: password or system type: too long", ErrConfig)
	case strings.ContainsRune(c.System+c.Password+c.SystemType, 0):
		return fmt.Errorf("%w: a zero byte ends a text", ErrConfig)
	case c.Rate < 0 || c.Window < 0 || c.Binds < 0 || c.Enquire < 0 || c.Answer < 0:
		return fmt.Errorf("%w: rate, window, binds, enquire and answer are not negative", ErrConfig)
	case c.IDs != SameIDs && c.IDs != HexDecimal && c.IDs != DecimalHex:
		return fmt.Errorf("%w: ids: nothing, %q or %q", ErrConfig, HexDecimal, DecimalHex)
	}
	_, err = source(c.Source)
	return err
}

// String, GoString and LogValue keep the password out of every log.
func (c Config) String() string       { return "smpp " + c.Name }
func (c Config) GoString() string     { return c.String() }
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// patience is how long a message waits here for its turn. Then another carrier may have it.
const patience = 2 * time.Second

// String is the carrier's name.
func (c *Carrier) String() string { return c.Name }

// Send implements courier.Carrier.
func (c *Carrier) Send(ctx context.Context, p courier.Parcel) (courier.Taken, error) {
	parts, err := c.write(p, time.Now())
	if err != nil {
		return courier.Taken{}, err
	}
	if c.slower.rests(time.Now()) {
		return courier.Taken{}, fmt.Errorf("%w: %s is throttled", courier.ErrBusy, c.Name)
	}
	l, err := c.turn(ctx, len(parts))
	if err != nil {
		return courier.Taken{}, err
	}
	defer l.leave()
	var id string
	for i, part := range parts {
		if id, err = l.submit(ctx, part); err != nil {
			c.slower.heed(err, time.Now())
			return courier.Taken{}, c.failed(err, i)
		}
	}
	c.slower.heed(nil, time.Now())
	taken := courier.Taken{State: notify.Accepted}
	if id != "" {
		taken.Ref = c.ref(id)
	}
	return taken, nil
}

// failed is what the failure of a part means for the message: when a part before it was taken, nobody knows what will
// arrive.
func (c *Carrier) failed(err error, part int) error {
	if part > 0 {
		return fmt.Errorf("smpp: %s: after %d parts: %v", c.Name, part, err)
	}
	return fmt.Errorf("smpp: %s: %w", c.Name, err)
}

// turn waits for the rate, and for a place in the window of a link.
func (c *Carrier) turn(ctx context.Context, parts int) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l, err := c.place(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", courier.ErrBusy, c.Name, err)
	}
	for range parts {
		if err := c.limit.Wait(ctx); err != nil {
			l.leave()
			return nil, fmt.Errorf("%w: %s", courier.ErrRate, c.Name)
		}
	}
	return l, nil
}

var (
	errUnbound = errors.New("not bound")
	errFull    = errors.New("its windows are full")
)

// place takes a place in the first window with room, the links in turns; when all are full, it waits for one of them.
func (c *Carrier) place(ctx context.Context) (*link, error) {
	var some *link
	first := int(c.next.Add(1) % uint32(c.Binds))
	for i := range c.Binds {
		l := c.bound[(first+i)%c.Binds].Load()
		if l == nil {
			continue
		}
		select {
		case l.window <- struct{}{}:
			return l, nil
		default:
			some = l
		}
	}
	if some == nil {
		return nil, errUnbound
	}
	select {
	case some.window <- struct{}{}:
		return some, nil
	case <-some.gone:
		return nil, errUnbound
	case <-ctx.Done():
		return nil, errFull
	}
}

// Report implements courier.Reporter: it keeps the binds until ctx ends.
func (c *Carrier) Report(ctx context.Context, note func(ctx context.Context, list []courier.Receipt) error) {
	var all sync.WaitGroup
	for i := range c.bound {
		all.Go(func() { c.keep(ctx, &c.bound[i], note) })
	}
	all.Wait()
}

// Bound tells how many binds stand, of how many.
func (c *Carrier) Bound() (n, of int) {
	for i := range c.bound {
		if c.bound[i].Load() != nil {
			n++
		}
	}
	return n, c.Binds
}
