// Package spool lays letters into a folder for whoever prints and posts them.
//
//	new/         letters being written
//	open/BATCH/  the batch that letters are being added to
//	ready/BATCH/ a closed batch: manifest.csv and a PDF for each letter; nothing in it changes any more
//	done/BATCH   a file that the printer leaves, of any content: the batch is printed and posted
//	printed/BATCH/manifest.csv  which letters it held; the letters are erased
//
// A letter is in exactly one batch from the moment that Send said so, whatever crashes: its file bears its message's id, and a
// letter that is in any batch is not written again. Nothing is erased before it is noted that the letters were posted.
package spool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"filippo.io/age"

	"clave/internal/courier"
	"clave/internal/notify"
	"clave/internal/secret"
)

// Config says where letters go.
type Config struct {
	Folder     string   // may be shared by nodes if its file system has locks (flock) and moves files at one stroke
	Node       string   // in the names of batches: as a host may be called
	Recipients []string // the printer's keys, as age writes them; none: letters lie there readable

	Every time.Duration // when a batch is closed at the latest; zero: 1 h
	Most  int           // letters in a batch at most; zero: 1,000
	Day   int           // letters a day, by UTC, at most; the others wait. Zero: 20,000

	Look time.Duration // how often the printer's answers are looked for; zero: 10 s
}

// Carrier is a courier.Reporter of letters.
type Carrier struct {
	config     Config
	recipients []age.Recipient
	turn       chan struct{}        // who holds it may lock the folder
	known      *index               // under the lock
	told       map[string]time.Time // when something was last said to the operator; under the lock
	now        func() time.Time
}

var _ courier.Reporter = (*Carrier)(nil)

var nodeName = regexp.MustCompile(`^[A-Za-z0-9.-]{1,63}$`)

// New makes the folders that are missing, and sweeps away what this node was writing when it died.
func New(config Config) (*Carrier, error) {
	c := &Carrier{config: config, turn: make(chan struct{}, 1), known: newIndex(), told: map[string]time.Time{}, now: time.Now}
	c.config.Every, c.config.Look = cmp.Or(config.Every, time.Hour), cmp.Or(config.Look, 10*time.Second)
	c.config.Most, c.config.Day = cmp.Or(config.Most, 1000), cmp.Or(config.Day, 20_000)
	if !nodeName.MatchString(config.Node) {
		return nil, fmt.Errorf("spool: node %q: want a name as hosts have it", config.Node)
	}
	if c.config.Every < 0 || c.config.Most < 0 || c.config.Day < 0 {
		return nil, errors.New("spool: every, most and day are not below zero")
	}
	if len(config.Recipients) > 0 {
		var err error
		if c.recipients, err = age.ParseRecipients(strings.NewReader(strings.Join(config.Recipients, "\n"))); err != nil {
			return nil, fmt.Errorf("spool: recipients: %w", err)
		}
	} else {
		slog.Warn("spool: letters lie readable in their folder: no key of the printer is configured", "folder", config.Folder)
	}
	if err := c.prepare(); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return c, nil
}

// The folders.
const (
	dirNew, dirOpen, dirReady, dirDone, dirPrinted = "new", "open", "ready", "done", "printed"
)

func (c *Carrier) prepare() error {
	for _, dir := range []string{dirNew, dirOpen, dirReady, dirDone, dirPrinted} {
		mode := c.folderMode()
		if dir == dirDone && c.sealed() {
			mode |= 0o020 // the printer's group leaves its answers here
		}
		if err := makeFolder(c.path(dir), mode); err != nil {
			return err
		}
	}
	left, err := filepath.Glob(c.path(dirNew, c.config.Node+"_*"))
	for _, file := range left {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}

func (c *Carrier) path(parts ...string) string {
	return filepath.Join(append([]string{c.config.Folder}, parts...)...)
}

// sealed letters may be read by the printer's group; others by nobody but ourselves.
func (c *Carrier) sealed() bool { return len(c.recipients) > 0 }

func (c *Carrier) folderMode() os.FileMode {
	if c.sealed() {
		return 0o750
	}
	return 0o700
}

func (c *Carrier) fileMode() os.FileMode {
	if c.sealed() {
		return 0o640
	}
	return 0o600
}

// Send implements courier.Carrier. A letter is accepted when it is durably in a batch, and delivered when the printer says so.
func (c *Carrier) Send(ctx context.Context, p courier.Parcel) (courier.Taken, error) {
	if !secret.IsID(p.ID) || len(p.PDF) == 0 {
		return courier.Taken{}, fmt.Errorf("%w: no letter", courier.ErrValue)
	}
	file, err := c.draft(p)
	if err != nil {
		return courier.Taken{}, fmt.Errorf("%w: %w", courier.ErrBusy, err)
	}
	defer os.Remove(file) // unless it has moved
	var taken courier.Taken
	var batch *os.File
	err = c.locked(ctx, func() (err error) {
		taken.State, batch, err = c.place(ctx, p, file)
		return err
	})
	if err != nil {
		return courier.Taken{}, err
	}
	if batch != nil {
		defer batch.Close()
		if err := batch.Sync(); err != nil { // it may be there or not: it is sent again, and found
			return courier.Taken{}, fmt.Errorf("spool: %w", err)
		}
	}
	return taken, nil
}

// place moves a letter into the open batch, unless it is in one already. The folder returned is to be made durable.
func (c *Carrier) place(ctx context.Context, p courier.Parcel, file string) (notify.State, *os.File, error) {
	batches, err := c.openBatches()
	if err == nil {
		err = c.known.refresh(c)
	}
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", courier.ErrBusy, err)
	}
	if state, ok := c.known.find(p.ID); ok {
		return state, nil, nil
	}
	for _, b := range batches {
		if b.has(p.ID) {
			folder, err := os.Open(c.path(dirOpen, b.name))
			return notify.Accepted, folder, err
		}
	}
	folder, err := c.roomFor(ctx, batches)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", courier.ErrBusy, err)
	}
	if err := os.Rename(file, filepath.Join(folder.Name(), letterName(p.ID, pages(p.PDF), c.sealed()))); err != nil {
		folder.Close()
		return "", nil, fmt.Errorf("%w: %w", courier.ErrBusy, err)
	}
	return notify.Accepted, folder, nil
}
