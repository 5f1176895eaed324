package nif_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clave/internal/nif"
)

func TestParseDate(t *testing.T) {
	tests := []struct {
		kind  nif.DatumKind
		typed string
		want  string
		err   error
	}{
		{nif.Validity, "30/6/2030", "2030-06-30", nil},
		{nif.Validity, "30/06/2030", "2030-06-30", nil},
		{nif.Validity, "30-06-2030", "2030-06-30", nil},
		{nif.Validity, "30 06 2030", "2030-06-30", nil}, // as it is printed
		{nif.Validity, " 30 / 6 / 2030 ", "2030-06-30", nil},
		{nif.Validity, "30.06.2030", "2030-06-30", nil},
		{nif.Validity, "30062030", "2030-06-30", nil},
		{nif.Validity, "2030-06-30", "2030-06-30", nil},
		{nif.Validity, "2030/6/30", "2030-06-30", nil},
		{nif.Validity, "29/2/2028", "2028-02-29", nil},
		{nif.Issue, "1-2-1985", "1985-02-01", nil},
		{nif.Validity, "", "", nif.ErrEmpty},
		{nif.Validity, " / - ", "", nif.ErrEmpty},
		{nif.Validity, "30/6/30", "", nif.ErrShape}, // which century?
		{nif.Validity, "30/6", "", nif.ErrShape},
		{nif.Validity, "3062030", "", nif.ErrShape},
		{nif.Validity, "30/6/2030/1", "", nif.ErrShape},
		{nif.Validity, "030/6/2030", "", nif.ErrShape},
		{nif.Validity, "2030-06-2030", "", nif.ErrShape},
		{nif.Validity, "30 jun 2030", "", nif.ErrShape},
		{nif.Validity, "+1/06/2030", "", nif.ErrShape},
		{nif.Validity, strings.Repeat(" ", 80) + "30/6/2030", "", nif.ErrShape},
		{nif.Validity, "29/2/2030", "", nif.ErrDate},
		{nif.Validity, "31/04/2030", "", nif.ErrDate},
		{nif.Validity, "00/06/2030", "", nif.ErrDate},
		{nif.Validity, "30/13/2030", "", nif.ErrDate},
		{nif.Validity, "12/31/2030", "", nif.ErrDate}, // the American order
		{nif.Validity, "20300630", "", nif.ErrDate},   // day 20 of month 30: eight digits are read in our order only
		{nif.Validity, "30/06/0203", "", nif.ErrDate},
		{nif.Validity, "01/01/9999", "", nif.ErrPermanent},
		{nif.Validity, "01 01 9999", "", nif.ErrPermanent},
		{nif.Issue, "01/01/9999", "", nif.ErrDate},
		{nif.Support, "30/6/2030", "", nif.ErrKind},
		{0, "30/6/2030", "", nif.ErrKind},
	}
	for _, tt := range tests {
		d, err := nif.ParseDate(tt.kind, tt.typed)
		if d.Reveal() != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("ParseDate(%d, %q) = %q, %v; want %q, %v", tt.kind, tt.typed, d.Reveal(), err, tt.want, tt.err)
		}
		if day, ok := d.Date(); ok != (tt.err == nil) || ok && day.Format(time.DateOnly) != tt.want {
			t.Errorf("ParseDate(%d, %q).Date() = %v, %v", tt.kind, tt.typed, day, ok)
		}
	}
}

// Every day that a document can carry is read alike in all the ways to write it, and what was kept of it is read back.
func TestDateTypedAnyWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 300*365).Draw(t, "days"))
		layout := rapid.SampledFrom([]string{"2/1/2006", "02/01/2006", "2-1-2006", "02 01 2006", "02.01.2006", "02012006", time.DateOnly}).Draw(t, "layout")
		d, err := nif.ParseDate(nif.Issue, day.Format(layout))
		if got, ok := d.Date(); err != nil || !ok || !got.Equal(day) {
			t.Fatalf("%s read as %v, %v", day.Format(layout), got, err)
		}
		if again, err := nif.ParseDate(nif.Issue, d.Reveal()); err != nil || again != d {
			t.Fatalf("%s does not read back: %v", day.Format(layout), err)
		}
	})
}

