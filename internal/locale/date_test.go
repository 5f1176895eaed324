package locale

import (
	"slices"
	"testing"
	"time"
)

func TestDates(t *testing.T) {
	day := time.Date(2030, time.June, 30, 0, 0, 0, 0, time.UTC)
	summer := time.Date(2030, time.June, 30, 22, 4, 0, 0, time.UTC)
	winter := time.Date(2030, time.January, 1, 8, 5, 0, 0, time.UTC)
	spring := time.Date(2030, time.April, 11, 12, 0, 0, 0, time.UTC)
	spanish, catalan, galician, english := Match("es"), Match("ca"), Match("gl"), Match("en")
	for _, c := range []struct{ got, want string }{
		{spanish.Date(day), "30 de junio de 2030"},
		{catalan.Date(day), "30 de juny de 2030"},
		{catalan.Date(spring), "11 d'abril de 2030"},
		{galician.Date(day), "30 de xuño de 2030"},
		{english.Date(day), "30 June 2030"},
		{spanish.ShortDate(day), "30/06/2030"},
		{english.ShortDate(day), "30/06/2030"},
		{spanish.Date(summer), "1 de julio de 2030"},
		{spanish.Clock(summer), "00:04"},
		{galician.ShortDate(day), "30/06/2030"},
		{catalan.ShortDate(day), "30/06/2030"},
		{english.Clock(winter), "09:05"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestBasqueDates(t *testing.T) {
	for date, want := range map[string]string{
		"2030-06-30": "2030eko ekainaren 30a",
		"2031-05-11": "2031ko maiatzaren 11",
		"2026-12-31": "2026ko abenduaren 31",
		"2025-01-01": "2025eko urtarrilaren 1a",
		"2000-02-05": "2000ko otsailaren 5a",
		"2021-09-21": "2021eko irailaren 21a",
		"2040-03-10": "2040ko martxoaren 10a",
		"2100-04-12": "2100eko apirilaren 12a",
	} {
		day, err := time.Parse(time.DateOnly, date)
		if got := Match("eu").Date(day); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", date, got, want, err)
		}
	}
	if got := Match("eu").ShortDate(time.Date(2030, time.June, 30, 0, 0, 0, 0, time.UTC)); got != "2030/06/30" {
		t.Errorf("in digits %q", got)
	}
}

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		d      time.Duration
		es, en string
	}{
		{9*time.Minute + 30*time.Second, "9 minutos 30 segundos", "9 minutes 30 seconds"},
		{10 * time.Minute, "10 minutos", "10 minutes"},
		{time.Second, "1 segundo", "1 second"},
		{0, "0 segundos", "0 seconds"},
		{-time.Minute, "0 segundos", "0 seconds"},
		{59*time.Minute + 59*time.Second + 700*time.Millisecond, "1 hora", "1 hour"},
		{23*time.Hour + 59*time.Minute + 40*time.Second, "1 día", "1 day"},
		{72 * time.Hour, "3 días", "3 days"},
		{49*time.Hour + 5*time.Minute, "2 días 1 hora", "2 days 1 hour"},
		{3601 * time.Second, "1 hora", "1 hour"},
	} {
		if got := Match("es").Duration(c.d); got != c.es {
			t.Errorf("es %v = %q, want %q", c.d, got, c.es)
		}
		if got := Match("en").Duration(c.d); got != c.en {
			t.Errorf("en %v = %q, want %q", c.d, got, c.en)
		}
	}
}

func TestDurationCounts(t *testing.T) {
	one, many := 25*time.Hour, 2*time.Minute+3*time.Second
	for _, c := range []struct{ lang, one, many, none string }{
		{"ca", "1 dia 1 hora", "2 minuts 3 segons", "0 segons"},
		{"gl", "1 día 1 hora", "2 minutos 3 segundos", "0 segundos"},
		{"eu", "1 egun 1 ordu", "2 minutu 3 segundo", "0 segundo"},
	} {
		l := Match(c.lang)
		if got := []string{l.Duration(one), l.Duration(many), l.Duration(0)}; !slices.Equal(got, []string{c.one, c.many, c.none}) {
			t.Errorf("%s: %q", c.lang, got)
		}
	}
}
