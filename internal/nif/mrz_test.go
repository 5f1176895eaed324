package nif_test

import (
	"errors"
	"strings"
	"testing"

	"clave/internal/nif"
)

// Invented documents; the check digits were computed apart from this code.
const (
	mrzDNI = "IDESPBAA000589512345678Z<<<<<<\n7501012F3006139ESP<<<<<<<<<<<5\nESPANOLA<ESPANOLA<<CARMEN<<<<<\n"
	mrzTIE = "IRESPE876543218X1234567L<<<<<<\n7501012F3006139FRA<<<<<<<<<<<4\nEJEMPLO<<MARIE<<<<<<<<<<<<<<<<\n"
	mrzPer = "IDESPBAA000589512345678Z<<<<<<\n7501012F9901018ESP<<<<<<<<<<<5\nESPANOLA<ESPANOLA<<CARMEN<<<<<\n"
)

func TestParseMRZ(t *testing.T) {
	tests := []struct {
		name, typed string
		nif, datum  string
		kind        nif.DatumKind
		err         error
	}{
		{"DNI", mrzDNI, "12345678Z", "2030-06-13", nif.Validity, nil},
		{"in one line, small letters", strings.ToLower(strings.ReplaceAll(mrzDNI, "\n", " ")), "12345678Z", "2030-06-13", nif.Validity, nil},
		{"foreigner's card", mrzTIE, "X1234567L", "E87654321", nif.Support, nil},
		{"permanent DNI", mrzPer, "", "", 0, nif.ErrPermanent},
		{"nothing", " \n", "", "", 0, nif.ErrEmpty},
		{"two lines", mrzDNI[:62], "", "", 0, nif.ErrMRZ},
		{"far too long", strings.Repeat(" ", 300) + mrzDNI, "", "", 0, nif.ErrMRZ},
		{"a passport", "P" + mrzDNI[1:], "", "", 0, nif.ErrMRZ},
		{"another country", strings.Replace(mrzDNI, "IDESP", "IDFRA", 1), "", "", 0, nif.ErrMRZ},
		{"foreign letters", strings.Replace(mrzDNI, "ESPANOLA<E", "ESPAÑOLAE", 1), "", "", 0, nif.ErrMRZ},
		{"number misread", strings.Replace(mrzDNI, "BAA000589", "8AA000589", 1), "", "", 0, nif.ErrMRZ},
		{"DNI misread", strings.Replace(mrzDNI, "12345678Z", "12345673Z", 1), "", "", 0, nif.ErrMRZ},
		{"expiry misread", strings.Replace(mrzDNI, "F300613", "F300618", 1), "", "", 0, nif.ErrMRZ},
		{"birth misread", strings.Replace(mrzDNI, "750101", "150101", 1), "", "", 0, nif.ErrMRZ},
	}
	for _, tt := range tests {
		n, d, err := nif.ParseMRZ(tt.typed)
		if n.String() != tt.nif || d.Reveal() != tt.datum || d.Kind() != tt.kind || !errors.Is(err, tt.err) {
			t.Errorf("%s: %s, %q, %v; want %s, %q, %v", tt.name, n.String(), d.Reveal(), err, tt.nif, tt.datum, tt.err)
		}
	}
}

func FuzzParseMRZ(f *testing.F) {
	for _, seed := range []string{mrzDNI, mrzTIE, mrzPer, "", strings.Repeat("<", 90)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		n, d, err := nif.ParseMRZ(typed)
		if (err == nil) == n.IsZero() || (err == nil) == d.IsZero() {
			t.Fatalf("%q: %v, %v, %v", typed, n.Masked(), d, err)
		}
	})
}
