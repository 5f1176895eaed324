// Package smtp hands e-mails to the mail server of the house, and reads which of them came back.
//
// What it is sure of: an e-mail is refused when the server refused its reader or its text for good; it did not go out when
// the server put it off or the connection broke before the text was complete. When the connection breaks after that, nobody
// knows: a code is then lost, and a notice is sent again under the same Message-ID.
package smtp

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net/mail"
	"regexp"
	"time"

	"clave/internal/courier"
	"clave/internal/notify"
)

// How a connection is protected.
const (
	TLS      = "tls"      // from its first byte
	StartTLS = "starttls" // after STARTTLS, without which nothing is said
	None     = "none"     // not at all: only to a server on this machine
)

// Config says which mail server takes our e-mails, and what it is told.
type Config struct {
	Address  string      // host:port
	User     string      // empty: no AUTH
	Password string      // never logged
	TLS      *tls.Config // nil: the system's authorities and the host of Address
	Security string      // TLS, StartTLS or None

	From   string // who writes: an address, with or without a name
	Bounce string // where e-mails come back to; each gets an address of its own, bounce+ID@domain. Empty: From, and nobody learns of it
	// Bounces is the Maildir in which the mail server leaves what comes to bounce+…@domain; empty: it is read by nobody.
	Bounces string

	Connections int           // at most, at once; zero: 4
	Look        time.Duration // how often Bounces is read; zero: 10 s
}

// The times of a carrier.
const (
	sendFor   = time.Minute      // what one e-mail may take at most, whatever the caller allows
	idleFor   = 30 * time.Second // how long a connection that nobody uses is believed to be alive
	lookEvery = 10 * time.Second
)

// Carrier is a courier.Reporter of e-mails.
type Carrier struct {
	config Config
	host   string // of the mail server
	domain string // ours
	from   *mail.Address
	bounce func(id string) string // the envelope's sender
	sentAs *regexp.Regexp         // finds the id in such an address; nil without Bounces
	slots  chan *connection       // as many as may be open; nil: not opened yet
	now    func() time.Time
}

var _ courier.Reporter = (*Carrier)(nil)

// New checks a configuration. It connects to nothing.
func New(config Config) (*Carrier, error) {
	c := &Carrier{config: config, now: time.Now, slots: make(chan *connection, max(0, cmp.Or(config.Connections, 4)))}
	c.config.Look = cmp.Or(config.Look, lookEvery)
	for _, check := range []func() error{c.checkServer, c.checkFrom, c.checkBounce} {
		if err := check(); err != nil {
			return nil, fmt.Errorf("smtp: %w", err)
		}
	}
	for range cap(c.slots) {
		c.slots <- nil
	}
	return c, nil
}

// Send implements courier.Carrier. That a server accepts an e-mail says nothing of its arrival.
func (c *Carrier) Send(ctx context.Context, p courier.Parcel) (courier.Taken, error) {
	e, err := c.write(p)
	if err != nil {
		return courier.Taken{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendFor)
	defer cancel()
	select {
	case conn := <-c.slots:
		conn, err = c.hand(ctx, conn, e)
		c.slots <- conn
	case <-ctx.Done():
		err = fmt.Errorf("%w: every connection is in use", courier.ErrBusy)
	}
	if err != nil {
		return courier.Taken{}, err
	}
	return courier.Taken{State: notify.Accepted}, nil // its receipt names it by its own id
}

// hand sends one e-mail on a connection, or on a new one if there is none, and returns what may be used again. A server
// may have closed one that was idle: that it refuses to begin there says nothing yet.
func (c *Carrier) hand(ctx context.Context, conn *connection, e envelope) (*connection, error) {
	if conn != nil && c.now().Sub(conn.used) > idleFor {
		conn.close()
		conn = nil
	}
	used := conn != nil
	for {
		if conn == nil {
			var err error
			if conn, err = c.open(ctx); err != nil {
				return nil, fmt.Errorf("%w: %w", courier.ErrBusy, err)
			}
		}
		failed := conn.transact(ctx, e)
		conn.used = c.now()
		if failed != nil && !conn.again(ctx, failed) {
			conn.close()
			conn = nil
		}
		switch {
		case failed == nil:
			return conn, nil
		case used && conn == nil && failed.step == stepMail && ctx.Err() == nil:
			used = false
		default:
			return conn, failed.meaning()
		}
	}
}
