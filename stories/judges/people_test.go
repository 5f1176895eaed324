package judges_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/census"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/nif"
	"clave/internal/person"
	"clave/internal/secret"
)

// register is the State's register of this world.
const register = `{"nif": "99990001P", "given": "Carmen", "first": "Española", "second": "Española", "birth": "1980-01-01", "valid": "2040-06-30"}
{"nif": "99990002D", "given": "Jordi", "first": "Puig", "second": "Ferrer", "birth": "1992-05-14", "valid": "2040-06-30"}
`

// datum is what both have on their documents.
const datum = "30/06/2040"

// identity is what a person knows and has.
type identity struct{ nif, phone string }

var identities = map[string]identity{
	"carmen": {"99990001P", "+34600000001"},
	"jordi":  {"99990002D", "+34600000002"},
}

func people(t *testing.T) census.List {
	list, err := census.ReadList(strings.NewReader(register))
	check(t, err)
	return list
}

// move registers them all in the advanced way.
func (h *house) move(list census.List) {
	check(h.t, h.node.Store.Do(h.t.Context(), func(ctx context.Context) error {
		for _, id := range identities {
			n, err := nif.Parse(id.nif)
			check(h.t, err)
			if err := h.node.Store.AddCitizen(ctx, h.citizen(list[n], id)); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (h *house) citizen(p person.Person, id identity) citizen.Citizen {
	phone, err := contact.ParsePhone(id.phone)
	check(h.t, err)
	now := time.Now()
	return citizen.Citizen{
		ID: secret.ID(now), NIF: p.NIF, GivenName: p.GivenName, FirstSurname: p.FirstSurname, SecondSurname: p.SecondSurname,
		Phone: phone, PhoneBinding: assurance.Advanced.Binding(), PhoneSince: now.Add(-time.Hour), Lang: "es", Proofing: assurance.Advanced,
		Registered: now.Add(-time.Hour), Datum: p.Datum, Until: p.Until,
	}
}