func TestParseSupport(t *testing.T) {
	tests := []struct {
		typed string
		want  string
		err   error
	}{
		{"E12345678", "E12345678", nil},
		{"e 12345678", "E12345678", nil},
		{"E-12.345.678", "E12345678", nil},
		{"C01234567", "C01234567", nil},
		{"C1234567", "C01234567", nil},
		{"c 1", "C00000001", nil},
		{"C001234567", "C01234567", nil},
		{"", "", nif.ErrEmpty},
		{" - ", "", nif.ErrEmpty},
		{"E", "", nif.ErrSupport},
		{"12345678", "", nif.ErrSupport}, // E or C?
		{"E123456789", "", nif.ErrSupport},
		{"E1234567A", "", nif.ErrSupport},
		{"BAA000589", "", nif.ErrSupport}, // a DNI's
		{"X1234567L", "", nif.ErrSupport}, // the NIE itself
		{"É12345678", "", nif.ErrSupport},
		{"E" + strings.Repeat("0", 80), "", nif.ErrSupport},
	}
	for _, tt := range tests {
		d, err := nif.ParseSupport(tt.typed)
		if d.Reveal() != tt.want || !errors.Is(err, tt.err) || d.IsZero() != (tt.err != nil) {
			t.Errorf("ParseSupport(%q) = %q, %v; want %q, %v", tt.typed, d.Reveal(), err, tt.want, tt.err)
		}
		if _, ok := d.Date(); ok {
			t.Errorf("ParseSupport(%q) has a date", tt.typed)
		}
	}
}

// One day as validity and as issue date are two data.
func TestDatumKinds(t *testing.T) {
	validity, _ := nif.ParseDate(nif.Validity, "30/6/2030")
	issue, _ := nif.ParseDate(nif.Issue, "30/6/2030")
	if validity == issue || validity.Kind() != nif.Validity || issue.Kind() != nif.Issue {
		t.Error("validity and issue date are taken for one another")
	}
	if (nif.Datum{}).Kind() != 0 || !(nif.Datum{}).IsZero() {
		t.Error("the zero datum is something")
	}
}

func TestRule21NothingPrintsADatum(t *testing.T) {
	const canary = "87654321"
	d, err := nif.ParseSupport("E" + canary)
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		Seen   nif.Datum
		hidden nif.Datum
	}
	for _, value := range []any{d, &d, holder{d, d}, []any{d}} {
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("asked", "datum", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("asked", "datum", value)
		out := log.String() + fmt.Sprintf("%v %+v %#v %s %q %x %X %d", value, value, value, value, value, value, value, value)
		if strings.Contains(out, canary) || strings.Contains(out, fmt.Sprintf("%x", canary)) {
			t.Errorf("prints the datum: %s", out)
		}
	}
	if d.String() != "(datum)" || fmt.Sprint(d) != "(datum)" {
		t.Errorf("prints %s", d)
	}
	if out, err := json.Marshal(d); !errors.Is(err, nif.ErrHidden) {
		t.Errorf("JSON %s, %v, want ErrHidden", out, err)
	}
	if _, err := d.Value(); !errors.Is(err, nif.ErrHidden) {
		t.Errorf("database value: %v, want ErrHidden", err)
	}
}

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"30/6/2030", "30-06-2030", "30 06 2030", "2030-06-30", "30062030", "01 01 9999", "29/2/2030", "", "1/1/0000", "٣٠/٦/٢٠٣٠"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		d, err := nif.ParseDate(nif.Validity, typed)
		if err != nil {
			if !d.IsZero() {
				t.Fatalf("a datum beside the error %v", err)
			}
			return
		}
		if again, err := nif.ParseDate(nif.Validity, d.Reveal()); err != nil || again != d {
			t.Fatalf("%q read as %s does not read back: %v", typed, d.Reveal(), err)
		}
	})
}

func FuzzParseSupport(f *testing.F) {
	for _, seed := range []string{"E12345678", "c 1234567", "E", "12345678", "", "BAA000589"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		d, err := nif.ParseSupport(typed)
		if err != nil {
			return
		}
		if again, err := nif.ParseSupport(d.Reveal()); err != nil || again != d || len(d.Reveal()) != 9 {
			t.Fatalf("%q read as %s does not read back: %v", typed, d.Reveal(), err)
		}
	})
}
