package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/enrolment"
	"clave/internal/nif"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/store"
)

// at is the moment that the suite's rows are about, with all the precision that is kept.
var at = time.Date(2026, 11, 21, 11, 0, 0, 123456000, time.UTC)

// hash is some keyed hash; the same name gives the same.
func hash(name string) secret.Hash {
	return secret.HMAC(make([]byte, secret.KeySize), "storetest", name)
}

// do runs a unit that must be kept.
func do(t *testing.T, s *store.Store, unit func(ctx context.Context) error) {
	t.Helper()
	wants(t, s.Do(t.Context(), unit), nil)
}

// same compares what was read, found and without error, with what was saved.
func same[T any](t *testing.T, got T, ok bool, err error, want T) {
	t.Helper()
	if err != nil || !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %t, %v\n%#v\nwant\n%#v", ok, err, got, want)
	}
}

func none[T any](t *testing.T, got T, ok bool, err error) {
	t.Helper()
	if err != nil || ok {
		t.Errorf("got %t, %v, want nothing", ok, err)
	}
}

// dni makes the n-th DNI, with its control letter.
func dni(n int) nif.NIF {
	return parsed(nif.Parse(fmt.Sprintf("%08d%c", n, "TRWAGMYFPDXBNJZSQVHLCKE"[n%23])))
}

func mobile(n int) contact.Phone { return parsed(contact.ParsePhone(fmt.Sprintf("6%08d", n))) }

