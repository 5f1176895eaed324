package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"syscall"
	"time"

	"clave/internal/courier"
	"clave/internal/notify"
)

// atOnce is how many mails are read before what they say is noted.
const atOnce = 200

// Report implements courier.Reporter: it reads the folder of what came back until ctx ends. A mail is erased when what it
// says is noted, or when it says nothing: it may hold what a citizen wrote, and nobody else reads it.
func (c *Carrier) Report(ctx context.Context, note func(ctx context.Context, list []courier.Receipt) error) {
	for ctx.Err() == nil {
		if c.config.Bounces != "" {
			if err := c.collect(ctx, note); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "smtp: what came back is not read", "err", err)
			}
		}
		select {
		case <-time.After(c.config.Look):
		case <-ctx.Done():
		}
	}
}

type noting = func(ctx context.Context, list []courier.Receipt) error

// collect reads the folder once. Mail that somebody looked at with a mail reader has moved to "cur".
func (c *Carrier) collect(ctx context.Context, note noting) error {
	root, err := os.OpenRoot(c.config.Bounces) // the mail server writes here: no link of its leads elsewhere
	if err != nil {
		return err
	}
	defer root.Close()
	var failed error
	for _, sub := range []string{"new", "cur"} {
		folder, err := root.Open(sub)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		failed = errors.Join(failed, c.collectFrom(ctx, root, folder, sub, note))
		folder.Close()
	}
	return failed
}

func (c *Carrier) collectFrom(ctx context.Context, root *os.Root, folder *os.File, sub string, note noting) error {
	var unread error
	for ctx.Err() == nil {
		entries, err := folder.ReadDir(atOnce)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		var spent []string
		var list []courier.Receipt
		for _, e := range entries {
			name := path.Join(sub, e.Name())
			b, err := c.readFile(root, name)
			if err != nil {
				unread = fmt.Errorf("a mail in %s: %w", sub, err) // the others are not to wait for it
				continue
			}
			spent = append(spent, name)
			if b.state != "" {
				list = append(list, courier.Receipt{Ref: courier.OwnRef + b.id, State: b.state})
				say(ctx, b)
			}
		}
		if err := settle(ctx, root, spent, list, note); err != nil {
			return err
		}
	}
	return unread
}

// say tells the operator. Whether to write to that citizen differently is a person's decision.
func say(ctx context.Context, b bounce) {
	if b.state == notify.Refused {
		slog.WarnContext(ctx, "smtp: an e-mail came back", "id", b.id, "status", b.status)
	}
}

// settle notes, and then erases.
func settle(ctx context.Context, root *os.Root, spent []string, list []courier.Receipt, note noting) error {
	if len(list) > 0 {
		if err := note(ctx, list); err != nil {
			return err
		}
	}
	for _, name := range spent {
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // another node was first
			return err
		}
	}
	return nil
}

var errNoFile = errors.New("it is no ordinary file")

func (c *Carrier) readFile(root *os.Root, name string) (bounce, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0) // nobody waits at a pipe
	if err != nil {
		return bounce{}, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return bounce{}, errors.Join(errNoFile, err)
	}
	return c.read(f), nil
}
