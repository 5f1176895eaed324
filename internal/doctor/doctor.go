// Package doctor examines an installation: database, clock, keys, carriers, certificates, services. It says of each thing
// whether it is well, what it means if not, and what to do. It changes nothing and sends nobody a message.
package doctor

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// State is how something is.
type State int

// The states, of which the worst is the exit code of `clave doctor`.
const (
	Well    State = iota // nothing to do
	Warning              // people can sign in, and soon might not
	Wrong                // people cannot sign in, or something that was promised is not kept
)

var words = [...]string{"ok", "warning", "wrong"}

// String is the word for a state.
func (s State) String() string { return words[s] }

// MarshalText implements encoding.TextMarshaler.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is what was found of one thing.
type Finding struct {
	Area  string `json:"area"`  // "database", "clock", "keys", …
	State State  `json:"state"` //
	Text  string `json:"text"`  // what was seen, and what it means
	Do    string `json:"do,omitempty"`
}

func well(format string, args ...any) Finding {
	return Finding{Text: fmt.Sprintf(format, args...)}
}

func warning(do, format string, args ...any) Finding {
	return Finding{State: Warning, Text: fmt.Sprintf(format, args...), Do: do}
}

func wrong(do, format string, args ...any) Finding {
	return Finding{State: Wrong, Text: fmt.Sprintf(format, args...), Do: do}
}

// Check looks at one thing.
type Check struct {
	Area string
	Look func(ctx context.Context) []Finding
}

// patience is how long one check may take.
const patience = 15 * time.Second

// Examine makes all checks side by side and tells what they found, in their order. One that does not end in time is wrong.
func Examine(ctx context.Context, checks []Check) (found []Finding) {
	lists := make([][]Finding, len(checks))
	var looking sync.WaitGroup
	for i, c := range checks {
		looking.Go(func() { lists[i] = c.look(ctx) })
	}
	looking.Wait()
	for i, list := range lists {
		for _, f := range list {
			f.Area = checks[i].Area
			found = append(found, f)
		}
	}
	return found
}

func (c Check) look(ctx context.Context) []Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan []Finding, 1)
	go func() { done <- c.Look(ctx) }()
	select {
	case list := <-done:
		return list
	case <-ctx.Done():
		return []Finding{wrong("See whether something between this machine and that one swallows packets: a firewall, usually.", "it did not answer within %s", patience)}
	}
}

// Worst is the worst state found.
func Worst(found []Finding) (worst State) {
	for _, f := range found {
		worst = max(worst, f.State)
	}
	return worst
}

// Print writes what was found for somebody at a terminal.
func Print(out io.Writer, found []Finding) error {
	for _, f := range found {
		if _, err := fmt.Fprintf(out, "%-8s %-10s %s\n", f.State, f.Area, f.Text); err != nil {
			return err
		}
		if f.Do == "" {
			continue
		}
		if _, err := fmt.Fprintf(out, "%-8s %-10s → %s\n", "", "", f.Do); err != nil {
			return err
		}
	}
	return nil
}
