package enrolment

import (
	"context"
	"time"

	"clave/internal/audit"
	"clave/internal/nif"
	"clave/internal/otp"
	"clave/internal/person"
	"clave/internal/secret"
)

// LetterEntry is what a person types who has their letter.
type LetterEntry struct {
	NIF   nif.NIF
	Datum nif.Datum
	CSV   secret.Code
	From  string
}

// Opening is the answer to a letter's code.
type Opening string

// The answers. Everything that is wrong is NotOpened, with no reason; whoever has the code and the datum is the addressee
// and is told the rest.
const (
	Opened     Opening = "opened"
	NotOpened  Opening = "not-opened"
	UsedBefore Opening = "used-before"
	TooOld     Opening = "too-old"
	Registered Opening = "registered"
	OldID      Opening = "old-id" // the document is no longer valid
	Down       Opening = "down"   // the register did not answer: nothing was counted
)

// OpenLetter checks a letter's code and returns the letter's id. It does not use the letter up: registering does.
func (s *Service) OpenLetter(ctx context.Context, e LetterEntry) (letter string, o Opening, err error) {
	answer, answered := s.lookUp(ctx, e.NIF, e.Datum)
	if !answered {
		return "", Down, nil
	}
	err = s.Store.Do(ctx, func(ctx context.Context) error {
		letter, o, err = s.open(ctx, e, answer)
		if err != nil {
			return err
		}
		entry := audit.Entry{Event: audit.LetterOpened, Subject: audit.Subject(s.Ring, e.NIF), Flow: letter, From: e.From, Outcome: string(o)}
		if o != Opened {
			entry.Event = audit.LetterRefused
		}
		return s.record(ctx, entry)
	})
	return letter, o, err
}

func (s *Service) open(ctx context.Context, e LetterEntry, a person.Answer) (string, Opening, error) {
	now, subject := s.Now(), audit.Subject(s.Ring, e.NIF)
	_, registered, err := s.Store.CitizenByNIF(ctx, e.NIF) // rows are locked in one order, as when a PIN is asked for
	if err != nil {
		return "", NotOpened, err
	}
	blocked, err := s.blocked(ctx, subject, a.Verdict, now)
	if err != nil {
		return "", NotOpened, err
	}
	l, ok, err := s.match(ctx, e, subject, a.Verdict == person.Matches && !blocked, now)
	if err != nil || !ok {
		return "", NotOpened, err
	}
	switch {
	case !l.Used.IsZero():
		return "", UsedBefore, nil
	case registered:
		return "", Registered, nil
	case !now.Before(l.Expires):
		return "", TooOld, nil
	case a.Person.Expired(now):
		return "", OldID, nil
	default:
		return l.ID, Opened, nil
	}
}

// match counts, then compares: the code is looked up by its keyed hash, and a wrong one is taken from the person's
// budget. A wrong datum does not touch that budget, so that a stranger cannot use it up.
func (s *Service) match(ctx context.Context, e LetterEntry, subject secret.Hash, datumRight bool, now time.Time) (Letter, bool, error) {
	key := s.Limits.CSV.Key(s.Ring, string(subject))
	wait, err := s.Limits.CSV.Wait(ctx, s.Store, key, now)
	if err != nil {
		return Letter{}, false, err
	}
	l, found, err := s.Store.LetterByCSV(ctx, s.csvHash(e.NIF, otp.Normal(e.CSV)))
	if err != nil || !datumRight || wait > 0 {
		return Letter{}, false, err
	}
	if !found {
		s.Alarm.Note(ctx, now)
		_, err := s.Limits.CSV.Take(ctx, s.Store, key, now)
		return Letter{}, false, err
	}
	return l, true, nil
}
