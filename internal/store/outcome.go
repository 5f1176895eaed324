package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

var errWarned = errors.New("the server warned of its commit")

// notice remembers a warning. When the wait for the standby is cancelled, the server calls the commit a success and
// warns that the standby may not have it.
func (p *server) notice(conn *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		p.warned.Store(conn, true)
	}
}

// outcome reads the answer to a commit: nil, ErrCommit when the server says that it rolled back, or ErrUnknownOutcome.
func (p *server) outcome(err error, conn *sql.Conn) error {
	var pg *pgconn.PgError
	switch {
	case err == nil && p.clean(conn):
		return nil
	case err == nil:
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, errWarned)
	case errors.Is(err, pgx.ErrTxCommitRollback), errors.As(err, &pg) && pg.SeverityUnlocalized == "ERROR":
		return fmt.Errorf("%w: %w", ErrCommit, err)
	default:
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
}

// clean says that a connection got no warning since it was last asked.
func (p *server) clean(conn *sql.Conn) bool {
	warned := false
	err := conn.Raw(func(driver any) error {
		_, warned = p.warned.LoadAndDelete(driver.(*stdlib.Conn).Conn().PgConn())
		return nil
	})
	return err == nil && !warned
}

// lookUp finds out, over new connections, whether a change was kept.
func (p *server) lookUp(ctx context.Context, s *Store, id string, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, s.Run/2)
	defer cancel()
	for {
		kept, err := p.kept(ctx, id, s.Now())
		switch {
		case err == nil && kept:
			return nil
		case err == nil:
			return fmt.Errorf("%w: looked up after: %w", ErrCommit, cause)
		case !pause(ctx, 50*time.Millisecond):
			return fmt.Errorf("%w; looking it up: %w", cause, err)
		}
	}
}

// kept claims the change's id as void. The claim waits for a commit that is still under way, and afterwards none can
// succeed; it changes the row in either case, because only a commit that changes something waits for the standby, and
// thereby for everything committed before it.
func (p *server) kept(ctx context.Context, id string, now time.Time) (kept bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, p.config)
	if err != nil {
		return false, err
	}
	defer conn.Close(ctx)
	defer p.warned.Delete(conn.PgConn())
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `INSERT INTO changes (id, kept, at) VALUES ($1, FALSE, $2)
			ON CONFLICT (id) DO UPDATE SET at = EXCLUDED.at RETURNING kept`, id, now.UnixMicro()).Scan(&kept)
	})
	if _, warned := p.warned.Load(conn.PgConn()); err == nil && warned {
		err = errWarned
	}
	return kept, err
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
