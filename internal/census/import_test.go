package census_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"clave/internal/census"
	"clave/internal/keyring"
	"clave/internal/nif"
	"clave/internal/person"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var ring = storetest.Ring

func open(t testing.TB, address string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), address, store.Options{Kind: keyring.Demo, Ring: ring(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

// onBoth gives a test the address of a new database of each kind.
var onBoth = map[string]func(t testing.TB) string{
	"SQLite":     func(t testing.TB) string { return filepath.Join(t.TempDir(), "clave.db") },
	"PostgreSQL": storetest.Postgres,
}

// invented writes a register of n people whose numbers begin at first.
func invented(w io.Writer, first, n int) {
	for i := first; i < first+n; i++ {
		fmt.Fprintf(w, `{"nif":"%08d%c","given":"Nombre %d","first":"Apellido","second":"Segundo","birth":"19%02d-0%d-1%d","street":"Calle de la Prueba, %d, 2.º B",`+
			`"postcode":"280%02d","town":"Madrid","province":"Madrid","valid":"20%02d-1%d-2%d"}`+"\n",
			i, "TRWAGMYFPDXBNJZSQVHLCKE"[i%23], i, i%100, 1+i%9, i%10, i%300, i%50, 30+i%10, i%3, i%9)
	}
}

// register is such a file, written while it is read.
func register(first, n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		b := bufio.NewWriterSize(w, 1<<16)
		invented(b, first, n)
		w.CloseWithError(b.Flush())
	}()
	return r
}

func silent(int) {}

func TestImport(t *testing.T) {
	for name, address := range onBoth {
		t.Run(name, func(t *testing.T) {
			s := open(t, address(t))
			for range 2 { // again, as after an import that was cut short
				if n, err := census.Import(t.Context(), register(1, 2500), s.PutPeople, silent); n != 2500 || err != nil {
					t.Errorf("imported %d, %v", n, err)
				}
			}
			if n, err := s.CountPeople(t.Context()); n != 2500 || err != nil {
				t.Errorf("kept %d, %v", n, err)
			}
			n, _ := nif.Parse("00000001R")
			d, _ := nif.ParseDate(nif.Validity, "2031-11-21")
			table := census.Table{Store: s}
			for datum, want := range map[nif.Datum]person.Verdict{d: person.Matches, {}: person.Differs} {
				if a, err := table.Match(t.Context(), n, datum); a.Verdict != want || err != nil || a.Person.GivenName != "Nombre 1" {
					t.Errorf("got %v, %v, want %v", a.Verdict, err, want)
				}
			}
			unknown, _ := nif.Parse("12345678Z")
			if a, err := table.Match(t.Context(), unknown, d); a.Verdict != person.Unknown || err != nil {
				t.Errorf("somebody unknown: %v, %v", a.Verdict, err)
			}
		})
	}
}

func TestImportKeepsWhatComesBeforeAWrongLine(t *testing.T) {
	s := open(t, onBoth["SQLite"](t))
	file := io.MultiReader(register(1, 1500), strings.NewReader("{}\n"), register(1501, 10))
	n, err := census.Import(t.Context(), file, s.PutPeople, silent)
	if n != 1500 || !errors.Is(err, census.ErrLine) || !strings.Contains(err.Error(), "line 1501: nif: missing") {
		t.Errorf("imported %d, %v", n, err)
	}
	if kept, err := s.CountPeople(t.Context()); kept != 1500 || err != nil {
		t.Errorf("kept %d, %v", kept, err)
	}
}

func TestImportStopsWhenNothingIsSaved(t *testing.T) {
	full, puts := errors.New("the disk is full"), 0
	put := func(context.Context, []person.Person) error {
		if puts++; puts == 2 {
			return full
		}
		return nil
	}
	if n, err := census.Import(t.Context(), register(1, 5000), put, silent); n != 1000 || !errors.Is(err, full) || puts != 2 {
		t.Errorf("imported %d in %d puts, %v", n, puts, err)
	}
}

func TestImportTellsProgress(t *testing.T) {
	var told []int
	put := func(context.Context, []person.Person) error { return nil }
	n, err := census.Import(t.Context(), register(1, 250_000), put, func(saved int) { told = append(told, saved) })
	if n != 250_000 || err != nil || fmt.Sprint(told) != "[100000 200000]" {
		t.Errorf("imported %d, %v, told %v", n, err, told)
	}
}

// BenchmarkImport imports 20,000 people, or as many as CLAVE_PEOPLE says, and reports how many in a second and the memory
// in use afterwards.
func BenchmarkImport(b *testing.B) {
	people := 20_000
	fmt.Sscan(os.Getenv("CLAVE_PEOPLE"), &people)
	for name, address := range onBoth {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s := open(b, address(b))
				if n, err := census.Import(b.Context(), register(1, people), s.PutPeople, silent); n != people || err != nil {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(float64(people*b.N)/b.Elapsed().Seconds(), "people/s")
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			b.ReportMetric(float64(memory.Sys)/(1<<20), "MiB-of-Go")
		})
	}
}
