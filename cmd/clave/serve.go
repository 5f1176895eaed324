package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"clave/internal/config"
	"clave/internal/front"
	"clave/internal/node"
	"clave/internal/telemetry"
)

// serve is `clave serve`.
type serve struct {
	Config string `help:"The configuration; deploy/clave.example.toml has every key." required:"" placeholder:"FILE"`
}

// Run serves until a signal, and then ends in order; a second signal ends it at once.
func (c *serve) Run(ctx context.Context) error {
	settings, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	log, err := telemetry.NewLog(os.Stderr, settings.Telemetry.Log, settings.Telemetry.Level)
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	node.TuneMemory()
	h, err := open(ctx, settings)
	if err != nil {
		return err
	}
	return h.serve(ctx)
}

// house is a node with its ports. Nothing of a demonstration is in it: no movable clock, no inbox (safety rule 23).
type house struct {
	*config.Config
	node        *node.Node
	ports       []*port // the citizens' first, the operator's last
	certificate *front.Certificate
	tracing     *telemetry.Tracing
	ending      atomic.Bool
	failed      chan error // what ends the node: a commit that failed, a port that broke
}

// open takes the ports, then builds the node: a port that is in use is told at once, and nobody is answered before all is ready.
func open(ctx context.Context, c *config.Config) (_ *house, err error) {
	h := &house{Config: c, failed: make(chan error, 8)}
	defer func() {
		if err != nil {
			h.shut()
		}
	}()
	if err = h.listen(); err != nil {
		return nil, err
	}
	carriers, err := c.Carriers()
	if err != nil {
		return nil, err
	}
	for _, warning := range c.Warnings() {
		slog.Warn(warning)
	}
	if h.tracing, err = c.Tracing(ctx); err != nil {
		return nil, err
	}
	if h.node, err = node.Build(ctx, c.Build(carriers, h.tracing, h.fail)); err != nil {
		return nil, err
	}
	h.handle(carriers.Receipts)
	return h, nil
}

// fail notes the first reasons to end; the process ends on one.
func (h *house) fail(err error) {
	select {
	case h.failed <- err:
	default:
	}
}

// serve answers until ctx ends or something fails.
func (h *house) serve(ctx context.Context) (err error) {
	var jobs sync.WaitGroup
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	jobs.Go(func() { h.node.Run(work) })
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	defer signal.Stop(hangUp)
	if h.certificate != nil {
		jobs.Go(func() { h.certificate.Follow(work, hangUp) })
	}
	for _, p := range h.ports {
		jobs.Go(func() { p.serve(h.fail) })
	}
	tellSystem("READY=1")
	slog.Info("serving", append([]any{"origin", h.Origin, "node", h.Node}, h.addresses()...)...)
	select {
	case <-ctx.Done():
		h.drain()
	case err = <-h.failed: // a node that cannot commit must answer nobody
		slog.Error("ends", "err", err)
	}
	h.ending.Store(true)
	h.shutCitizens()
	stop()
	h.shut()
	jobs.Wait()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.Listen.Patience)
	defer cancel()
	if closed := h.node.Close(closing); err == nil {
		err = closed
	}
	if lost := h.tracing.Close(closing); lost != nil {
		slog.Warn("the last traces are lost", "err", lost)
	}
	slog.Info("ended")
	return err
}

// drain says "not ready" and goes on answering, so that the proxies before us send nobody here who would be turned away.
func (h *house) drain() {
	h.ending.Store(true)
	tellSystem("STOPPING=1")
	slog.Info("ending: not ready any more", "drain", h.Listen.Drain.String(), "patience", h.Listen.Patience.String())
	time.Sleep(h.Listen.Drain)
}
