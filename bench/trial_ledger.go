package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"clave/internal/audit"
	"clave/internal/store"
)

// ledger remembers every answer that people and services got, and what must not have happened.
type ledger struct {
	mu      sync.Mutex
	entered []entered
	cut     []error // journeys that a death cut short: nobody was told yes
	faults  []string
}

// entered is a login that a service has verified.
type entered struct {
	citizen int
	request string
}

func (l *ledger) enter(e entered) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entered = append(l.entered, e)
}

func (l *ledger) count() (logins, cut int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entered), len(l.cut)
}

func (l *ledger) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = append(l.cut, err)
}

func (l *ledger) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// live is one person's day in a trial of promises: they identify themselves at the town hall, send every form again, and
// go on to the tax office, where their session must be known.
func (t *trial) live(ctx context.Context, v *visitor) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	id, err := t.hall.admit(ctx, v)
	if err != nil {
		t.ledger.failed(err)
	} else {
		t.ledger.enter(entered{v.i, id})
	}
	t.again(ctx, v)
	if err != nil {
		return
	}
	v.known = true
	if err := t.tax.enter(ctx, v); errors.Is(err, errAsked) {
		t.ledger.fault("citizen %d: the session is lost", v.i)
	} else if err != nil {
		t.ledger.failed(err)
	}
}

// again sends every form of the journey once more: no PIN opens twice, no request is answered twice.
func (t *trial) again(ctx context.Context, v *visitor) {
	for _, s := range v.sent {
		if t.front.wait(ctx) != nil {
			return
		}
		p, err := v.browser.post(ctx, s.from, s.form.action, s.form.fields)
		if _, answered := p.form("SAMLResponse"); err == nil && answered && s.form.fields.Has("pin") {
			t.ledger.fault("citizen %d: the PIN was taken twice", v.i)
		}
	}
}

// noticeBy is how long a notice may take that a dead node had in its hands.
const noticeBy = 4 * time.Minute

// settle waits until everybody who entered has been told by SMS.
func (t *trial) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, noticeBy, errors.New("a notice is missing"))
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for _, e := range t.ledger.entered {
		for !t.gateway.told(phoneOf(e.citizen)) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				t.ledger.fault("citizen %d: %v", e.citizen, context.Cause(ctx))
				return nil
			}
		}
	}
	return nil
}

// check compares what was answered with what is kept.
func (t *trial) check(ctx context.Context) error {
	for _, id := range t.gateway.twice() {
		t.ledger.fault("the code %s was handed over twice", id)
	}
	return t.inside(ctx, func(s *store.Store) error {
		for _, e := range t.ledger.entered {
			kept, err := s.Consumed(ctx, hallID, e.request)
			if err != nil {
				return err
			}
			if !kept {
				t.ledger.fault("citizen %d: the answer is not kept", e.citizen)
			}
		}
		return t.audits(ctx, s)
	})
}

// audits reads the whole record: what was answered stands in it, and no login was identified or answered twice.
func (t *trial) audits(ctx context.Context, s *store.Store) error {
	type act struct {
		event audit.Event
		flow  string
	}
	times, completed := map[act]int{}, map[string]bool{}
	for after := ""; ; {
		list, err := s.Audits(ctx, after, 1000)
		if err != nil {
			return err
		}
		for _, e := range list {
			after = e.ID
			if e.Event == audit.LoginIdentified || e.Event == audit.LoginCompleted {
				times[act{e.Event, e.Flow}]++
			}
			if e.Event == audit.LoginCompleted && e.Party == hallID {
				completed[string(e.Subject)] = true
			}
		}
		if len(list) == 0 {
			break
		}
	}
	for a, n := range times {
		if n > 1 {
			t.ledger.fault("%s stands %d times in the record of %s", a.event, n, a.flow)
		}
	}
	for _, e := range t.ledger.entered {
		if !completed[string(audit.Subject(t.ring, somebody(e.citizen).NIF))] {
			t.ledger.fault("citizen %d: the login is not in the record", e.citizen)
		}
	}
	return nil
}

// verdict is what the trial found.
func (l *ledger) verdict() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for i, f := range l.faults {
		if i == 20 {
			errs = append(errs, fmt.Errorf("and %d more", len(l.faults)-i))
			break
		}
		errs = append(errs, errors.New(f))
	}
	if len(l.entered) == 0 {
		errs = append(errs, errors.New("nobody entered: nothing was tried"))
	}
	return errors.Join(errs...)
}
