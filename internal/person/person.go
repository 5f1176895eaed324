// Package person holds what the State says of someone: the types, and the answer to a look-up in its register.
package person

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"clave/internal/nif"
)

// Person is an entry of the State's register of documents and domiciles.
type Person struct {
	NIF           nif.NIF
	GivenName     string
	FirstSurname  string
	SecondSurname string // empty for many foreigners
	Birth         time.Time
	Address       Address   // the tax domicile
	Datum         nif.Datum // what only the holder of the document knows
	Until         time.Time // the document's last valid day; zero when it is permanent
}

// Address is a postal address, line by line as it stands on an envelope.
type Address struct {
	Street   string
	Postcode string
	Town     string
	Province string
	Country  string // empty in Spain
}

// Lines are the lines below the name on an envelope.
func (a Address) Lines() []string {
	var lines []string
	for _, line := range []string{a.Street, strings.TrimSpace(a.Postcode + " " + a.Town), a.Province, a.Country} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// FamilyName is both surnames, one space between them.
func (p Person) FamilyName() string {
	return strings.TrimSpace(p.FirstSurname + " " + p.SecondSurname)
}

// Name is the whole name, given name first.
func (p Person) Name() string { return strings.TrimSpace(p.GivenName + " " + p.FamilyName()) }

// LogValue shows the masked NIF only: a person's record never reaches a log.
func (p Person) LogValue() slog.Value { return p.NIF.LogValue() }

// Expired tells whether the document's last valid day is over.
func (p Person) Expired(now time.Time) bool {
	return !p.Until.IsZero() && now.After(p.Until.AddDate(0, 0, 1))
}

// Younger tells whether the person has not yet had that birthday.
func (p Person) Younger(years int, now time.Time) bool {
	return now.Before(p.Birth.AddDate(years, 0, 0))
}

// Verdict is what the register says when it is shown a NIF and a document datum.
type Verdict int

// What a look-up can say. A caller must treat Unknown and Differs alike in everything a visitor can observe.
const (
	Unknown Verdict = iota // nobody has this NIF
	Differs                // somebody has, with another datum
	Matches                // the datum is theirs
)

// Answer is the register's answer to a look-up. Person is filled only when the verdict is Matches or Differs.
type Answer struct {
	Verdict Verdict
	Person  Person
}

// Census is the State's register. It is asked outside any transaction.
type Census interface {
	// Match says what the register knows of a NIF and a datum. Errors: the register did not answer.
	Match(ctx context.Context, n nif.NIF, d nif.Datum) (Answer, error)
}

// Look asks the register and gives it a deadline; the bool tells whether it answered. Strangers are asked for as citizens
// are.
func Look(ctx context.Context, c Census, deadline time.Duration, n nif.NIF, d nif.Datum) (Answer, bool) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	answer, err := c.Match(ctx, n, d)
	if err != nil {
		slog.WarnContext(ctx, "census did not answer", "err", err)
	}
	return answer, err == nil
}
