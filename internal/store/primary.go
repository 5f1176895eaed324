package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// primary connects to the one server of several that takes changes. Which one that is may change at any time: the address
// names them all, the last that was right is asked first, and a standby is never kept.
type primary struct {
	servers []driver.Connector
	last    atomic.Int64 // index of the server that was right
	age     atomic.Int64 // how often the primary was lost: older connections are dropped
}

// The bounds of what a server that vanished can cost: to find out that nobody answers, in real time.
const (
	reachTime  = 2 * time.Second // to connect to one server, when the address does not say connect_timeout
	silentTime = 5 * time.Second // until a connection on which nothing is acknowledged any more is given up
)

// parsePrimary reads an address and sets what every connection has.
func parsePrimary(address string) (*pgx.ConnConfig, error) {
	c, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = reachTime
	}
	// read-write asks whether a transaction may write, which ours for reading may not.
	c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	keep := net.KeepAliveConfig{Enable: true, Idle: 2 * time.Second, Interval: time.Second, Count: 3}
	c.DialFunc = (&net.Dialer{KeepAliveConfig: keep, Control: silence(silentTime)}).DialContext
	return c, nil
}

const ageKey = "clave.age" // in a connection's own data

func newPrimary(config *pgx.ConnConfig) *primary {
	p := &primary{}
	for _, at := range append([]*pgconn.FallbackConfig{{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}}, config.Fallbacks...) {
		one := config.Copy()
		one.Host, one.Port, one.TLSConfig, one.Fallbacks = at.Host, at.Port, at.TLSConfig, nil
		p.servers = append(p.servers, stdlib.GetConnector(*one, stdlib.OptionAfterConnect(p.born), stdlib.OptionResetSession(p.fresh)))
	}
	return p
}

func (p *primary) born(_ context.Context, conn *pgx.Conn) error {
	conn.PgConn().CustomData()[ageKey] = p.age.Load()
	return nil
}

// fresh drops a connection made before the primary was last lost: it may lead to one that was demoted meanwhile.
func (p *primary) fresh(_ context.Context, conn *pgx.Conn) error {
	if conn.PgConn().CustomData()[ageKey] != p.age.Load() {
		return driver.ErrBadConn
	}
	return nil
}

// lose gives up every connection that is open.
func (p *primary) lose() { p.age.Add(1) }

// Connect implements driver.Connector.
func (p *primary) Connect(ctx context.Context) (driver.Conn, error) {
	var wrong []error
	first, n := int(p.last.Load()), len(p.servers)
	for i := range n {
		at := (first + i) % n
		conn, err := p.servers[at].Connect(ctx)
		if err == nil {
			p.last.Store(int64(at))
			return conn, nil
		}
		wrong = append(wrong, err)
	}
	return nil, errors.Join(wrong...)
}

// Driver implements driver.Connector.
func (p *primary) Driver() driver.Driver { return p.servers[0].Driver() }

// pool keeps up to so many connections to the primary.
func (p *primary) pool(conns int) *sql.DB {
	db := sql.OpenDB(p)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db
}
