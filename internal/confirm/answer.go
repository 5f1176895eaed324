package confirm

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"clave/internal/audit"
	"clave/internal/relying"
)

// Answer is what a person says to a confirmation, on our own page.
type Answer struct {
	ID      string
	Citizen string // who identified themselves for our own pages
	Means   Means  // and how
	Verdict State  // Confirmed, Refused or Reported
	From    audit.Visitor
}

// Refusal is why an answer is not taken: a value and not an error, so that its record is kept.
type Refusal string

// The refusals.
const (
	None     Refusal = ""
	Foreign  Refusal = "foreign"   // there is no such confirmation for this person
	Answered Refusal = "answered"  // it was answered before
	Late     Refusal = "late"      // its time is over; it can still be reported
	Stale    Refusal = "stale"     // the person identified themselves too long ago
	Blocked  Refusal = "blocked"   // the registration is frozen, or the person closed the method (CVE-2026-9798)
	TooLow   Refusal = "too-low"   // the level shown does not reach what the service asks
	NotAsked Refusal = "not-asked" // the service does not accept the method
)

// How long an identification serves to answer. What gives nothing away, and stops somebody, is taken for longer.
const (
	Fresh = 5 * time.Minute  // to confirm
	Holds = 15 * time.Minute // to refuse and to report
)

// Answer takes an answer once, from the person who was asked. Refusing and reporting ask for less than confirming: they give
// nothing away. After a report nothing that the service asks reaches this person for a day.
func (s *Service) Answer(ctx context.Context, x Answer) (a Asked, why Refusal, err error) {
	if _, ok := events[x.Verdict]; !ok {
		return Asked{}, None, fmt.Errorf("confirm: %q is no answer", x.Verdict)
	}
	err = s.Store.Do(ctx, func(ctx context.Context) (err error) {
		a, why, err = s.answer(ctx, x)
		return err
	})
	if err == nil && why == None && x.Verdict == Reported { // the record has the person; the log names nobody
		slog.WarnContext(ctx, "confirmation reported", "party", a.Party, "confirmation", a.ID)
	}
	return a, why, err
}

var events = map[State]audit.Event{
	Confirmed: audit.ConfirmationGiven, Refused: audit.ConfirmationRefused, Reported: audit.ConfirmationReported,
}

func (s *Service) answer(ctx context.Context, x Answer) (Asked, Refusal, error) {
	now := s.Now()
	a, found, err := s.Store.Confirmation(ctx, x.ID)
	if err != nil || !found || a.Citizen == "" || a.Citizen != x.Citizen {
		return Asked{}, Foreign, err
	}
	why, err := s.refuse(ctx, a, x, now)
	if err != nil {
		return Asked{}, None, err
	}
	if why != None {
		return a, why, s.record(ctx, audit.ConfirmationFailed, a, x.From, string(x.Verdict)+" "+string(why))
	}
	if x.Verdict == Reported {
		if _, err := s.Limits.Reported.Take(ctx, s.Store, s.reports(a.Subject, a.Party), now); err != nil {
			return Asked{}, None, err
		}
	}
	a.State, a.Answered, a.Means = x.Verdict, now, x.Means
	if err := s.Store.SaveConfirmation(ctx, a); err != nil {
		return Asked{}, None, err
	}
	return a, None, s.record(ctx, events[x.Verdict], a, x.From, string(x.Means.Method)+" "+x.Means.Level.String())
}

// refuse reads the person again: they may have been frozen since they were asked.
func (s *Service) refuse(ctx context.Context, a Asked, x Answer, now time.Time) (Refusal, error) {
	blocked, err := s.blocked(ctx, a, x.Means)
	switch {
	case err != nil:
		return None, err
	case a.State != Waiting:
		return Answered, nil
	case a.StateAt(now) == Expired && x.Verdict != Reported:
		return Late, nil
	case blocked:
		return Blocked, nil
	case now.Sub(x.Means.At) >= serves(x.Verdict):
		return Stale, nil
	case x.Verdict != Confirmed:
		return None, nil
	default:
		return s.Short(ctx, a, x.Means)
	}
}

func serves(verdict State) time.Duration {
	if verdict == Confirmed {
		return Fresh
	}
	return Holds
}

// Short says what somebody's means lack to confirm: TooLow, NotAsked or None.
func (s *Service) Short(ctx context.Context, a Asked, m Means) (Refusal, error) {
	party, err := s.Parties.Party(ctx, a.Party)
	switch {
	case err != nil:
		return None, err
	case m.Level < max(a.Level, party.Level):
		return TooLow, nil
	case !party.Allows(m.Method):
		return NotAsked, nil
	default:
		return None, nil
	}
}

func (s *Service) blocked(ctx context.Context, a Asked, m Means) (bool, error) {
	c, found, err := s.Store.Citizen(ctx, a.Citizen)
	return !found || !c.May(m.Method), err
}

// Outcome is what a service may know of a confirmation.
type Outcome struct {
	State    State // a report reads as a refusal
	Party    string
	Citizen  string // the rest only when Confirmed
	Released []relying.Attribute
	Means    Means
}

// Outcome says what became of a confirmation. One that nobody knows has expired; so has one of somebody who does not exist,
// in its time. Whoever was frozen since they confirmed has refused.
func (s *Service) Outcome(ctx context.Context, id string) (Outcome, error) {
	a, found, err := s.Store.Confirmation(ctx, id)
	if err != nil || !found {
		return Outcome{State: Expired}, err
	}
	o := Outcome{State: a.StateAt(s.Now()), Party: a.Party}
	switch o.State {
	case Reported:
		o.State = Refused
	case Confirmed:
		blocked, err := s.blocked(ctx, a, a.Means)
		if err != nil || blocked {
			return Outcome{State: Refused, Party: a.Party}, err
		}
		o.Citizen, o.Released, o.Means = a.Citizen, a.Released, a.Means
	}
	return o, nil
}

// Spend uses a confirmation for the service. The bool is false when there is nothing to use: it is not confirmed, was used
// before, or the time to fetch it is over. Of many at once, one gets it.
func (s *Service) Spend(ctx context.Context, id string) (spent bool, err error) {
	err = s.Store.Do(ctx, func(ctx context.Context) error {
		spent = false
		a, found, err := s.Store.Confirmation(ctx, id)
		if err != nil || !found {
			return err
		}
		o, err := s.Outcome(ctx, id)
		if err != nil || o.State != Confirmed {
			return err
		}
		a.Spent, spent = s.Now(), true
		if err := s.Store.SaveConfirmation(ctx, a); err != nil {
			return err
		}
		return s.record(ctx, audit.ConfirmationUsed, a, audit.Visitor{}, "")
	})
	return spent, err
}
