package demo

import (
	"bytes"
	"context"
	_ "embed"
	"maps"
	"slices"
	"time"

	"clave/internal/assurance"
	"clave/internal/census"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/locale"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/store"
)

// register is the demonstration's State register: a dozen people who do not exist.
//
//go:embed people.jsonl
var register []byte

// role is what a test citizen is there to show.
type role struct {
	nif      string
	lang     string // in which we write to them
	phone    string
	email    string
	proofing assurance.Proofing // empty: not registered
	lost     bool               // the phone passed to somebody else
	text     locale.Key         // what they are there to show
}

// The phones of two of them behave badly.
const (
	silentPhone  = "+34600000011" // takes every SMS and shows none
	refusedPhone = "+34600000012" // the operator refuses every SMS
)

var roles = []role{
	{"99990001P", "es", "+34600000001", "carmen@example.com", assurance.Advanced, false, "world.role-advanced"},
	{"99990002D", "ca", "+34600000002", "jordi@example.com", assurance.Basic, false, "world.role-basic"},
	{"99990003X", "es", "+34600000003", "ana@example.com", "", false, "world.role-new"},
	{"99990004B", "eu", "+34600000004", "manuel@example.com", assurance.Basic, false, "world.role-permanent"},
	{"99990005N", "es", "+34600000005", "pilar@example.com", "", false, "world.role-permanent-new"},
	{"X9990006W", "en", "+447400123456", "john@example.com", assurance.Advanced, false, "world.role-nie"},
	{"Y9990007V", "gl", "+34600000007", "ioana@example.com", assurance.Basic, false, "world.role-eu"},
	{"Z9990008D", "es", "+34600000008", "fatima@example.com", "", false, "world.role-nie-new"},
	{"99990009Q", "es", "+34600000009", "lucia@example.com", assurance.Basic, false, "world.role-expired"},
	{"99990010V", "es", "+34600000010", "", "", false, "world.role-minor"},
	{"99990011H", "es", silentPhone, "teresa@example.com", assurance.Basic, false, "world.role-silent"},
	{"99990012L", "es", refusedPhone, "pablo@example.com", assurance.Basic, false, "world.role-refused"},
	{"99990013C", "es", "+34600000013", "rosa@example.com", assurance.Basic, true, "world.role-lost"},
	{"", "es", "+34600000014", "nadie@example.com", "", false, "world.role-stranger"},
}

// stranger is a well-formed NIF that nobody has.
const stranger = "99999999R"

func people() (census.List, error) { return census.ReadList(bytes.NewReader(register)) }

// seed puts the test people into the register, and registers those who are to be, unless the database has them from an
// earlier run.
func seed(ctx context.Context, s *store.Store, list census.List, carry time.Duration, now time.Time) error {
	if err := s.PutPeople(ctx, slices.Collect(maps.Values(list))); err != nil {
		return err
	}
	return s.Do(ctx, func(ctx context.Context) error {
		if err := pace(ctx, s, carry, now); err != nil {
			return err
		}
		for _, r := range roles {
			if r.proofing == "" {
				continue
			}
			c, err := r.citizen(list, now)
			if err != nil {
				return err
			}
			_, found, err := s.CitizenByNIF(ctx, c.NIF)
			if err != nil {
				return err
			}
			if found {
				continue
			}
			if err := s.AddCitizen(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// pace leaves a message of each kind that went out long ago, as fast as they go here: the decoys of a new world are like
// its real messages from the first one on.
func pace(ctx context.Context, s *store.Store, carry time.Duration, now time.Time) error {
	sent := now.AddDate(0, 0, -30)
	for _, kind := range []notify.Kind{notify.PIN, notify.Invitation} {
		m := notify.Message{ID: "past-" + string(kind), Kind: kind, Created: sent, Until: sent.Add(time.Hour)}
		state, err := s.MessageState(ctx, m.ID)
		if err != nil {
			return err
		}
		if state != notify.Expired { // of an earlier run
			continue
		}
		if err := s.AddMessage(ctx, m); err != nil {
			return err
		}
		if _, err := s.ClaimMessages(ctx, kind.Channel(), sent, 1); err != nil {
			return err
		}
		took := 15 * time.Millisecond
		if kind.Channel() == notify.SMS {
			took += carry
		}
		if err := s.SettleMessage(ctx, m.ID, notify.Delivered, sent.Add(took)); err != nil {
			return err
		}
	}
	return nil
}

func (r role) citizen(list census.List, now time.Time) (citizen.Citizen, error) {
	n, err := nif.Parse(r.nif)
	if err != nil {
		return citizen.Citizen{}, err
	}
	phone, err := contact.ParsePhone(r.phone)
	if err != nil {
		return citizen.Citizen{}, err
	}
	email, err := contact.ParseEmail(r.email)
	if err != nil {
		return citizen.Citizen{}, err
	}
	if r.lost {
		phone = contact.Phone{}
	}
	c := registered(list[n], phone, email, r.proofing, now)
	c.Lang = r.lang
	return c, nil
}

// registered makes a citizen of a person of the register.
func registered(p person.Person, phone contact.Phone, email contact.Email, proofing assurance.Proofing, now time.Time) citizen.Citizen {
	return citizen.Citizen{
		ID: secret.ID(now), NIF: p.NIF, GivenName: p.GivenName, FirstSurname: p.FirstSurname, SecondSurname: p.SecondSurname,
		Phone: phone, PhoneBinding: proofing.Binding(), PhoneSince: now.Add(-time.Hour), Email: email, Proofing: proofing,
		Registered: now.Add(-time.Hour), Datum: p.Datum, Until: p.Until,
	}
}
