package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// soak lets people go in and out, evenly, for a long time, and compares the second quarter of it with the last: what
// grows then will end badly one day.
func (t *trial) soak(ctx context.Context, d time.Duration, users int, out io.Writer) error {
	s := &soaking{trial: t, node: t.nodes[0]}
	living, stop := context.WithTimeout(ctx, d)
	defer stop()
	wait := t.people(living, users, s.live)
	each := time.NewTicker(d / soakSamples)
	defer each.Stop()
	for living.Err() == nil {
		select {
		case <-each.C:
			if err := s.take(); err != nil {
				return err
			}
		case <-living.Done():
		}
	}
	wait()
	return s.report(out)
}

const soakSamples = 40

// pace is how many journeys a second all the people begin: a soak is long, not hard.
const pace = 12

type soaking struct {
	trial *trial
	node  *process

	mu      sync.Mutex
	times   []time.Duration // since the last sample
	failed  []error
	samples []sample
}

// sample is what was seen at one moment.
type sample struct {
	memory     float64 // MB that the node holds
	goroutines float64
	files      float64
	latency    float64 // ms, median of the journeys since the sample before
}

// live is one of several things that people do, a wrong PIN and a logout among them.
func (s *soaking) live(ctx context.Context, v *visitor) {
	began := time.Now()
	journey, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err := s.day(journey, v)
	s.mu.Lock()
	s.times = append(s.times, time.Since(began))
	if err != nil {
		s.failed = append(s.failed, fmt.Errorf("citizen %d: %w", v.i, err))
	}
	s.mu.Unlock()
	rest := time.NewTimer(time.Until(began.Add(time.Second * soakUsers / pace)))
	defer rest.Stop()
	select {
	case <-rest.C:
	case <-ctx.Done():
	}
}

// soakUsers are at once in a soak.
const soakUsers = 8

func (s *soaking) day(ctx context.Context, v *visitor) error {
	first, second := service(s.trial.hall), service(s.trial.tax)
	if v.i%2 == 1 {
		first, second = second, first
	}
	v.clumsy = v.i%10 == 0
	if err := first.enter(ctx, v); err != nil {
		return err
	}
	if v.i%3 == 0 {
		return nil
	}
	v.known = true
	if err := second.enter(ctx, v); err != nil || v.i%3 == 1 {
		return err
	}
	return v.leave(ctx)
}

// leave logs out on our own page.
func (v *visitor) leave(ctx context.Context) error {
	at := link(claveOrigin + "/logout")
	p, err := v.browser.get(ctx, at, at)
	if err != nil {
		return err
	}
	for _, f := range p.forms {
		if f.post && strings.HasPrefix(f.action.Path, "/logout") && !strings.HasSuffix(f.action.Path, "/stay") {
			_, err = v.browser.post(ctx, p.at, f.action, f.fields)
			return err
		}
	}
	return fmt.Errorf("no logout on %q", p.heading)
}

func (s *soaking) take() error {
	pid := s.node.running.Process.Pid
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	memory, errMemory := resident(pid)
	goroutines, errRoutines := metric("http://"+s.node.admin+"/metrics", "go_goroutines")
	if err := errors.Join(err, errMemory, errRoutines); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.times) == 0 { // a loud neighbour: what is seen belongs to the next sample
		return nil
	}
	slices.Sort(s.times)
	s.samples = append(s.samples, sample{memory, goroutines, float64(len(files)), float64(percentile(s.times, 50)) / 1e6})
	s.times = nil
	return nil
}

// resident is the memory of a process, in MB.
func resident(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kilobytes float64
	_, err = fmt.Sscan(rest, &kilobytes)
	return kilobytes * 1024 / 1e6, err
}

// metric reads one value that has no labels.
func metric(address, name string) (float64, error) {
	if _, err := url.Parse(address); err != nil {
		return 0, err
	}
	answer, err := http.Get(address)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// growth is how much of each thing there may be at the end, of what there was in the second quarter, and a little that is
// noise.
var growth = []struct {
	name   string
	of     func(sample) float64
	factor float64
	noise  float64
}{
	{"memory, MB", func(s sample) float64 { return s.memory }, 1.15, 8},
	{"goroutines", func(s sample) float64 { return s.goroutines }, 1.2, 20},
	{"open files", func(s sample) float64 { return s.files }, 1.2, 12},
	{"a journey, ms", func(s sample) float64 { return s.latency }, 1.5, 60},
}

func (s *soaking) report(out io.Writer) error {
	if n := len(s.samples); n < 8 {
		return errors.Join(append(s.failed[:min(len(s.failed), 5)], fmt.Errorf("%d samples: too few to compare", n))...)
	}
	quarter := len(s.samples) / 4
	early, late := s.samples[quarter:2*quarter], s.samples[3*quarter:]
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "medians of\tthe second quarter\tthe last")
	errs := s.failed[:min(len(s.failed), 5)]
	for _, g := range growth {
		was, is := middleOf(early, g.of), middleOf(late, g.of)
		fmt.Fprintf(table, "%s\t%.1f\t%.1f\n", g.name, was, is)
		if is > was*g.factor+g.noise {
			errs = append(errs, fmt.Errorf("%s grew from %.1f to %.1f", g.name, was, is))
		}
	}
	fmt.Fprintf(table, "journeys that failed\t%d\n", len(s.failed))
	return errors.Join(append(errs, table.Flush())...)
}

func middleOf(list []sample, of func(sample) float64) float64 {
	var values []float64
	for _, s := range list {
		values = append(values, of(s))
	}
	slices.Sort(values)
	return middle(values)
}
