package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// What makes a node unfit to answer anybody, although its database answers.
var (
	ErrClock   = errors.New("store: this machine's clock is not the database's")
	ErrStandby = errors.New("store: PostgreSQL acknowledges what no standby has")
)

// clockOff is how far this machine's clock may be from the database's: codes and assertions live by it.
const clockOff = 2 * time.Second

// Ready says why this process must not answer anybody: the database cannot be reached or changed, its tables are not those
// that the program works on, it may lose what it acknowledges, or one of the two clocks is wrong (safety rule 22).
func (s *Store) Ready(ctx context.Context) error {
	if err := s.Do(ctx, func(ctx context.Context) error { _, err := s.Epoch(ctx); return err }); err != nil {
		return err
	}
	if err := s.fits(ctx); err != nil {
		return err
	}
	return s.engine.ready(ctx, s)
}

// ready implements engine: the file is on this machine, and so is its clock.
func (e *embedded) ready(context.Context, *Store) error { return nil }

// ready implements engine.
func (p *server) ready(ctx context.Context, s *Store) error {
	if p.stalled() {
		return errStalled
	}
	if err := p.clock(ctx, s); err != nil {
		return p.judge(err)
	}
	if s.SingleNode {
		return nil
	}
	return p.judge(p.standby(ctx))
}

// clock compares the two clocks. The database read its own somewhere between two looks at ours.
func (p *server) clock(ctx context.Context, s *Store) error {
	var micros int64
	before := s.Wall()
	err := p.db.QueryRowContext(ctx, `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT`).Scan(&micros)
	if err != nil {
		return err
	}
	after, theirs := s.Wall(), time.UnixMicro(micros)
	if off := max(before.Sub(theirs), theirs.Sub(after)); off >= clockOff {
		return fmt.Errorf("%w: they are %v apart", ErrClock, off.Round(100*time.Millisecond))
	}
	return nil
}

// standby refuses a server whose commits return before a standby has flushed them.
func (p *server) standby(ctx context.Context) error {
	var commit, names string
	err := p.db.QueryRowContext(ctx, `SELECT current_setting('synchronous_commit'), current_setting('synchronous_standby_names')`).Scan(&commit, &names)
	switch {
	case err != nil:
		return err
	case !slices.Contains([]string{"on", "remote_apply"}, commit):
		return fmt.Errorf("%w: synchronous_commit = %s; want on or remote_apply", ErrStandby, commit)
	case names == "":
		return fmt.Errorf("%w: synchronous_standby_names is empty; name a standby, or say that the database has only one machine", ErrStandby)
	}
	return nil
}
