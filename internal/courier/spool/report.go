package spool

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"clave/internal/courier"
	"clave/internal/notify"
)

// keptFor is how long the manifest of a printed batch is kept: no message lives longer, so none comes again after that,
// not even out of a backup.
const keptFor = 90 * 24 * time.Hour

// overdue is how old a batch is when the operator should ask the printer.
const overdue = 48 * time.Hour

// atOnce is how many letters are noted in one unit of work.
const atOnce = 200

type noting = func(ctx context.Context, list []courier.Receipt) error

// Report implements courier.Reporter: it closes batches in time, notes what the printer says, and erases what is printed.
func (c *Carrier) Report(ctx context.Context, note func(ctx context.Context, list []courier.Receipt) error) {
	for ctx.Err() == nil {
		if err := c.look(ctx, note); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "spool", "err", err)
		}
		select {
		case <-time.After(c.config.Look):
		case <-ctx.Done():
		}
	}
}

// look does once what Report does.
func (c *Carrier) look(ctx context.Context, note noting) error {
	return errors.Join(
		c.locked(ctx, func() error { return c.closeOld(ctx) }),
		c.collect(ctx, note),
		c.locked(ctx, func() error { return errors.Join(c.tellOverdue(ctx), c.forgetOld()) }),
	)
}

func (c *Carrier) closeOld(ctx context.Context) error {
	batches, err := c.openBatches()
	for _, b := range batches {
		if c.over(b, c.now()) {
			err = errors.Join(err, c.close(ctx, b))
		}
	}
	return err
}

// collect looks for the printer's answers. One that says nothing stays where it is, and is told once.
func (c *Carrier) collect(ctx context.Context, note noting) error {
	answers, err := os.ReadDir(c.path(dirDone))
	if err != nil {
		return err
	}
	ignored := ""
	for _, answer := range answers {
		if _, ok := readBatchName(answer.Name()); !ok {
			continue
		}
		switch which, failed := c.about(answer); {
		case failed != nil:
			err = errors.Join(err, failed)
		case which == dirReady:
			err = errors.Join(err, c.finish(ctx, answer.Name(), note))
		case which == dirPrinted: // a crash left it
			err = errors.Join(err, c.locked(ctx, func() error { return c.empty(ctx, answer.Name()) }))
		case ignored == "":
			ignored = answer.Name()
		}
	}
	if ignored == "" {
		return err
	}
	return errors.Join(err, c.locked(ctx, func() error {
		c.tell("answer "+ignored, keptFor, func() {
			slog.WarnContext(ctx, "spool: an answer means nothing: it names no batch that was ready when it was made", "batch", ignored)
		})
		return nil
	}))
}

// about says among which batches the one is that an answer is of. It is of none when nobody can have printed that batch: it is
// still open, or was when the answer was made. Whoever may write answers would otherwise have letters erased that no printer saw.
func (c *Carrier) about(answer os.DirEntry) (dir string, err error) {
	said, err := answer.Info()
	if missing(err) { // another node has taken it
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, dir := range []string{dirReady, dirPrinted} {
		closed, err := os.Stat(c.path(dir, answer.Name(), manifestFile))
		switch {
		case err == nil && said.ModTime().Before(closed.ModTime()):
			return "", nil
		case err == nil:
			return dir, nil
		case !missing(err):
			return "", err
		}
	}
	return "", nil
}

// finish notes the letters of a batch as delivered, and only then erases them. After a crash it begins anew: a note may be
// made twice.
func (c *Carrier) finish(ctx context.Context, name string, note noting) error {
	ids, err := readManifest(c.path(dirReady, name))
	if missing(err) { // another node has noted it
		return nil
	}
	if err != nil {
		return err
	}
	for len(ids) > 0 {
		n := min(len(ids), atOnce)
		var list []courier.Receipt
		for _, id := range ids[:n] {
			list = append(list, courier.Receipt{Ref: courier.OwnRef + id, State: notify.Delivered})
		}
		if err := note(ctx, list); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return c.locked(ctx, func() error { return c.erase(ctx, name) })
}

// erase moves a batch, whose letters are noted, among the printed ones, and leaves nothing of it there but its manifest.
func (c *Carrier) erase(ctx context.Context, name string) error {
	if err := move(c.path(dirReady, name), c.path(dirPrinted, name)); err != nil && !missing(err) {
		return err
	}
	return c.empty(ctx, name)
}

// empty erases the letters of a printed batch, and then the printer's answer.
func (c *Carrier) empty(ctx context.Context, name string) error {
	printed := c.path(dirPrinted, name)
	files, err := os.ReadDir(printed)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Name() != manifestFile {
			err = errors.Join(err, os.Remove(filepath.Join(printed, f.Name())))
		}
	}
	if err = errors.Join(err, syncFolder(printed)); err != nil {
		return err
	}
	slog.InfoContext(ctx, "spool: a batch is printed, its letters are erased", "batch", name)
	if err := os.Remove(c.path(dirDone, name)); !missing(err) { // another node may have
		return err
	}
	return nil
}

// tellOverdue says which batches nobody prints.
func (c *Carrier) tellOverdue(ctx context.Context) error {
	ready, err := os.ReadDir(c.path(dirReady))
	for _, f := range ready {
		if opened, ok := readBatchName(f.Name()); ok && c.now().Sub(opened) > overdue {
			c.tell(f.Name(), 24*time.Hour, func() {
				slog.WarnContext(ctx, "spool: the printer has not said that a batch is printed", "batch", f.Name(), "opened", opened)
			})
		}
	}
	return err
}

// forgetOld removes the manifests of long ago.
func (c *Carrier) forgetOld() error {
	printed, err := os.ReadDir(c.path(dirPrinted))
	for _, f := range printed {
		if opened, ok := readBatchName(f.Name()); ok && c.now().Sub(opened) > keptFor {
			err = errors.Join(err, os.RemoveAll(c.path(dirPrinted, f.Name())))
		}
	}
	return err
}
