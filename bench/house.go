package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// house is the server as the driver sees it: a process that is told what to do, and tells what reaches the phones.
type house struct {
	ready
	certificate *x509.Certificate
	phones      phones
	beside      *postgres // nil: the database is embedded

	process *exec.Cmd
	in      io.WriteCloser
	heard   chan said // all but the messages
}

// startTime is how long the server may take until it answers: it registers every citizen first.
const startTime = 4 * time.Minute

func start(ctx context.Context, o order) (*house, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	h := &house{process: exec.CommandContext(ctx, program, serveArgument), heard: make(chan said, 4)}
	h.process.Stderr = os.Stderr
	if h.in, err = h.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := h.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := h.process.Start(); err != nil {
		return nil, err
	}
	go h.listen(out)
	if err := h.open(ctx, o); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *house) listen(out io.Reader) {
	defer close(h.heard)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var s said
		switch err := json.Unmarshal(lines.Bytes(), &s); {
		case err != nil:
			fmt.Fprintln(os.Stderr, lines.Text())
		case s.SMS != nil:
			h.phones.arrive(*s.SMS)
		default:
			h.heard <- s
		}
	}
}

func (h *house) open(ctx context.Context, o order) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := json.NewEncoder(h.in).Encode(o); err != nil {
		return err
	}
	s, err := h.hear(ctx)
	if err != nil || s.Ready == nil {
		return fmt.Errorf("the server did not start: %w", err)
	}
	h.ready = *s.Ready
	h.certificate, err = x509.ParseCertificate(h.ready.Certificate)
	return err
}

var errGone = errors.New("the server ended")

func (h *house) hear(ctx context.Context) (said, error) {
	select {
	case s, ok := <-h.heard:
		if !ok {
			return s, errGone
		}
		return s, nil
	case <-ctx.Done():
		return said{}, context.Cause(ctx)
	}
}

// usage asks the server what it has used.
func (h *house) usage(ctx context.Context) (usage, error) {
	if _, err := fmt.Fprintln(h.in); err != nil {
		return usage{}, errGone
	}
	s, err := h.hear(ctx)
	if err != nil {
		return usage{}, err
	}
	u := *s.Usage
	if h.beside != nil {
		u.db, err = h.beside.usage(ctx)
		u.Commits = u.db.commits
	}
	return u, err
}

// close ends the server, by ending what it reads.
func (h *house) close() error {
	_ = h.in.Close()
	for range h.heard { // until its output ends
	}
	return h.process.Wait()
}
