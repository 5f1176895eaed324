package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"clave/internal/secret"
)

// batch is a folder of letters that is still open. Its name says when it was opened and by whom.
type batch struct {
	name   string
	opened time.Time
	files  map[string]string // the names of letters' files, by message id
}

func (b batch) has(id string) bool { return b.files[id] != "" }

const nameTime = "20060102T150405Z"

var batchFile = regexp.MustCompile(`^([0-9]{8}T[0-9]{6}Z)_[A-Za-z0-9.-]{1,63}_[0-9A-Z]{6}$`)

// newName is unique: part of it is random.
func (c *Carrier) newName(now time.Time) string {
	id := secret.ID(now)
	return now.UTC().Format(nameTime) + "_" + c.config.Node + "_" + id[len(id)-6:]
}

// readBatchName says when a batch was opened.
func readBatchName(name string) (opened time.Time, ok bool) {
	found := batchFile.FindStringSubmatch(name)
	if found == nil {
		return time.Time{}, false
	}
	opened, err := time.Parse(nameTime, found[1])
	return opened, err == nil
}

// openBatches lists the batches that are not closed: one, or after a crash perhaps one more.
func (c *Carrier) openBatches() (list []batch, err error) {
	folders, err := os.ReadDir(c.path(dirOpen))
	if err != nil {
		return nil, err
	}
	for _, f := range folders {
		opened, ok := readBatchName(f.Name())
		if !ok || !f.IsDir() {
			continue
		}
		b := batch{name: f.Name(), opened: opened, files: map[string]string{}}
		files, err := os.ReadDir(c.path(dirOpen, b.name))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if id, _, ok := readName(file.Name()); ok {
				b.files[id] = file.Name()
			}
		}
		list = append(list, b)
	}
	return list, nil
}

// over tells whether a batch takes no more letters: it is full, old, or of another day.
func (c *Carrier) over(b batch, now time.Time) bool {
	return len(b.files) >= c.config.Most || now.Sub(b.opened) >= c.config.Every || day(b.opened) != day(now)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

var errFullDay = errors.New("spool: as many letters as a day may have")

// roomFor finds the batch that takes the next letter, and closes those that are over.
func (c *Carrier) roomFor(ctx context.Context, batches []batch) (*os.File, error) {
	now := c.now()
	today := c.known.ofDay(day(now))
	var room *batch
	for _, b := range batches {
		if day(b.opened) == day(now) {
			today += len(b.files)
		}
		if !c.over(b, now) {
			room = &b
		} else if err := c.close(ctx, b); err != nil {
			return nil, err
		}
	}
	if today >= c.config.Day {
		c.tell("full", time.Hour, func() {
			slog.WarnContext(ctx, "spool: the letters of a day are used up, the others wait", "day", c.config.Day)
		})
		return nil, errFullDay
	}
	if room != nil {
		return os.Open(c.path(dirOpen, room.name))
	}
	path := c.path(dirOpen, c.newName(now))
	if err := makeFolder(path, c.folderMode()); err != nil {
		return nil, err
	}
	return os.Open(path)
}

// tell says something to the operator, but not again and again.
func (c *Carrier) tell(what string, every time.Duration, say func()) {
	if now := c.now(); now.Sub(c.told[what]) >= every {
		c.told[what] = now
		say()
	}
}

// close makes a batch ready: first its manifest is durable, then the whole folder moves. An empty one goes away.
func (c *Carrier) close(ctx context.Context, b batch) error {
	path := c.path(dirOpen, b.name)
	if len(b.files) == 0 {
		return os.RemoveAll(path)
	}
	if err := c.writeManifest(path, b); err != nil {
		return fmt.Errorf("spool: manifest of %s: %w", b.name, err)
	}
	if err := move(path, filepath.Join(c.path(dirReady), b.name)); err != nil {
		return err
	}
	slog.InfoContext(ctx, "spool: a batch is ready for the printer", "batch", b.name, "letters", len(b.files))
	return nil
}
