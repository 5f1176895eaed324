package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"clave/internal/store/storetest"
)

// trialArgument makes this program the one that lets nodes die: go run ./bench trial kill.
const trialArgument = "trial"

// trialOptions say what dies, and how long.
type trialOptions struct {
	rounds   int
	minutes  float64
	nodes    int
	servers  int
	within   time.Duration
	postgres bool
	dir      string
	program  string // of the release before
}

// trials are what can be tried.
var trials = map[string]func(ctx context.Context, o trialOptions, out io.Writer) error{
	"kill": func(ctx context.Context, o trialOptions, out io.Writer) error {
		return o.on(ctx, 40*o.rounds+100, func(t *trial) error { return t.kill(ctx, o.rounds, 8, out) })
	},
	"soak": func(ctx context.Context, o trialOptions, out io.Writer) error {
		d := time.Duration(o.minutes * float64(time.Minute))
		return o.on(ctx, int(pace*d.Seconds())+100, func(t *trial) error { return t.soak(ctx, d, soakUsers, out) })
	},
	"upgrade": func(ctx context.Context, o trialOptions, out io.Writer) error {
		return o.on(ctx, 40*o.rounds+300, func(t *trial) error { return t.upgrade(ctx, o.rounds, 8, out) })
	},
	"failover": func(ctx context.Context, o trialOptions, out io.Writer) error { return o.failover(ctx, out) },
}

// try reads the arguments behind "trial".
func try(ctx context.Context, args []string, out io.Writer) error {
	var o trialOptions
	set := flag.NewFlagSet(trialArgument, flag.ContinueOnError)
	set.IntVar(&o.rounds, "rounds", 30, "how often something is killed; of an upgrade, how many go in and out at each step")
	set.Float64Var(&o.minutes, "minutes", 60, "how long a soak is")
	set.IntVar(&o.nodes, "nodes", 1, "nodes, side by side; more than one needs -postgres")
	set.DurationVar(&o.within, "within", 5*time.Second, "how soon the first login must follow when a primary can commit again")
	set.IntVar(&o.servers, "servers", 2, "PostgreSQL servers of a failover")
	set.BoolVar(&o.postgres, "postgres", false, "on a PostgreSQL of its own, instead of SQLite")
	set.StringVar(&o.dir, "dir", ".cache", "a `folder` on a real disk: the installation is made in it")
	set.StringVar(&o.program, "program", "", "the program of the release before, a `file`: for an upgrade, which begins with it")
	if len(args) == 0 || trials[args[0]] == nil {
		return errors.New("want: trial kill, trial failover, trial soak or trial upgrade")
	}
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	if o.nodes < 1 || o.nodes > 1 && !o.postgres && args[0] != "failover" || o.servers < 2 || o.rounds < 1 || o.minutes <= 0 {
		return errors.New("want at least one node, round and minute; an SQLite file has one node")
	}
	if (o.program != "") != (args[0] == "upgrade") {
		return errors.New("an upgrade wants -program FILE, and nothing else does")
	}
	return trials[args[0]](ctx, o, out)
}

// on runs a trial in an installation of its own. What it leaves behind stays where it failed.
func (o trialOptions) on(ctx context.Context, citizens int, run func(*trial) error) error {
	database := ""
	if o.postgres {
		c, err := storetest.Start()
		if err != nil {
			return err
		}
		defer c.Stop()
		if database, err = c.Database(ctx); err != nil {
			return err
		}
	}
	return o.in(ctx, database, citizens, run)
}

func (o trialOptions) in(ctx context.Context, database string, citizens int, run func(*trial) error) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "trial-")
	if err != nil {
		return err
	}
	t, err := openTrial(ctx, dir, database, o.program, o.nodes, citizens)
	if err == nil {
		err = run(t)
	}
	if err = errors.Join(err, t.close()); err != nil {
		return fmt.Errorf("%w\nlogs: %s", err, dir)
	}
	return os.RemoveAll(dir)
}
