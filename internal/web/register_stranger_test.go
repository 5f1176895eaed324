package web_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/person"
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
	page = regexp.MustCompile(`<(?:span|strong) class="reference">[^<]*|reference=[A-Z0-9]{9}|name="reference" value="[^"]*"`).ReplaceAllString(page, "REFERENCE")
	for _, other := range strangers {
		page = strings.ReplaceAll(page, other.nif, "NIF")
	}
	return strings.NewReplacer("30 June 2030", "DATE", "1 January 2031", "DATE", validToday, "DATE", "1 1 2031", "DATE").Replace(page)
}

// TestRule08 walks every kind of person through the same pages, and compares them byte by byte.
func TestRule08(t *testing.T) {
	for _, c := range []struct {
		name string
		walk func(*registry, stranger) []string
	}{
		{"asking too often", walkAskingThrice},
		{"following it", walkFollowing},
		{"a wrong code", walkWrongCode},
	} {
		t.Run(c.name, func(t *testing.T) { compareWalks(t, c.walk) })
	}
}

// TestPast13 does the same with the first pages that anybody sees (CVE-2026-23511, CVE-2023-39522).
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
	times := 2
	if s.name == "registered" {
		times = 1 // the letter that they registered with counts
	}
	for range times {
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

// An address is what somebody typed, at any length: the log has the page's pattern instead.
func TestLogHoldsNoAddress(t *testing.T) {
	g := openRegistry(t)
	g.applicant().get("/login/12345678Z" + strings.Repeat("x", 5000))
	if text := g.log.String(); !strings.Contains(text, "/login/{id}") || strings.Contains(text, "12345678Z") {
		t.Errorf("%.300q", text)
	}
}

// silent is a register that does not answer.
type silent struct{}

func (silent) Match(ctx context.Context, _ nif.NIF, _ nif.Datum) (person.Answer, error) {
	<-ctx.Done()
	return person.Answer{}, ctx.Err()
}

// TestRule09 loses nothing while the register is silent.
func TestRule09(t *testing.T) {
	g := openRegistry(t)
	answering := g.service.Census
	falls := func() { g.service.Census, g.service.Limits.Census = silent{}, time.Millisecond }
	returns := func() { g.service.Census, g.service.Limits.Census = answering, time.Minute }
	a := g.applicant()
	falls()
	a.asks("12345678Z", validToday).sees(200, "We could not check your data")
	returns()
	a.get(a.step("check")).sees(200, "Check your data").answer().sees(200, "We have received your request")
	csv := g.value(notify.Invitation, "csv")
	falls()
	a.opens("12345678Z", validToday, csv).sees(200, "We could not check your data")
	returns()
	a.post(a.step("document"), "datum", validToday).sees(200, "Your mobile phone")
	a.proves("600123456", "carmen@ejemplo.es")
	falls()
	a.answer("accept", "yes").sees(200, "We could not check your data")
	returns()
	a.get(a.step("check")).sees(200, "Check and accept").answer("accept", "yes").sees(200, "You are registered")
}
