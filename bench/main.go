// Command bench drives complete journeys, as browsers do, against a Clave of its own, and says what one of them costs.
//
//	go run ./bench                  everything
//	go run ./bench -only pin-saml   one of its parts
//	go run ./bench trial kill       what holds when processes die; also failover and soak
//
// Read it in this order:
//
//   - journey.go: the journeys. visitor.go: what a person does on our pages. waiting.go: when there are too many.
//   - saml.go, oidc.go and token.go: the services, from their request to the answer that they verify.
//   - browser.go and page.go: what the person uses; people.go: who they are; phones.go: where the code arrives.
//   - serve.go, parties.go, seed.go and usage.go: the server, a process of its own, so that its CPU is measured alone;
//     house.go starts it.
//   - load.go and measure.go: many people at once; signatures.go: the yardstick; report.go and figure.go: what is printed.
//   - postgres.go: what the other database uses. overload.go, million.go and start.go: more people, more registered, the first
//     page.
//   - trial.go: an installation whose parts die; trial_ledger.go: what must hold; trial_kill.go, trial_failover.go and
//     trial_soak.go: how they die, or live long.
//
// docs/performance.md says what the figures mean and what they were.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// options say how much is driven.
type options struct {
	logins   int    // measured
	warmup   int    // before them, not measured
	users    int    // at once
	citizens int    // registered
	dir      string // where the database is made, and deleted at the end
	million  int    // registered, where it is told what that costs
	levels   []int  // people at once among whom overload finds the fewest that saturate
	profile  string // where the server's CPU profile of the measured logins goes; empty: nowhere
}

// deadline ends a run that hangs.
const deadline = 20 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	run := bench
	if len(os.Args) == 2 && os.Args[1] == serveArgument {
		run = func(ctx context.Context) error { return serve(ctx, os.Stdin, os.Stdout) }
	}
	if len(os.Args) > 1 && os.Args[1] == trialArgument {
		run = func(ctx context.Context) error { return try(ctx, os.Args[2:], os.Stdout) }
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench collects its own garbage seldom: what it does for all those people should not slow the server beside it.
func bench(ctx context.Context) error {
	o := options{levels: []int{4, 8, 16, 32, 64}}
	strict := flag.Bool("strict", false, "fail when a bar is missed")
	only := flag.String("only", "", "the `part` to drive; empty: all")
	flag.IntVar(&o.logins, "logins", 400, "logins that are measured")
	flag.IntVar(&o.warmup, "warmup", 100, "logins before them")
	flag.IntVar(&o.users, "users", 8, "people at once")
	flag.IntVar(&o.citizens, "citizens", 5000, "registered citizens")
	flag.IntVar(&o.million, "million", 1_000_000, "registered citizens of the parts million and start")
	flag.StringVar(&o.dir, "dir", ".cache", "a `folder` on a real disk: the database is made in it, and deleted")
	flag.StringVar(&o.profile, "cpuprofile", "", "write the server's CPU profile to this `file`")
	flag.Parse()
	if o.logins < 1 || o.warmup < 0 || o.users < 1 || flag.NArg() > 0 {
		return fmt.Errorf("want at least one login and one user, and no other arguments")
	}
	debug.SetGCPercent(400)
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	out := &sheet{Writer: os.Stdout}
	if err := drive(ctx, *only, o, out); err != nil || !*strict {
		return err
	}
	return out.verdict()
}

// part is what can be driven alone.
type part struct {
	name  string
	drive func(ctx context.Context, o options, out *sheet) error
}

func everything() (list []part) {
	for _, j := range journeys {
		list = append(list, part{j.name, j.drive})
	}
	return append(list, part{"overload", overload}, part{"million", million}, part{"start", starting})
}

func drive(ctx context.Context, only string, o options, out *sheet) error {
	found := false
	for _, p := range everything() {
		if only != "" && only != p.name {
			continue
		}
		found = true
		if err := p.drive(ctx, o, out); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	if !found {
		return fmt.Errorf("no part %q", only)
	}
	return nil
}
