package locale

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // official time must not depend on what the machine has installed
)

// official is the time zone that notices and deadlines are told in: peninsular time. A date without an hour (midnight UTC) keeps
// its day.
var official = mustZone("Europe/Madrid")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// Date returns the day as it is written out, "30 de junio de 2030", in peninsular time.
func (l Lang) Date(t time.Time) string {
	t = t.In(official)
	return strings.NewReplacer(
		"{day}", strconv.Itoa(t.Day()),
		"{month}", l.tongue().months[t.Month()-1],
		"{year}", strconv.Itoa(t.Year()),
		"{ko}", basqueYear(t.Year()),
		"{a}", basqueDay(t.Day()),
	).Replace(l.tongue().longDate)
}

// basqueYear returns the ending "of" after a year, which follows how the last word of the number sounds: bost, bat, hamar and ehun
// end in a consonant (Euskaltzaindia, rules 7 and 37).
func basqueYear(year int) string {
	unit, ten := year%10, year/10%10
	five, one := unit == 5, unit == 1 && ten%2 == 0 // an odd ten makes it hamaika
	tens, hundreds := unit == 0 && ten%2 == 1, year%100 == 0 && year%1000 != 0
	if five || one || tens || hundreds {
		return "eko"
	}
	return "ko"
}

// basqueDay returns the article after a day, which hamaika (11, 31) holds already.
func basqueDay(day int) string {
	if day%20 == 11 {
		return ""
	}
	return "a"
}

// ShortDate returns the day in digits, "30/06/2030", in peninsular time.
func (l Lang) ShortDate(t time.Time) string { return t.In(official).Format(l.tongue().shortDate) }

// Clock returns the time of day, "15:04", in peninsular time.
func (l Lang) Clock(t time.Time) string { return t.In(official).Format("15:04") }

// Duration returns d as people say it, with its two largest units: "9 minutos 30 segundos", "3 días". What is negative is told as
// nothing left: "0 segundos".
func (l Lang) Duration(d time.Duration) string {
	d = coarse(max(d, 0))
	parts := []string{
		l.count("duration.days", d/day),
		l.count("duration.hours", d%day/time.Hour),
		l.count("duration.minutes", d%time.Hour/time.Minute),
		l.count("duration.seconds", d%time.Minute/time.Second),
	}
	said := strings.TrimSpace(strings.Join(parts, ""))
	if said == "" {
		return l.Text("duration.seconds", "n", 0)
	}
	return said
}

const day = 24 * time.Hour

// coarse rounds d so that no more than two units next to each other are left.
func coarse(d time.Duration) time.Duration {
	switch {
	case d >= day:
		return d.Round(time.Hour)
	case d >= time.Hour:
		return d.Round(time.Minute)
	default:
		return d.Round(time.Second)
	}
}

func (l Lang) count(unit Key, n time.Duration) string {
	if n == 0 {
		return ""
	}
	return " " + l.Text(unit, "n", int(n))
}
