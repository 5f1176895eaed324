package census_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"clave/internal/census"
	"clave/internal/nif"
	"clave/internal/person"
)

// carmen is a line of a file with some fields changed; an empty value leaves the field out.
func carmen(changes ...string) string {
	names := []string{"nif", "given", "first", "second", "birth", "street", "postcode", "town", "province", "valid"}
	values := map[string]string{
		"nif": "12345678Z", "given": "Carmen", "first": "Española", "second": "Peña", "birth": "1980-01-01", "street": "Calle Mayor, 1",
		"postcode": "28013", "town": "Madrid", "province": "Madrid", "valid": "2030-06-30",
	}
	for i := 0; i < len(changes); i += 2 {
		if _, known := values[changes[i]]; !known {
			names = append(names, changes[i])
		}
		values[changes[i]] = changes[i+1]
	}
	var fields []string
	for _, name := range names {
		if values[name] != "" {
			fields = append(fields, fmt.Sprintf("%q:%q", name, values[name]))
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

func read(text string) (people []person.Person, err error) {
	err = census.Read(strings.NewReader(text), func(p person.Person) error { people = append(people, p); return nil })
	return people, err
}

func TestReadPeople(t *testing.T) {
	for _, c := range []struct {
		name, text string
		kind       nif.DatumKind
		datum      string
		until      bool
	}{
		{"DNI", carmen(), nif.Validity, "2030-06-30", true},
		{"permanent DNI", carmen("valid", "", "issued", "1998-02-01"), nif.Issue, "1998-02-01", false},
		{"NIE", carmen("nif", "X1234567L", "support", "E1234567"), nif.Support, "E01234567", true},
		{"NIE for ever", carmen("nif", "X1234567L", "support", "C01234567", "valid", ""), nif.Support, "C01234567", false},
		{"spaces and empty lines", "\n  " + carmen() + "\t\r\n\n", nif.Validity, "2030-06-30", true},
		{"a mark of Windows", "\uFEFF" + carmen() + "\r\n", nif.Validity, "2030-06-30", true},
		{"no address", carmen("street", "", "postcode", "", "town", "", "province", "", "second", ""), nif.Validity, "2030-06-30", true},
	} {
		people, err := read(c.text)
		if err != nil || len(people) != 1 {
			t.Errorf("%s: %d people, %v", c.name, len(people), err)
			continue
		}
		p := people[0]
		if p.Datum.Kind() != c.kind || p.Datum.Reveal() != c.datum || p.Until.IsZero() == c.until || p.GivenName != "Carmen" || p.Birth.Year() != 1980 {
			t.Errorf("%s: %s, %v, %q, %v", c.name, p.Datum.Reveal(), p.Until, p.GivenName, p.Birth)
		}
	}
}

// A message says where to look and what is wrong there, and nothing of the person: it ends up in tickets and mails.
func TestWrongLines(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"not JSON", "Carmen;Española", "not one JSON object"},
		{"not an object", `["Carmen"]`, "not one JSON object"},
		{"a number", `{"nif":12345678}`, "not one JSON object"},
		{"two on a line", carmen() + carmen(), "not one JSON object"},
		{"a misspelt field", carmen("secnod", "Española"), "a field that is not known"},
		{"Latin-1", strings.ReplaceAll(carmen(), "ñ", "\xf1"), "not UTF-8"},
		{"no NIF", carmen("nif", ""), "nif: missing"},
		{"a wrong letter", carmen("nif", "12345678A"), "nif: "},
		{"no name", carmen("given", ""), "given: missing"},
		{"a blank name", carmen("given", " "), "given: missing"},
		{"no surname", carmen("first", ""), "first: missing"},
		{"a line break in a name", carmen("second", "Española\nCalle Falsa"), "second: a control character"},
		{"a line break in an address", carmen("street", "Mayor\n28013"), "street: a control character"},
		{"no birth", carmen("birth", ""), "birth: not a date"},
		{"a birth as people write it", carmen("birth", "1/1/1980"), "birth: not a date"},
		{"a wrong day", carmen("valid", "2030-02-30"), "valid: not a date"},
		{"no datum", carmen("valid", ""), "valid: "},
		{"a permanent DNI by its validity", carmen("valid", "9999-01-01"), "valid: "},
		{"both dates", carmen("issued", "1998-02-01"), "valid, issued: "},
		{"a wrong issue", carmen("valid", "", "issued", "soon"), "issued: "},
		{"a NIE without support", carmen("nif", "X1234567L"), "support: "},
		{"a NIE with an issue", carmen("nif", "X1234567L", "support", "E01234567", "issued", "1998-02-01"), "issued: "},
		{"a DNI with a support", carmen("support", "E01234567"), "support: "},
		{"a long line", carmen("street", strings.Repeat("a", 20_000)), "longer than 16384 bytes"},
	} {
		_, err := read(carmen() + "\n\n" + c.text + "\n" + carmen())
		if !errors.Is(err, census.ErrLine) || !strings.Contains(fmt.Sprint(err), "wrong line 3: "+c.want) {
			t.Errorf("%s: %v, want line 3: %s", c.name, err, c.want)
		}
		for _, private := range []string{"12345678", "X1234567", "Carmen", "Españ", "Espa", "Mayor", "1980-01", "2030-0", "1998"} {
			if strings.Contains(fmt.Sprint(err), private) {
				t.Errorf("%s: tells of the person: %v", c.name, err)
			}
		}
	}
}

func TestReadStops(t *testing.T) {
	broken := errors.New("broken")
	err := census.Read(iotest.ErrReader(broken), func(person.Person) error { return nil })
	if !errors.Is(err, broken) || errors.Is(err, census.ErrLine) {
		t.Errorf("a broken file: %v", err)
	}
	n := 0
	err = census.Read(strings.NewReader(carmen()+"\n"+carmen()), func(person.Person) error { n++; return broken })
	if n != 1 || !errors.Is(err, broken) {
		t.Errorf("stopped after %d: %v", n, err)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{carmen(), carmen("valid", "", "issued", "1998-02-01"), carmen("nif", "X1234567L", "support", "E01234567"),
		"{}", "{}\n[]\nnull", "\uFEFF{", carmen() + carmen(), "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		people, err := read(text)
		if err == nil && strings.TrimSpace(text) != "" && len(people) == 0 && strings.Trim(text, "\uFEFF \t\r\n\v\f\u0085\u00a0") != "" {
			t.Error("nobody read and nothing said")
		}
		for _, p := range people {
			if p.NIF.IsZero() || p.Datum.IsZero() || p.GivenName == "" || p.FirstSurname == "" || p.Birth.IsZero() && p.Birth.Year() != 1 {
				t.Errorf("half a person: %v", p)
			}
			if strings.ContainsAny(p.Name()+strings.Join(p.Address.Lines(), ""), "\r\n\x00") {
				t.Error("a line break in a name or an address")
			}
		}
	})
}
