package web_test

import (
	"regexp"
	"strings"
	"testing"

	"clave/internal/notify"
)

// stranger is somebody of whom a visitor must not learn anything.
type stranger struct{ name, nif, datum string }

var strangers = []stranger{
	{"may register", "12345678Z", validToday},
	{"registered", "11111111H", validToday},
	{"minor", "22222222J", validToday},
	{"other datum", "12345678Z", "1 1 2031"},
	{"registered, other datum", "11111111H", "1 1 2031"},
	{"expired, other datum", "33333333P", "1 1 2031"},
	{"unlisted", "99999999R", validToday},
}

// plain takes out of a page what differs between any two visits: ids, references, and what the visitor typed.
func plain(page string) string {
	page = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{26}`).ReplaceAllString(page, "ID")
	page = shownCode.ReplaceAllString(page, "SHOWN")
	page = regexp.MustCompile(`<span class="reference">[^<]*`).ReplaceAllString(page, "REFERENCE")
	for _, other := range strangers {
		page = strings.ReplaceAll(page, other.nif, "NIF")
	}
	return strings.NewReplacer("30 June 2030", "DATE", "1 January 2031", "DATE", validToday, "DATE", "1 1 2031", "DATE").Replace(page)
}

// TestRule08 walks every kind of person through the same pages, and compares them byte by byte. It is past failure 13 too
// (CVE-2026-23511): whether somebody is registered must not show.
func TestRule08(t *testing.T) {
	for _, c := range []struct {
		name string
		walk func(*registry, stranger) []string
	}{
		{"asking for a letter", walkAsking},
		{"asking too often", walkAskingThrice},
		{"following it", walkFollowing},
		{"a wrong code", walkWrongCode},
	} {
		t.Run(c.name, func(t *testing.T) { compareWalks(t, c.walk) })
	}
}

func TestPast13(t *testing.T) { compareWalks(t, walkAsking) }

func compareWalks(t *testing.T, walk func(*registry, stranger) []string) {
	var first []string
	for i, s := range strangers {
		g := openRegistry(t)
		g.registers("11111111H", validToday, "600123456", "luis@ejemplo.es")
		g.claimed(notify.Letter)
		var pages []string
		for _, page := range walk(g, s) {
			pages = append(pages, plain(page))
		}
		if i == 0 {
			first = pages
			continue
		}
		if len(pages) != len(first) {
			t.Fatalf("%s: %d pages, want %d", s.name, len(pages), len(first))
		}
		for j := range pages {
			if pages[j] != first[j] {
				t.Errorf("%s: page %d differs:\n%s", s.name, j, difference(first[j], pages[j]))
			}
		}
	}
}

// difference is the first line that two pages do not share.
func difference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return x[i] + "\n" + y[i]
		}
	}
	return "one is longer"
}

func walkAsking(g *registry, s stranger) []string {
	return g.applicant().asks(s.nif, s.datum).sees(200, "We have received your request").seen
}

func walkAskingThrice(g *registry, s stranger) []string {
	a := g.applicant()
	if s.name == "registered" { // whose own letter, asked for with the same data, counts
		a.asks(s.nif, s.datum).sees(200, "We have received your request")
	} else {
		a.asks(s.nif, s.datum)
		a.asks(s.nif, s.datum).sees(200, "We have received your request")
	}
	a.seen = nil
	return a.asks(s.nif, s.datum).sees(200, "Two letters have been asked for already").seen
}

func walkFollowing(g *registry, s stranger) []string {
	a := g.applicant()
	reference := g.references(a.asks(s.nif, s.datum).page)
	g.claimed(notify.Letter)
	g.now = g.now.AddDate(0, 0, 1)
	a.seen = nil
	a.post("/register/follow", "reference", reference).sees(200, "Your letter")
	g.now = g.now.AddDate(0, 0, 60)
	return a.post("/register/follow", "reference", reference).sees(200, "Your letter").seen
}

// walkWrongCode goes beyond every budget of wrong codes and wrong data.
func walkWrongCode(g *registry, s stranger) []string {
	a := g.applicant()
	a.asks(s.nif, s.datum)
	for range 12 {
		a.opens(s.nif, s.datum, "ABCD EFGH JKLM NPQR").sees(200, "We cannot go on with these data")
	}
	return a.seen
}

// TestRule08Expired tells an expired document to whoever types a date in the past, whoever it is, and to the holder of a
// document whose datum is no date.
func TestRule08Expired(t *testing.T) {
	var first string
	for i, s := range []stranger{{"expired", "33333333P", "30 6 2025"}, {"registered", "12345678Z", "30 6 2025"}, {"unlisted", "99999999R", "30 6 2025"}} {
		g := openRegistry(t)
		page := plain(g.applicant().asks(s.nif, s.datum).sees(200, "That document has expired").page)
		if len(g.claimed(notify.Letter)) > 0 {
			t.Errorf("%s: a letter goes out", s.name)
		}
		if i == 0 {
			first = page
		}
		if page != first {
			t.Errorf("%s: %s", s.name, difference(first, page))
		}
	}
}

// TestRule10 looks for a letter's code in every address and in the log.
func TestRule10(t *testing.T) {
	g := openRegistry(t)
	a := g.applicant()
	a.asks("12345678Z", validToday)
	csv := g.value(notify.Invitation, "csv")
	a.opens("12345678Z", validToday, csv).sees(200, "Your mobile phone")
	a.proves("600123456", "carmen@ejemplo.es").answer("accept", "yes").sees(200, "You are registered")
	for _, text := range append(a.seen, g.log.String()) {
		if strings.Contains(strings.ReplaceAll(text, " ", ""), csv) {
			t.Errorf("the code is in %.200q", text)
		}
	}
	for _, private := range []string{"12345678Z", "600123456", "carmen@ejemplo.es"} {
		if strings.Contains(g.log.String(), private) {
			t.Errorf("the log holds %q", private)
		}
	}
	b := g.applicant()
	b.opens("12345678Z", validToday, csv).sees(200, "That letter has been used already")
	b.get(b.step("phone")).sees(200, "A detail of your document")
}
