package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// crowd is what so many people at once got.
type crowd struct {
	users  int
	rate   float64 // logins a second
	took   []time.Duration
	waited int // times that somebody was asked for patience
}

func (c crowd) String() string {
	return fmt.Sprintf("%3d at once: %5.1f logins a second, p50 %s, p99 %s ms, asked for patience %d times",
		c.users, c.rate, ms(percentile(c.took, 50)), ms(percentile(c.took, 99)), c.waited)
}

// Of what one level gets, a neighbour's noise is the greater part: the two that are compared take turns.
const turns = 3

// nearBest is the part of the best rate at which more people only wait longer.
const nearBest = 0.95

// overload looks for the fewest people at once who saturate the machine, then sends twice as many. A login that fails ends
// the run: nobody may fail, only wait.
func overload(ctx context.Context, o options, out *sheet) error {
	return inFolder(o.dir, func(dir string) (err error) {
		next := 0 // citizen who has not signed in yet
		most := o.warmup + o.logins*(len(o.levels)+2*turns)
		t, err := build(ctx, order{Dir: dir, Citizens: max(o.citizens, most)})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, t.house.close()) }()
		send := func(users, logins int) (crowd, error) {
			c, err := t.send(ctx, users, next, next+logins)
			next += logins
			return c, err
		}
		if _, err := send(o.users, o.warmup); err != nil {
			return err
		}
		var levels []crowd
		for _, users := range o.levels {
			c, err := send(users, o.logins)
			if err != nil {
				return err
			}
			fmt.Fprintln(out, "overload", c)
			levels = append(levels, c)
		}
		full, twice, err := compare(saturation(levels), o.logins, send)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, "overload", full)
		fmt.Fprintln(out, "overload", twice)
		if err := out.note(figure{name: "overload.tail-ratio", value: full.tail(), digits: 1, bar: 20}); err != nil {
			return err
		}
		return out.note(figure{name: "overload.throughput-ratio", value: twice.rate / full.rate, digits: 2, bar: 0.9, least: true})
	})
}

func (t *town) send(ctx context.Context, users, from, to int) (crowd, error) {
	waited := make([]int, to-from)
	took, whole, err := load(ctx, from, to, users, func(ctx context.Context, i int) error {
		v := newVisitor(t.house, i)
		defer v.browser.close()
		err := t.hall.enter(ctx, v)
		waited[i-from] = v.waited
		return err
	})
	slices.Sort(took)
	c := crowd{users: users, rate: float64(to-from) / whole.Seconds(), took: took}
	for _, n := range waited {
		c.waited += n
	}
	return c, err
}

// saturation is how many people bring nearly the best rate.
func saturation(levels []crowd) int {
	best := slices.MaxFunc(levels, func(a, b crowd) int { return int(1000 * (a.rate - b.rate)) })
	i := slices.IndexFunc(levels, func(c crowd) bool { return c.rate >= nearBest*best.rate })
	return levels[i].users
}

// compare sends so many people and twice as many, in turns, and returns the turn in the middle of each.
func compare(users, logins int, send func(users, logins int) (crowd, error)) (full, twice crowd, err error) {
	var got [2][]crowd
	for range turns {
		for i, n := range []int{users, 2 * users} {
			c, err := send(n, logins)
			if err != nil {
				return full, twice, err
			}
			got[i] = append(got[i], c)
		}
	}
	for i := range got {
		slices.SortFunc(got[i], func(a, b crowd) int { return int(1000 * (a.rate - b.rate)) })
	}
	return got[0][turns/2], got[1][turns/2], nil
}

// tail is how much longer than the middle the last of a hundred takes.
func (c crowd) tail() float64 {
	return float64(percentile(c.took, 99)) / float64(percentile(c.took, 50))
}
