package census

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"clave/internal/nif"
	"clave/internal/person"
)

// ErrLine means that a line of a register's file is wrong; the error around it names the line and the field, never the
// person.
var ErrLine = errors.New("census: wrong line")

// line is one person in a register's file: JSON, one object a line, in UTF-8.
//
//	{"nif":"12345678Z","given":"Carmen","first":"Española","second":"Española","birth":"1980-01-01",
//	 "street":"Calle Mayor, 1","postcode":"28013","town":"Madrid","province":"Madrid",
//	 "valid":"2030-06-30"}
//
// A DNI has "valid" (its last valid day) or, when it is permanent, "issued". A NIE has "support" (E or C and eight
// digits) and "valid", the last valid day of the card, unless it has none. Only "second", "country" and parts of the
// address may be missing; a field of another name is an error, because it may be a misspelt one.
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
		text := bytes.TrimSpace(lines.Bytes())
		if number == 1 {
			text = bytes.TrimPrefix(text, []byte("\uFEFF")) // Windows begins its files with it
		}
		if len(text) == 0 {
			continue
		}
		p, err := parse(text)
		if err != nil {
			return fmt.Errorf("%w %d: %w", ErrLine, number, err)
		}
		if err := each(p); err != nil {
			return err
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("%w %d: longer than %d bytes", ErrLine, number+1, maxLine)
	} else if err != nil {
		return fmt.Errorf("after line %d: %w", number, err)
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

func parse(text []byte) (p person.Person, err error) {
	l, err := decode(text)
	if err != nil {
		return p, err
	}
	p = person.Person{
		GivenName: l.Given, FirstSurname: l.First, SecondSurname: l.Second,
		Address: person.Address{Street: l.Street, Postcode: l.Postcode, Town: l.Town, Province: l.Province, Country: l.Country},
	}
	if p.NIF, err = nif.Parse(l.NIF); err != nil {
		return p, fmt.Errorf("nif: %w", err)
	}
	if p.Birth, err = day("birth", l.Birth); err != nil {
		return p, err
	}
	if l.Valid != "" {
		if p.Until, err = day("valid", l.Valid); err != nil {
			return p, err
		}
	}
	p.Datum, err = l.datum(p.NIF.Kind())
	return p, err
}

// decode reads one object and tidies its texts.
func decode(text []byte) (l line, err error) {
	if !utf8.Valid(text) {
		return l, errors.New("not UTF-8: in which encoding was the file written?")
	}
	object := json.NewDecoder(bytes.NewReader(text))
	object.DisallowUnknownFields()
	switch err := object.Decode(&l); { // what err says may quote the person
	case err != nil && strings.Contains(err.Error(), "unknown field"):
		return l, errors.New("a field that is not known")
	case err != nil || object.InputOffset() != int64(len(text)):
		return l, errors.New("not one JSON object of texts")
	}
	for _, f := range []struct {
		name     string
		text     *string
		required bool
	}{
		{"nif", &l.NIF, true}, {"given", &l.Given, true}, {"first", &l.First, true}, {"second", &l.Second, false}, {"street", &l.Street, false},
		{"postcode", &l.Postcode, false}, {"town", &l.Town, false}, {"province", &l.Province, false}, {"country", &l.Country, false},
	} {
		if *f.text = strings.TrimSpace(*f.text); *f.text == "" && f.required {
			return l, fmt.Errorf("%s: missing", f.name)
		}
		if strings.ContainsFunc(*f.text, unicode.IsControl) { // a line break would write lines of its own on an envelope
			return l, fmt.Errorf("%s: a control character", f.name)
		}
	}
	return l, nil
}

func day(field, text string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		err = fmt.Errorf("%s: not a date like 1980-12-31", field)
	}
	return t, err
}

func (l line) datum(k nif.Kind) (d nif.Datum, err error) {
	field := "valid"
	switch {
	case k == nif.NIE && l.Issued != "":
		return d, errors.New("issued: not of a NIE, which has support")
	case k == nif.NIE:
		field = "support"
		d, err = nif.ParseSupport(l.Support)
	case l.Support != "":
		return d, errors.New("support: not of a DNI, which has valid or issued")
	case l.Issued != "" && l.Valid != "":
		return d, errors.New("valid, issued: a DNI has one of them")
	case l.Issued != "":
		field = "issued"
		d, err = nif.ParseDate(nif.Issue, l.Issued)
	default:
		d, err = nif.ParseDate(nif.Validity, l.Valid)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", field, err)
	}
	return d, err
}
