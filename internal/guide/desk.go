package guide

import (
	"context"
	"strings"
	"time"

	"clave/internal/audit"
	"clave/internal/contact"
	"clave/internal/keyring"
	"clave/internal/notify"
	"clave/internal/secret"
	"clave/internal/throttle"
)

// Store is what a question to the desk needs. The changing methods join the unit of work of their context.
type Store interface {
	throttle.Store
	Do(ctx context.Context, unit func(ctx context.Context) error) error
	AddMessage(ctx context.Context, m notify.Message) error
	AddAudit(ctx context.Context, e audit.Entry) error
}

// Desk is where people's questions go: a mailbox that persons read.
type Desk struct {
	Store   Store
	Ring    *keyring.Ring
	Mailbox contact.Email
	Lang    string // that the desk reads
	Limits  Limits
	Now     func() time.Time
}

// Limits bounds what reaches the desk: it has to be read by somebody.
type Limits struct {
	Network throttle.Limit // from one network: who invents mailboxes does not close the form for everybody
	Each    throttle.Limit // with one e-mail address, from one network: who types another's does not lock them out
	All     throttle.Limit
}

// DefaultLimits let a person write three times a day, a network ten times, and all together two hundred times. Whoever is
// refused because others share their network is given the telephone.
func DefaultLimits() Limits {
	const day = 24 * time.Hour
	return Limits{
		Network: throttle.Limit{Name: "help-network", Count: 10, Per: day},
		Each:    throttle.Limit{Name: "help-each", Count: 3, Per: day},
		All:     throttle.Limit{Name: "help-all", Count: 200, Per: day},
	}
}

// keptFor is how long a question waits for a mailbox that does not take it.
const keptFor = 7 * 24 * time.Hour

// Question is what somebody asks the desk.
type Question struct {
	Text      string
	Reply     contact.Email
	Reference string // of an error page; may be empty
	Problem   string // what the reference says, for the desk; may be empty
	Page      string // where they were; may be empty
	Lang      string // in which to answer
	From      string // the visitor's address
}

// Ask owes the question to the desk's mailbox. It returns how long to wait when there were too many. Nothing is sent to the
// address that the person gave: nobody has shown that it is theirs.
func (d *Desk) Ask(ctx context.Context, q Question) (wait time.Duration, err error) {
	network, mailbox := throttle.Network(q.From), strings.ToLower(q.Reply.Reveal())
	budgets := []throttle.Budget{
		{Limit: d.Limits.Network, Key: d.Limits.Network.Key(d.Ring, network)},
		{Limit: d.Limits.Each, Key: d.Limits.Each.Key(d.Ring, network, mailbox)},
		{Limit: d.Limits.All, Key: d.Limits.All.Key(d.Ring)},
	}
	err = d.Store.Do(ctx, func(ctx context.Context) (err error) {
		now := d.Now()
		wait, err = throttle.TakeAll(ctx, d.Store, now, budgets...)
		if err != nil || wait > 0 {
			return err
		}
		m := d.message(q, now)
		if err := d.Store.AddMessage(ctx, m); err != nil {
			return err
		}
		return d.Store.AddAudit(ctx, audit.Entry{ID: secret.ID(now), At: now, Event: audit.HelpAsked, Flow: m.ID, From: q.From})
	})
	return wait, err
}

// absent stands where somebody gave nothing: a message carries all its values.
const absent = "—"

func (d *Desk) message(q Question, now time.Time) notify.Message {
	values := map[string]string{
		"reply": q.Reply.Reveal(), "text": q.Text, "reference": q.Reference, "problem": q.Problem, "page": q.Page, "lang": q.Lang,
	}
	for name, value := range values {
		if value == "" {
			values[name] = absent
		}
	}
	return notify.Message{
		ID: secret.ID(now), Kind: notify.HelpAsked, To: d.Mailbox.Reveal(), Lang: d.Lang, Created: now, Until: now.Add(keptFor), Values: values,
	}
}
