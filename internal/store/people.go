package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"clave/internal/nif"
	"clave/internal/person"
	"clave/internal/secret"
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
	if ok, err = found(s.queryRow(ctx, `SELECT sealed FROM people WHERE nif = $1`, sought(key)).Scan(&sealed)); err != nil || !ok {
		return p, false, err
	}
	var b personBody
	if err := s.unseal(personUse, string(key), sealed, &b); err != nil {
		return p, false, err
	}
	p, err = b.person()
	return p, err == nil, err
}

// PutPeople adds entries to the register, or replaces them, in one unit. Of two entries with the same NIF the later one
// counts. Sealing takes longer than saving: it is done before the unit, which others wait for.
func (s *Store) PutPeople(ctx context.Context, people []person.Person) error {
	sealed := make(map[string][]byte, len(people))
	for _, p := range people {
		key := string(s.Ring.Hash(personUse, p.NIF.String()))
		body, err := s.seal(personUse, key, personBody{
			p.NIF.String(), p.GivenName, p.FirstSurname, p.SecondSurname, p.Birth, p.Address, bodyOf(p.Datum), p.Until,
		})
		if err != nil {
			return err
		}
		sealed[key] = body
	}
	keys := slices.Sorted(maps.Keys(sealed)) // rows are locked in one order, so that two imports cannot lock each other out
	return s.Do(ctx, func(ctx context.Context) error {
		for some := range slices.Chunk(keys, peopleRows) {
			args := make([]any, 0, 2*len(some))
			for _, key := range some {
				args = append(args, secret.Hash(key), sealed[key])
			}
			if err := s.forgetForms(ctx, some); err != nil {
				return err
			}
			if _, err := s.exec(ctx, insertPeople(len(some)), args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// forgetForms deletes what an import replaces and stands there under another master key.
func (s *Store) forgetForms(ctx context.Context, keys []string) error {
	for _, key := range keys {
		for _, form := range s.stored(secret.Hash(key))[1:] {
			if _, err := s.exec(ctx, `DELETE FROM people WHERE nif = $1`, form); err != nil {
				return err
			}
		}
	}
	return nil
}

// peopleRows is how many people one statement saves: over a network the statements are what takes the time.
const peopleRows = 250

func insertPeople(n int) string {
	values := make([]string, n)
	for i := range n {
		values[i] = fmt.Sprintf("($%d, $%d)", 2*i+1, 2*i+2)
	}
	return `INSERT INTO people (nif, sealed) VALUES ` + strings.Join(values, ", ") +
		` ON CONFLICT (nif) DO UPDATE SET sealed = excluded.sealed`
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
