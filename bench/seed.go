package main

import (
	"context"
	"fmt"
	"time"

	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/store"
)

// seedUnit is how many citizens one unit of work registers.
const seedUnit = 250

// seed puts citizens, numbered from (inclusive) to (exclusive), into the State's register and registers all of them.
func seed(ctx context.Context, s *store.Store, from, to int, now time.Time) error {
	for first := from; first < to; first += seedUnit {
		err := s.Do(ctx, func(ctx context.Context) error {
			var people []person.Person
			for i := first; i < min(to, first+seedUnit); i++ {
				p := somebody(i)
				people = append(people, p)
				if err := s.AddCitizen(ctx, registered(p, i, now)); err != nil {
					return err
				}
			}
			return s.PutPeople(ctx, people)
		})
		if err != nil {
			return fmt.Errorf("register citizens: %w", err)
		}
	}
	return nil
}

func registered(p person.Person, i int, now time.Time) citizen.Citizen {
	since := now.Add(-365 * 24 * time.Hour)
	return citizen.Citizen{
		ID: secret.ID(since), NIF: p.NIF, GivenName: p.GivenName, FirstSurname: p.FirstSurname, SecondSurname: p.SecondSurname,
		Phone: must(contact.ParsePhone(phoneOf(i))), PhoneBinding: assurance.Advanced.Binding(), PhoneSince: since,
		Email: must(contact.ParseEmail(fmt.Sprintf("citizen%d@example.com", i))), Lang: "es", Proofing: assurance.Advanced, Registered: since,
		Activation: secret.Bytes(32), Datum: p.Datum, Until: p.Until,
	}
}
