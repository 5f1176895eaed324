// Package census answers what the State's register says of a NIF and a document datum.
//
// The register is a file of people in memory (List), or the same file imported into the store (Table).
package census

import (
	"context"
	"crypto/subtle"

	"clave/internal/nif"
	"clave/internal/person"
)

// List is a register in memory, by NIF.
type List map[nif.NIF]person.Person

// Match implements the look-up.
func (l List) Match(_ context.Context, n nif.NIF, d nif.Datum) (person.Answer, error) {
	p, found := l[n]
	return judge(p, found, d), nil
}

// Store keeps an imported register.
type Store interface {
	Person(ctx context.Context, n nif.NIF) (person.Person, bool, error)
}

// Table is a register that was imported into the store.
type Table struct{ Store Store }

// Match implements the look-up. Errors: those of the store.
func (t Table) Match(ctx context.Context, n nif.NIF, d nif.Datum) (person.Answer, error) {
	p, found, err := t.Store.Person(ctx, n)
	return judge(p, found, d), err
}

// judge compares in constant time: how much of a guessed datum is right must not show in the time of the answer.
func judge(p person.Person, found bool, d nif.Datum) person.Answer {
	same := subtle.ConstantTimeCompare([]byte(p.Datum.Reveal()), []byte(d.Reveal())) == 1 && p.Datum.Kind() == d.Kind()
	switch {
	case !found:
		return person.Answer{Verdict: person.Unknown}
	case !same || d.IsZero():
		return person.Answer{Verdict: person.Differs, Person: p}
	default:
		return person.Answer{Verdict: person.Matches, Person: p}
	}
}
