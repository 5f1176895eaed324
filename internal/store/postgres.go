package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"

	"clave/internal/secret"
)

// server is a PostgreSQL database.
type server struct {
	config *pgx.ConnConfig
	units  *primary
	reads  *primary
	db     *sql.DB  // for units
	pool   *sql.DB  // for reads: on the primary too, for they decide
	warned sync.Map // *pgconn.PgConn that got a warning
	commits
}

func openPostgres(ctx context.Context, address string, o Options) (_ engine, err error) {
	p := &server{}
	if p.config, err = parsePrimary(address); err != nil {
		return nil, err
	}
	p.config.OnNotice = p.notice
	params := p.config.RuntimeParams
	params["timezone"] = "UTC"
	params["lock_timeout"] = strconv.FormatInt(o.Run.Milliseconds(), 10)
	params["idle_in_transaction_session_timeout"] = strconv.FormatInt(2*o.Run.Milliseconds(), 10) // a dead node's locks
	p.units = newPrimary(p.config)
	p.db = p.units.pool(max(o.Conns, 2))
	reading := p.config.Copy()
	reading.RuntimeParams["default_transaction_read_only"] = "on"
	p.reads = newPrimary(reading)
	p.pool = p.reads.pool(o.Conns)
	err = p.durable(ctx)
	if err == nil {
		err = p.alone(ctx, func() error { return o.settle(ctx, p.db, goose.DialectPostgres) })
	}
	if err != nil {
		return nil, errors.Join(err, p.close(ctx))
	}
	return p, nil
}

// durable refuses a server whose commits return before they are on disk.
func (p *server) durable(ctx context.Context) error {
	for _, name := range []string{"fsync", "synchronous_commit"} {
		var value string
		if err := p.db.QueryRowContext(ctx, `SELECT current_setting($1)`, name).Scan(&value); err != nil {
			return err
		}
		if value == "off" {
			return fmt.Errorf("store: PostgreSQL has %s = off: what it acknowledges it may lose", name)
		}
	}
	return nil
}

// alone runs f while no other node runs its own.
func (p *server) alone(ctx context.Context, f func() error) error {
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	const migrating = 0x436c407665 // the lock's number: "Cl@ve"
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, migrating); err != nil {
		return err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, migrating)
	return f()
}

func (p *server) reader() runner { return p.pool }

func (p *server) close(context.Context) error { return errors.Join(p.pool.Close(), p.db.Close()) }

// attempts bounds the reruns of a unit that met others in the wrong order.
const attempts = 10

// do runs the unit in a transaction, again if the database asks for it. Once it has begun, the visitor cannot stop it
// between two attempts either.
func (p *server) do(ctx context.Context, s *Store, work func(context.Context) error) error {
	for try := 1; ; try++ {
		again, err := p.once(ctx, s, work)
		err = p.judge(err)
		if !again || try == attempts {
			return err
		}
		s.Seen.Rerun()
		ctx = context.WithoutCancel(ctx)
		time.Sleep(time.Duration(try) * (1 + time.Duration(secret.Bytes(1)[0])) * time.Millisecond / 16)
	}
}

// once runs one attempt, and says whether another may succeed where it failed.
func (p *server) once(ctx context.Context, s *Store, work func(context.Context) error) (again bool, err error) {
	if p.stalled() {
		return false, errStalled
	}
	conn, err := p.conn(ctx, s.Wait)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	bounded, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	patience := time.AfterFunc(2*s.Run, cancel)
	defer patience.Stop()
	tx, err := conn.BeginTx(bounded, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	var u *unit
	s.attempt(ctx, tx, work, func(ended *unit, outcome error) { u, err = ended, outcome })
	if err != nil {
		return rerun(u.failed), p.cause(err, u.failed)
	}
	patience.Reset(s.Run / 2)
	return p.commit(bounded, s, conn, tx, u)
}

// conn waits for a connection, unless the visitor leaves first.
func (p *server) conn(ctx context.Context, wait time.Duration) (*sql.Conn, error) {
	patient, cancel := context.WithTimeoutCause(ctx, wait, ErrBusy)
	defer cancel()
	conn, err := p.db.Conn(patient)
	if err != nil && patient.Err() != nil {
		err = context.Cause(patient)
	}
	return conn, err
}

// commit writes the change's id with the change, so that it can be looked up if the answer to the commit is lost.
func (p *server) commit(ctx context.Context, s *Store, conn *sql.Conn, tx *sql.Tx, u *unit) (again bool, err error) {
	id := secret.ID(s.Now())
	if u.wrote {
		_, err = tx.ExecContext(ctx, `INSERT INTO changes (id, kept, at) VALUES ($1, TRUE, $2)`, id, s.Now().UnixMicro())
	}
	if err != nil {
		return rerun(err), fmt.Errorf("%w: %w", ErrCommit, err)
	}
	p.begin(u)
	err = p.outcome(tx.Commit(), conn)
	p.end(u)
	conn.Close() // others may need it, if it is still good for anything
	if errors.Is(err, ErrUnknownOutcome) && u.wrote {
		err = p.lookUp(context.WithoutCancel(ctx), s, id, err)
	}
	if err == nil {
		s.Seen.Commit(1)
		s.durable(u)
	}
	return rerun(err), err
}

// rerun says whether the database undid the transaction for the sake of another.
func rerun(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}
