package census

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"clave/internal/nif"
	"clave/internal/person"
)

// ErrLine means that a line of a register's file is wrong; the error around it names the line and the field, never the
// person.
var ErrLine = errors.New("census: wrong line")

// line is one person in a register's file: JSON, one object a line.
//
//	{"nif":"12345678Z","given":"Carmen","first":"Española","second":"Española","birth":"1980-01-01",
//	 "street":"Calle Mayor, 1","postcode":"28013","town":"Madrid","province":"Madrid",
//	 "valid":"2030-06-30"}
//
// A DNI has "valid" (its last valid day) or, when it is permanent, "issued". A NIE has "support" (E or C and eight
// digits) and "valid", the last valid day of the card, unless it has none.
type line struct {
	NIF      string `json:"nif"`
	Given    string `json:"given"`
	First    string `json:"first"`
	Second   string `json:"second"`
	Birth    string `json:"birth"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	Town     string `json:"town"`
	Province string `json:"province"`
	Country  string `json:"country"`
	Valid    string `json:"valid"`
	Issued   string `json:"issued"`
	Support  string `json:"support"`
}

// maxLine is the longest line taken, in bytes.
const maxLine = 16 << 10

// Read reads a register's file and gives each person to a function, until that returns an error. Errors: ErrLine, and
// those of the reader and the function.
func Read(r io.Reader, each func(person.Person) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	number := 0
	for lines.Scan() {
		number++
		if len(lines.Bytes()) == 0 {
			continue
		}
		p, err := parse(lines.Bytes())
		if err != nil {
			return fmt.Errorf("%w %d: %w", ErrLine, number, err)
		}
		if err := each(p); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%w %d: %w", ErrLine, number+1, err)
	}
	return nil
}

// ReadList reads a register's file into memory.
func ReadList(r io.Reader) (List, error) {
	list := List{}
	err := Read(r, func(p person.Person) error {
		list[p.NIF] = p
		return nil
	})
	return list, err
}

func parse(text []byte) (person.Person, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return person.Person{}, errors.New("not a JSON object of texts")
	}
	n, err := nif.Parse(l.NIF)
	if err != nil {
		return person.Person{}, fmt.Errorf("nif: %w", err)
	}
	p := person.Person{
		NIF: n, GivenName: l.Given, FirstSurname: l.First, SecondSurname: l.Second,
		Address: person.Address{Street: l.Street, Postcode: l.Postcode, Town: l.Town, Province: l.Province, Country: l.Country},
	}
	if p.GivenName == "" || p.FirstSurname == "" {
		return person.Person{}, errors.New("given, first: a name is missing")
	}
	if p.Birth, err = time.Parse(time.DateOnly, l.Birth); err != nil {
		return person.Person{}, errors.New("birth: not a date like 1980-12-31")
	}
	if l.Valid != "" {
		if p.Until, err = time.Parse(time.DateOnly, l.Valid); err != nil {
			return person.Person{}, errors.New("valid: not a date like 2030-12-31")
		}
	}
	p.Datum, err = l.datum(n.Kind())
	return p, err
}

func (l line) datum(k nif.Kind) (nif.Datum, error) {
	var d nif.Datum
	var err error
	switch {
	case k == nif.NIE:
		d, err = nif.ParseSupport(l.Support)
	case l.Issued != "":
		d, err = nif.ParseDate(nif.Issue, l.Issued)
	default:
		d, err = nif.ParseDate(nif.Validity, l.Valid)
	}
	if err != nil {
		return d, fmt.Errorf("valid, issued or support: %w", err)
	}
	return d, nil
}
