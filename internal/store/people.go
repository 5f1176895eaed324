package store

import (
	"context"
	"time"

	"clave/internal/nif"
	"clave/internal/person"
)

// personBody is what is sealed of a person.
type personBody struct {
	NIF     string         `json:"nif"`
	Given   string         `json:"given"`
	First   string         `json:"first"`
	Second  string         `json:"second,omitempty"`
	Birth   time.Time      `json:"birth"`
	Address person.Address `json:"address"`
	Datum   datumBody      `json:"datum"`
	Until   time.Time      `json:"until,omitzero"`
}

// Person finds an entry of the imported register; the bool tells whether there is one.
func (s *Store) Person(ctx context.Context, n nif.NIF) (p person.Person, ok bool, err error) {
	key := s.Ring.Hash(personUse, n.String())
	var sealed []byte
	if ok, err = found(s.queryRow(ctx, `SELECT sealed FROM people WHERE nif = $1`, key).Scan(&sealed)); err != nil || !ok {
		return p, false, err
	}
	var b personBody
	if err := s.unseal(personUse, string(key), sealed, &b); err != nil {
		return p, false, err
	}
	p, err = b.person()
	return p, err == nil, err
}

// PutPeople adds entries to the register, or replaces them. It needs a unit.
func (s *Store) PutPeople(ctx context.Context, people []person.Person) error {
	for _, p := range people {
		key := s.Ring.Hash(personUse, p.NIF.String())
		sealed, err := s.seal(personUse, string(key), personBody{
			p.NIF.String(), p.GivenName, p.FirstSurname, p.SecondSurname, p.Birth, p.Address, bodyOf(p.Datum), p.Until,
		})
		if err != nil {
			return err
		}
		if _, err := s.exec(ctx, `INSERT INTO people (nif, sealed) VALUES ($1, $2)
			ON CONFLICT (nif) DO UPDATE SET sealed = excluded.sealed`, key, sealed); err != nil {
			return err
		}
	}
	return nil
}

// CountPeople counts the entries of the register.
func (s *Store) CountPeople(ctx context.Context) (n int64, err error) {
	err = s.queryRow(ctx, `SELECT COUNT(*) FROM people`).Scan(&n)
	return n, err
}

func (b personBody) person() (person.Person, error) {
	n, err := nif.Parse(b.NIF)
	if err != nil {
		return person.Person{}, err
	}
	d, err := b.Datum.datum()
	return person.Person{
		NIF: n, GivenName: b.Given, FirstSurname: b.First, SecondSurname: b.Second, Birth: b.Birth, Address: b.Address, Datum: d, Until: b.Until,
	}, err
}

// datumBody is a document datum in a sealed body, where alone it is written as it is.
type datumBody struct {
	Kind  nif.DatumKind `json:"kind"`
	Value string        `json:"value"`
}

func bodyOf(d nif.Datum) datumBody { return datumBody{d.Kind(), d.Reveal()} }

func (b datumBody) datum() (nif.Datum, error) {
	switch {
	case b.Kind == 0:
		return nif.Datum{}, nil
	case b.Kind == nif.Support:
		return nif.ParseSupport(b.Value)
	default:
		return nif.ParseDate(b.Kind, b.Value)
	}
}
