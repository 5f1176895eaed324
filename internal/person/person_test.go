package person_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"clave/internal/nif"
	"clave/internal/person"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func carmen(t *testing.T) person.Person {
	n, err := nif.Parse("99990001P")
	if err != nil {
		t.Fatal(err)
	}
	return person.Person{
		NIF: n, GivenName: "Carmen", FirstSurname: "Española", SecondSurname: "Ruiz", Birth: day(2008, 2, 29), Until: day(2030, 6, 30),
		Address: person.Address{Street: "Calle Mayor, 1", Postcode: "28013", Town: "Madrid", Province: "Madrid"},
	}
}

// A document is valid on its last day, until midnight.
func TestExpired(t *testing.T) {
	p := carmen(t)
	for _, c := range []struct {
		at   time.Time
		want bool
	}{
		{day(2030, 6, 30).Add(23*time.Hour + 59*time.Minute), false},
		{day(2030, 7, 1).Add(time.Second), true},
		{day(2026, 1, 1), false},
	} {
		if got := p.Expired(c.at); got != c.want {
			t.Errorf("at %v: %v", c.at, got)
		}
	}
	p.Until = time.Time{}
	if p.Expired(day(9000, 1, 1)) {
		t.Error("a permanent document expired")
	}
}

func TestYounger(t *testing.T) {
	p := carmen(t) // born on 29 February: eighteen on 1 March 2026
	if !p.Younger(18, day(2026, 2, 28)) || p.Younger(18, day(2026, 3, 1)) {
		t.Error("the day of the eighteenth birthday is wrong")
	}
}

func TestNamesAndLines(t *testing.T) {
	p := carmen(t)
	if p.Name() != "Carmen Española Ruiz" || p.FamilyName() != "Española Ruiz" {
		t.Errorf("%q, %q", p.Name(), p.FamilyName())
	}
	p.SecondSurname = ""
	if p.Name() != "Carmen Española" {
		t.Errorf("%q", p.Name())
	}
	if got := p.Address.Lines(); !slices.Equal(got, []string{"Calle Mayor, 1", "28013 Madrid", "Madrid"}) {
		t.Errorf("%q", got)
	}
}

func TestRule21NothingLogsAPerson(t *testing.T) {
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("seen", "person", carmen(t))
	for _, secret := range []string{"99990001P", "Carmen", "Española", "Mayor"} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
