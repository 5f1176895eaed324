package account

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/secret"
)

// Copy is all that is kept about a person, for themselves, unmasked. Only hashes are missing (of codes, of browsers), which
// say nothing to anybody.
type Copy struct {
	Made     time.Time
	Citizen  citizen.Citizen
	Sessions []Open        // that live
	Browsers []time.Time   // since when each browser is known
	Record   []audit.Entry // oldest first
}

// recordAtOnce is how many entries are read at once.
const recordAtOnce = 500

// Copy collects it, and notes in the record that it was taken.
func (s *Service) Copy(ctx context.Context, c citizen.Citizen, from audit.Visitor) (Copy, error) {
	all := Copy{Made: s.Now(), Citizen: c}
	var err error
	if all.Sessions, err = s.Sessions(ctx, c.ID); err != nil {
		return Copy{}, err
	}
	if all.Browsers, err = s.Store.KnownBrowsers(ctx, c.ID); err != nil {
		return Copy{}, err
	}
	if all.Record, err = s.entries(ctx, audit.Subject(s.Ring, c.NIF)); err != nil {
		return Copy{}, err
	}
	return all, s.Store.Do(ctx, func(ctx context.Context) error { return s.record(ctx, c, audit.RecordCopied, "", from) })
}

// entries are all that the record holds about a person.
func (s *Service) entries(ctx context.Context, subject secret.Hash) (list []audit.Entry, err error) {
	for after, more := "", true; more; {
		some, err := s.Store.EntriesOf(ctx, subject, after, recordAtOnce)
		if err != nil {
			return nil, err
		}
		if more = len(some) == recordAtOnce; more {
			after = some[len(some)-1].ID
		}
		if some, err = s.whole(ctx, some); err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	slices.SortFunc(list, func(a, b audit.Entry) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(list, func(a, b audit.Entry) bool { return a.ID == b.ID }), nil
}

// Visits are the copy's record as the pages tell it, newest first.
func (c Copy) Visits() []Visit { return visits(c.Record) }

// The copy as a machine reads it. Its names are part of what we promise: they are not changed.
type (
	copyFile struct {
		Made     time.Time     `json:"made"`
		Person   copyPerson    `json:"person"`
		Sessions []copySession `json:"sessions"`
		Browsers []time.Time   `json:"known_browsers_since"`
		Record   []copyEntry   `json:"record"`
	}
	copyPerson struct {
		ID         string             `json:"id"`
		NIF        string             `json:"nif"`
		Given      string             `json:"given_name"`
		First      string             `json:"first_surname"`
		Second     string             `json:"second_surname,omitempty"`
		Phone      string             `json:"phone,omitempty"`
		PhoneSince time.Time          `json:"phone_since,omitzero"`
		PhoneLevel string             `json:"phone_level"`
		Email      string             `json:"email,omitempty"`
		Lang       string             `json:"language"`
		Proofing   string             `json:"registration"`
		Registered time.Time          `json:"registered"`
		Document   string             `json:"document_datum,omitempty"`
		Until      time.Time          `json:"document_valid_until,omitzero"`
		Blocked    []assurance.Method `json:"blocked_methods,omitempty"`
	}
	copySession struct {
		Began    time.Time   `json:"began"`
		Seen     time.Time   `json:"last_used"`
		Address  string      `json:"address"`
		Browser  string      `json:"browser,omitempty"`
		Services []string    `json:"services"`
		Proofs   []copyProof `json:"identifications"`
	}
	copyProof struct {
		Method assurance.Method `json:"method"`
		Level  string           `json:"level"`
		At     time.Time        `json:"at"`
	}
	copyEntry struct {
		ID      string      `json:"id"`
		At      time.Time   `json:"at"`
		Event   audit.Event `json:"event"`
		Service string      `json:"service,omitempty"`
		Flow    string      `json:"flow,omitempty"`
		Address string      `json:"address,omitempty"`
		Browser string      `json:"browser,omitempty"`
		Outcome string      `json:"outcome,omitempty"`
	}
)

// JSON is the copy for machines (article 20 of Regulation (EU) 2016/679). Services stand there by their ids.
func (c Copy) JSON() ([]byte, error) {
	file := copyFile{Made: c.Made, Person: personOf(c.Citizen), Sessions: []copySession{}, Browsers: c.Browsers, Record: []copyEntry{}}
	for _, s := range c.Sessions {
		file.Sessions = append(file.Sessions, sessionOf(s))
	}
	for _, e := range c.Record {
		file.Record = append(file.Record, copyEntry{e.ID, e.At, e.Event, e.Party, e.Flow, place(e), e.Browser, e.Outcome})
	}
	text, err := json.MarshalIndent(file, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("copy: %w", err)
	}
	return append(text, '\n'), nil
}

func personOf(c citizen.Citizen) copyPerson {
	return copyPerson{
		c.ID, c.NIF.String(), c.GivenName, c.FirstSurname, c.SecondSurname, c.Phone.Reveal(), c.PhoneSince, c.PhoneBinding.String(),
		c.Email.Reveal(), c.Lang, string(c.Proofing), c.Registered, c.Datum.Reveal(), c.Until, c.Blocked,
	}
}

func sessionOf(o Open) copySession {
	s := copySession{o.Began, o.Seen, o.From, o.Browser, append([]string{}, o.Parties...), nil}
	for _, h := range o.Held {
		s.Proofs = append(s.Proofs, copyProof{h.Method, h.Level.String(), h.At})
	}
	return s
}