func parsed[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func newCitizen(n int) citizen.Citizen {
	return citizen.Citizen{ID: secret.ID(at), NIF: dni(n), GivenName: "Ana", FirstSurname: "Ruiz", Phone: mobile(n), Proofing: assurance.Basic, Registered: at}
}

func add(c citizen.Citizen, s *store.Store) func(context.Context) error {
	return func(ctx context.Context) error { return s.AddCitizen(ctx, c) }
}

func wholeCitizen(t *testing.T, s *store.Store) {
	c := citizen.Citizen{
		ID: secret.ID(at), NIF: dni(12345678), GivenName: "Íñigo", FirstSurname: "Peña", SecondSurname: "d'Ors",
		Phone: mobile(1), PhoneBinding: assurance.Substantial, PhoneSince: at.Add(time.Hour),
		Email: parsed(contact.ParseEmail("inigo@example.es")), Lang: "es", Proofing: assurance.Advanced, Registered: at,
		Activation: hash("activation"), Datum: parsed(nif.ParseDate(nif.Validity, "2030-06-30")), Until: at.AddDate(4, 0, 0), Frozen: true,
		Blocked: []assurance.Method{assurance.PIN},
	}
	do(t, s, add(c, s))
	everyWay := func() {
		t.Helper()
		got, ok, err := s.Citizen(t.Context(), c.ID)
		same(t, got, ok, err, c)
		got, ok, err = s.CitizenByNIF(t.Context(), c.NIF)
		same(t, got, ok, err, c)
		got, ok, err = s.CitizenByPhone(t.Context(), c.Phone)
		same(t, got, ok, err, c)
	}
	everyWay()
	c.Phone, c.PhoneBinding, c.Frozen, c.Blocked, c.Activation = mobile(2), assurance.Low, false, nil, hash("another")
	c.Datum, c.Lang, c.Proofing = parsed(nif.ParseSupport("E00000001")), "en", assurance.Basic
	do(t, s, func(ctx context.Context) error { return s.SaveCitizen(ctx, c) })
	everyWay()
	got, ok, err := s.CitizenByPhone(t.Context(), mobile(1))
	none(t, got, ok, err)
}

func bareCitizen(t *testing.T, s *store.Store) {
	one, other := newCitizen(1), newCitizen(2)
	one.Phone, other.Phone = contact.Phone{}, contact.Phone{} // two without a phone do not collide
	do(t, s, add(one, s))
	do(t, s, add(other, s))
	got, ok, err := s.Citizen(t.Context(), one.ID)
	same(t, got, ok, err, one)
	got, ok, err = s.CitizenByPhone(t.Context(), contact.Phone{})
	none(t, got, ok, err)
	got, ok, err = s.CitizenByNIF(t.Context(), dni(3))
	none(t, got, ok, err)
	nobody := s.Do(t.Context(), func(ctx context.Context) error { return s.SaveCitizen(ctx, newCitizen(4)) })
	if nobody == nil || errors.Is(nobody, citizen.ErrTaken) {
		t.Errorf("saved a citizen who does not exist: %v", nobody)
	}
}

func oneCitizen(t *testing.T, s *store.Store) {
	for name, twin := range map[string]func(i int) citizen.Citizen{
		"NIF":   func(i int) citizen.Citizen { c := newCitizen(100 + i); c.NIF = dni(1); return c },
		"phone": func(i int) citizen.Citizen { c := newCitizen(200 + i); c.Phone = mobile(1000); return c },
	} {
		var won atomic.Int64
		parallel(16, 16, func(i int) {
			switch err := s.Do(t.Context(), add(twin(i), s)); {
			case err == nil:
				won.Add(1)
			default:
				wants(t, err, citizen.ErrTaken)
			}
		})
		if won.Load() != 1 {
			t.Errorf("%d citizens got the same %s", won.Load(), name)
		}
	}
	other := newCitizen(300)
	do(t, s, add(other, s))
	taker := other
	taker.Phone = mobile(1000)
	wants(t, s.Do(t.Context(), func(ctx context.Context) error { return s.SaveCitizen(ctx, taker) }), citizen.ErrTaken)
	got, ok, err := s.Citizen(t.Context(), other.ID)
	same(t, got, ok, err, other)
}

func phonePasses(t *testing.T, s *store.Store) {
	old, next := newCitizen(1), newCitizen(2)
	next.Phone = old.Phone
	do(t, s, add(old, s))
	do(t, s, func(ctx context.Context) error {
		holder, ok, err := s.CitizenByPhone(ctx, next.Phone)
		same(t, holder, ok, err, old)
		holder.Phone, holder.PhoneBinding, holder.PhoneSince = contact.Phone{}, 0, at
		return errors.Join(s.SaveCitizen(ctx, holder), s.AddCitizen(ctx, next))
	})
	got, ok, err := s.CitizenByPhone(t.Context(), next.Phone)
	same(t, got, ok, err, next)
	if got, _, _ = s.Citizen(t.Context(), old.ID); !got.Phone.IsZero() {
		t.Error("the old holder still has the phone")
	}
}

// citizenLocked: a unit that saves a citizen must have read the last one saved, or a login would undo a freeze.
func citizenLocked(t *testing.T, s *store.Store) {
	c := newCitizen(1)
	do(t, s, add(c, s))
	parallel(16, 60, func(i int) {
		do(t, s, func(ctx context.Context) error {
			find := []func() (citizen.Citizen, bool, error){
				func() (citizen.Citizen, bool, error) { return s.Citizen(ctx, c.ID) },
				func() (citizen.Citizen, bool, error) { return s.CitizenByNIF(ctx, c.NIF) },
				func() (citizen.Citizen, bool, error) { return s.CitizenByPhone(ctx, c.Phone) },
			}[i%3]
			got, _, err := find()
			got.GivenName += "!"
			return errors.Join(err, s.SaveCitizen(ctx, got))
		})
	})
	if got, _, err := s.Citizen(t.Context(), c.ID); err != nil || len(got.GivenName) != len(c.GivenName)+60 {
		t.Errorf("of 60 changes %d were kept, %v", len(got.GivenName)-len(c.GivenName), err)
	}
}

func browsers(t *testing.T, s *store.Store) {
	c := newCitizen(1)
	do(t, s, add(c, s))
	for i := range 2 {
		do(t, s, func(ctx context.Context) error {
			first, err := s.AddKnownBrowser(ctx, hash("known"), c.ID, at)
			if first != (i == 0) {
				t.Errorf("time %d: first %v", i, first)
			}
			return err
		})
	}
	for name, want := range map[string]bool{"known": true, "unknown": false} {
		if got, err := s.KnownBrowser(t.Context(), hash(name)); err != nil || got != want {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}

func letters(t *testing.T, s *store.Store) {
	l := enrolment.Letter{
		ID: secret.ID(at), Reference: hash("reference"), Subject: hash("subject"), CSV: hash("csv"), Message: secret.ID(at), Asked: at, Expires: at.AddDate(0, 0, 60),
	}
	do(t, s, func(ctx context.Context) error { return s.AddLetter(ctx, l) })
	parallelOnce(t, 50, func(ctx context.Context) (bool, error) { return s.UseLetter(ctx, l.ID, "flow", at.Add(time.Hour)) }, s)
	l.Used, l.UsedBy = at.Add(time.Hour), "flow"
	got, ok, err := s.Letter(t.Context(), l.ID)
	same(t, got, ok, err, l)
	got, ok, err = s.LetterByCSV(t.Context(), l.CSV)
	same(t, got, ok, err, l)
	got, ok, err = s.LetterByReference(t.Context(), l.Reference)
	same(t, got, ok, err, l)
	got, ok, err = s.LetterByCSV(t.Context(), l.Reference)
	none(t, got, ok, err)
}

func freezes(t *testing.T, s *store.Store) {
	c := newCitizen(1)
	do(t, s, func(ctx context.Context) error {
		return errors.Join(s.AddCitizen(ctx, c), s.AddFreeze(ctx, hash("freeze"), c.ID))
	})
	parallelOnce(t, 50, func(ctx context.Context) (bool, error) {
		whom, ok, err := s.TakeFreeze(ctx, hash("freeze"))
		if ok && whom != c.ID {
			t.Errorf("it freezes %q", whom)
		}
		return ok, err
	}, s)
}

// parallelOnce does something n times at once; it must be true once.
func parallelOnce(t *testing.T, n int, try func(ctx context.Context) (bool, error), s *store.Store) {
	t.Helper()
	var won atomic.Int64
	parallel(n, n, func(int) {
		var ok bool
		wants(t, s.Do(t.Context(), func(ctx context.Context) (err error) { ok, err = try(ctx); return err }), nil)
		if ok {
			won.Add(1)
		}
	})
	if won.Load() != 1 {
		t.Errorf("of %d at once, %d succeeded", n, won.Load())
	}
}

func register(t *testing.T, s *store.Store) {
	one := person.Person{
		NIF: dni(1), GivenName: "Ana", FirstSurname: "Ruiz", SecondSurname: "Gil", Birth: at.AddDate(-40, 0, 0), Until: at.AddDate(4, 0, 0),
		Address: person.Address{Street: "Calle Mayor, 1", Postcode: "28013", Town: "Madrid", Province: "Madrid", Country: "España"},
		Datum:   parsed(nif.ParseDate(nif.Validity, "2030-06-30")),
	}
	others := []person.Person{one}
	for i := range 120 {
		p := person.Person{NIF: dni(2 + i), Datum: parsed(nif.ParseDate(nif.Issue, "1998-02-01"))}
		others = append(others, p, p) // the second counts
		others[len(others)-1].GivenName = "Luz"
	}
	wants(t, s.PutPeople(t.Context(), others), nil)
	got, ok, err := s.Person(t.Context(), one.NIF)
	same(t, got, ok, err, one)
	one.Address.Town, one.Datum = "Getafe", parsed(nif.ParseSupport("C01234567"))
	wants(t, s.PutPeople(t.Context(), []person.Person{one}), nil)
	got, ok, err = s.Person(t.Context(), one.NIF)
	same(t, got, ok, err, one)
	got, ok, err = s.Person(t.Context(), dni(121))
	same(t, got, ok, err, others[240])
	got, ok, err = s.Person(t.Context(), dni(999))
	none(t, got, ok, err)
	if n, err := s.CountPeople(t.Context()); n != 121 || err != nil {
		t.Errorf("%d people, %v", n, err)
	}
}
