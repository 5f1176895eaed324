package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// step is one of an upgrade, and how the house stands after it.
type step struct {
	stands string
	take   func(ctx context.Context) error
}

// upgrade takes the program of the release before out of service, node by node, while people go in and out, and once back
// again. On PostgreSQL the tables change in the middle; an SQLite file is brought up to date by the first new node.
func (t *trial) upgrade(ctx context.Context, journeys, users int, out io.Writer) error {
	first, last := t.nodes[0], t.nodes[len(t.nodes)-1]
	living, stop := context.WithCancel(ctx)
	defer stop()
	wait := t.people(living, users, t.live)
	for _, s := range []step{
		{"every node is of before, and so are the tables", func(context.Context) error { return nil }},
		{"the last node is new", func(ctx context.Context) error { return t.replace(ctx, last, t.program) }},
		{"the tables are new", func(ctx context.Context) error { return perform(ctx, t.program, "migrate", "-config", last.config) }},
		{"every node is new", func(ctx context.Context) error { return t.replace(ctx, first, t.program) }},
		{"the first node is of before again, on new tables", func(ctx context.Context) error { return t.replace(ctx, first, t.previous) }},
	} {
		if err := s.take(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.stands, err)
		}
		if err := t.some(ctx, journeys); err != nil {
			return fmt.Errorf("%s: %w", s.stands, err)
		}
		fmt.Fprintln(out, "people went in and out while", s.stands)
	}
	stop()
	wait()
	if err := errors.Join(t.settle(ctx), t.check(ctx)); err != nil {
		return err
	}
	logins, cut := t.ledger.count()
	fmt.Fprintf(out, "upgraded %d nodes: %d logins answered, %d cut short, %d faults\n", len(t.nodes), logins, cut, len(t.ledger.faults))
	return t.ledger.verdict()
}

// replace ends a node in order, and starts it with another program.
func (t *trial) replace(ctx context.Context, p *process, program string) error {
	if p.program == program {
		return nil
	}
	if err := t.end(p, syscall.SIGTERM); err != nil {
		return err
	}
	p.program = program
	return t.begin(ctx, p)
}

// before lets the program of the release before make the keys and the tables.
func (t *trial) before(ctx context.Context) error {
	if err := perform(ctx, t.previous, "keys", "create", "-kind", "live", "-keys", t.path("keys.json")); err != nil {
		return err
	}
	return perform(ctx, t.previous, "migrate", "-database", t.database, "-keys", t.path("keys.json"))
}

// perform runs a program that ends by itself; an error has what it printed.
func perform(ctx context.Context, program string, args ...string) error {
	if out, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, args[0], err, out)
	}
	return nil
}
