package demo

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Clock is the world's clock. It can be moved forward, never back, and only a demonstration has one.
type Clock struct {
	ahead atomic.Int64 // nanoseconds
	file  string       // keeps it over a restart; empty: nowhere
}

// Now is the time in this world.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())).UTC() }

// Ahead is how far the clock was moved.
func (c *Clock) Ahead() time.Duration { return time.Duration(c.ahead.Load()) }

// Move moves the clock forward. Errors: when the new time cannot be kept.
func (c *Clock) Move(by time.Duration) error {
	if by < 0 || by > 5*365*24*time.Hour {
		return fmt.Errorf("demo: the clock moves forward, at most five years at once")
	}
	ahead := c.ahead.Add(int64(by))
	if c.file == "" {
		return nil
	}
	return os.WriteFile(c.file, []byte(strconv.FormatInt(ahead, 10)), 0o600)
}

func openClock(file string) (*Clock, error) {
	c := &Clock{file: file}
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	ahead, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || ahead < 0 {
		return nil, fmt.Errorf("demo: %s is not a clock", file)
	}
	c.ahead.Store(ahead)
	return c, nil
}
