package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Away says of an error that the database cannot work just now, or has too much to do, and that the same thing may
// succeed in a moment. After ErrUnknownOutcome, which is among them, it may already have.
func Away(err error) bool {
	return slices.ContainsFunc([]error{ErrAway, ErrBusy, ErrClosed, ErrCommit, ErrRolledBack, ErrUnknownOutcome}, func(one error) bool { return errors.Is(err, one) })
}

// judge names an error of PostgreSQL: ErrAway when the primary is gone, or is none any more. Then no connection to it is
// used again.
func (p *server) judge(err error) error {
	if err == nil || errors.Is(err, ErrAway) {
		return err
	}
	lost := gone(err)
	if lost {
		p.units.lose()
		p.reads.lose()
	}
	if lost || late(err) {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return err
}

// cause adds to the error of a unit that of its statement, if the database is to blame and the unit hid it.
func (p *server) cause(err, failed error) error {
	if failed == nil || errors.Is(err, failed) || !gone(failed) && !late(failed) {
		return err
	}
	return fmt.Errorf("%w: %w", err, failed)
}

// gone says that a connection, or the primary behind it, was lost.
func gone(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "08") || slices.Contains([]string{"25006", "57P01", "57P02", "57P03"}, pg.Code)
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return pgconn.SafeToRetry(err) || errors.As(err, &connect) || errors.As(err, &network) && !errors.Is(err, context.DeadlineExceeded) ||
		slices.ContainsFunc([]error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, sql.ErrConnDone},
			func(one error) bool { return errors.Is(err, one) })
}

// late says that the database is there, but did not come to it in time: its lock is held by a commit that waits for a
// standby, say; or that it has no connection left.
func late(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return slices.Contains([]string{"53300", "55P03", "57014"}, pg.Code)
	}
	return errors.Is(err, context.DeadlineExceeded)
}

// stallTime is how long a commit may go unanswered until nobody new is let in, in real time: the standby is away, and who
// comes now would wait for nothing, and keep the others from being told.
const stallTime = 3 * time.Second

var errStalled = fmt.Errorf("%w: commits are not answered", ErrAway)

// commits are those that wait for their answer, with the time since when.
type commits struct {
	mu    sync.Mutex
	since map[*unit]time.Time
}

func (c *commits) begin(u *unit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since == nil {
		c.since = make(map[*unit]time.Time)
	}
	c.since[u] = time.Now()
}

func (c *commits) end(u *unit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.since, u)
}

func (c *commits) stalled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, since := range c.since {
		if time.Since(since) > stallTime {
			return true
		}
	}
	return false
}
