package locale

import (
	"testing"
	"time"
)

func TestDates(t *testing.T) {
	day := time.Date(2030, time.June, 30, 0, 0, 0, 0, time.UTC)
	summer := time.Date(2030, time.June, 30, 22, 4, 0, 0, time.UTC)
	winter := time.Date(2030, time.January, 1, 8, 5, 0, 0, time.UTC)
	spanish, english := Match("es"), Match("en")
	for _, c := range []struct{ got, want string }{
		{spanish.Date(day), "30 de junio de 2030"},
		{english.Date(day), "30 June 2030"},
		{spanish.ShortDate(day), "30/06/2030"},
		{english.ShortDate(day), "30/06/2030"},
		{spanish.Date(summer), "1 de julio de 2030"},
		{spanish.Clock(summer), "00:04"},
		{english.Clock(winter), "09:05"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
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
