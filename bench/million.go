package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// few is how many are registered where many are compared with them.
const few = 1000

// scattered is a step that reaches every citizen before any twice, in no order that a database could profit from.
const scattered = 999_983

// contender is one of two servers that are compared.
type contender struct {
	*town
	registered int
	next       int
	cpu        time.Duration
	peak       int64
}

// million compares a server with a million registered people and one with a thousand, side by side, in turns.
func million(ctx context.Context, o options, out *sheet) error {
	kept, err := o.registered(ctx, o.million)
	if err != nil {
		return err
	}
	return inFolder(o.dir, func(dir string) (err error) {
		small, large := &contender{registered: few}, &contender{registered: o.million}
		if large.town, err = buildFrom(ctx, kept, filepath.Join(dir, "many")); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, large.house.close()) }()
		if err := os.Mkdir(filepath.Join(dir, "few"), 0o755); err != nil {
			return err
		}
		if small.town, err = build(ctx, order{Dir: filepath.Join(dir, "few"), Citizens: few}); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, small.house.close()) }()
		logins := min(o.logins, (few-o.warmup)/pieces*pieces)
		for i := range pieces + 1 {
			for _, c := range []*contender{small, large} {
				if i == 0 {
					err = c.drive(ctx, o.warmup, o.users)
					c.cpu = 0
				} else {
					err = c.drive(ctx, logins/pieces, o.users)
				}
				if err != nil {
					return err
				}
			}
		}
		fmt.Fprintf(out, "million: %d registered, server CPU per login %s ms; %d registered, %s ms\n", few, ms(small.cpu/time.Duration(logins)),
			o.million, ms(large.cpu/time.Duration(logins)))
		if err := out.note(figure{name: "million.memory-mb", value: float64(large.peak) / 1e6, bar: 150}); err != nil {
			return err
		}
		return out.note(figure{name: "million.cost-ratio", value: float64(large.cpu) / float64(small.cpu), digits: 2, bar: 1.3})
	})
}

func (c *contender) drive(ctx context.Context, logins, users int) error {
	before, err := c.house.usage(ctx)
	if err != nil {
		return err
	}
	_, _, err = load(ctx, c.next, c.next+logins, users, func(ctx context.Context, i int) error {
		v := newVisitor(c.house, i*scattered%c.registered)
		defer v.browser.close()
		return c.hall.enter(ctx, v)
	})
	if err != nil {
		return err
	}
	c.next += logins
	after, err := c.house.usage(ctx)
	c.cpu, c.peak = c.cpu+after.CPU-before.CPU, after.Peak
	return err
}

// registered returns a folder with the keys and the database of so many citizens. It takes a minute to make, and is kept.
func (o options) registered(ctx context.Context, citizens int) (string, error) {
	kept := filepath.Join(o.dir, fmt.Sprintf("bench-citizens-%d", citizens))
	if _, err := os.Stat(kept); err == nil {
		return kept, nil
	}
	return kept, inFolder(o.dir, func(dir string) error {
		lots, err := registerLots(ctx, dir, citizens)
		if err != nil {
			return err
		}
		if err := mergeLots(ctx, lots); err != nil {
			return err
		}
		return os.Rename(lots[0], kept)
	})
}

// buildFrom starts a server, with its services, on a copy of what is kept.
func buildFrom(ctx context.Context, kept, dir string) (*town, error) {
	if err := copyServer(kept, dir); err != nil {
		return nil, err
	}
	return build(ctx, order{Dir: dir, Made: true})
}

func copyServer(from, to string) error {
	if err := makeFolder(to, from); err != nil {
		return err
	}
	return copyFile(filepath.Join(from, databaseFile), filepath.Join(to, databaseFile))
}

// makeFolder makes a server's folder, with the keys of another, if any.
func makeFolder(dir, keys string) error {
	if err := os.Mkdir(dir, 0o755); err != nil || keys == "" {
		return err
	}
	return copyFile(filepath.Join(keys, keysFile), filepath.Join(dir, keysFile))
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
