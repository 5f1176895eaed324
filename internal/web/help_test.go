package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"clave/internal/contact"
	"clave/internal/guide"
	"clave/internal/notify"
)

// helped is a Clave whose help desk has a mailbox.
func helped(t *testing.T) *registry {
	t.Helper()
	g := openRegistry(t)
	mailbox, err := contact.ParseEmail("ayuda@clave.test")
	if err != nil {
		t.Fatal(err)
	}
	g.server.Desk = &guide.Desk{
		Store: g.store, Ring: g.server.Ring, Mailbox: mailbox, Lang: "es", Limits: guide.DefaultLimits(), Now: g.server.Now,
	}
	return g
}

// has holds the page to texts, and lacks to the absence of texts.
func (a *applicant) has(texts ...string) *applicant {
	a.g.t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.page, text) {
			a.g.t.Errorf("%s says no %q:\n%s", a.at, text, a.page)
		}
	}
	return a
}

func (a *applicant) lacks(texts ...string) *applicant {
	a.g.t.Helper()
	for _, text := range texts {
		if strings.Contains(a.page, text) {
			a.g.t.Errorf("%s says %q:\n%s", a.at, text, a.page)
		}
	}
	return a
}

var ourLinks = regexp.MustCompile(`href="(/[^"#?]*)`)

// Every article is shown in both languages, and whatever it and the page of all help lead to is there.
func TestEveryArticleLeadsSomewhere(t *testing.T) {
	g := helped(t)
	a := g.applicant()
	seen := map[string]bool{}
	for _, lang := range []string{"es", "en"} {
		a.get("/help?lang=" + lang)
		for _, topic := range guide.Topics {
			for _, slug := range topic.Slugs {
				article, _ := guide.Find(lang, slug)
				a.get("/help/"+slug).has("<h1>"+strings.ReplaceAll(article.Title, "'", "&#39;")+"</h1>", `href="/help/contact"`, `href="tel:060"`).lacks("{phone}", "{origin}")
				for _, found := range ourLinks.FindAllStringSubmatch(a.page, -1) {
					seen[found[1]] = true
				}
			}
		}
	}
	for _, place := range guide.Places {
		seen[place] = true
	}
	b := newGate(t).browser() // a person's own pages ask who it is
	for place := range seen {
		if got := b.get(place); got.StatusCode != 200 {
			t.Errorf("%s answers %s", place, got.Status)
		}
	}
	a.get("/help/nothing").sees(404, "There is no such page")
	a.get("/help/leaflet/nothing.pdf").sees(404, "There is no such page")
	a.get("/help/leaflet/pin").sees(404, "There is no such page")
}

// Every page leads to the help, in the same place.
func TestEveryPageLeadsToHelp(t *testing.T) {
	a := helped(t).applicant()
	for _, place := range []string{"/", "/register", "/register/letter", "/privacy", "/help", "/nowhere", "/Proxy2/ServiceProvider"} {
		a.get(place).has(`<li><a href="/help">Help</a></li>`)
	}
}

func TestSearch(t *testing.T) {
	g := helped(t)
	a := g.applicant()
	a.get("/help?q="+url.QueryEscape("the MESSAGES do not arrive")).sees(200, "Help").has("answers for “the MESSAGES do not arrive”", `value="the MESSAGES do not arrive"`)
	if first := regexp.MustCompile(`<ol class="articles">\s*<li><a href="([^"]*)"`).FindStringSubmatch(a.page); first == nil || first[1] != "/help/sms" {
		t.Errorf("the first answer is %v", first)
	}
	a.get("/help?lang=es&q=" + url.QueryEscape("CÓDIGOS de activación")).has(`<li><a href="/help/activation">`)
	a.get("/help?lang=en&q=xylophone").has("We found nothing for “xylophone”", "Call 060.", `href="/help/contact"`, `href="/help/sms"`)
	a.get("/help?q=" + url.QueryEscape("<script>'\"")).lacks("<script>'")
	a.get("/help?q=+").lacks("We found nothing")
}

// People type their numbers into search boxes: what is searched for stands in no log and no cookie.
func TestSearchIsNotLogged(t *testing.T) {
	g := helped(t)
	a := g.applicant()
	a.get("/help?q=12345678Z+ana@example.org").has("We found nothing")
	if log := g.log.String(); strings.Contains(log, "12345678Z") || strings.Contains(log, "ana@example.org") {
		t.Errorf("the log says %s", log)
	}
}

var number = regexp.MustCompile(`class="reference">([A-Z2-9]{9})<`)

// An error page leads to its own answer and to the form; both know its reference. Typed into the search, it leads there too.
func TestErrorPageLeadsToItsAnswer(t *testing.T) {
	g := helped(t)
	a := g.applicant()
	for _, c := range []struct{ place, article, said string }{
		{"/Proxy2/ServiceProvider", "/help/failure", "“This address is for services”"},
		{"/nowhere", "/help/failure", "“There is no such page”"},
		{"/register/letter/000/document", "/help/browser", "“This page is no longer available”"},
	} {
		found := number.FindStringSubmatch(a.get(c.place).page)
		if found == nil {
			t.Fatalf("%s has no reference:\n%s", c.place, a.page)
		}
		ref := found[1]
		if log := g.log.String(); !strings.Contains(log, ref) {
			t.Errorf("the log has no %s", ref)
		}
		a.has(`href="`+c.article+`?reference=`+ref+`"`, `href="/help/contact?page=`, `reference=`+ref)
		a.get(c.article+"?reference="+ref).has("Your reference "+ref, "On 2 March 2026 at 11:00", c.said, `href="/help/contact?reference=`+ref)
		a.get("/help?q=" + strings.ToLower(ref[:3]) + "+" + ref[3:])
		if a.at != c.article+"?reference="+ref {
			t.Errorf("%s leads to %s", ref, a.at)
		}
		a.get("/help/minors?reference=" + ref).lacks("Your reference")
	}
	a.get("/help/failure?reference=AAAAAAAAA").lacks("Your reference")
}

// The form takes what the page that led there knows, and nothing else that a stranger's link might say.
func TestContactFormIsPrefilled(t *testing.T) {
	a := helped(t).applicant()
	a.get("/help/contact?reference=abc+def-ghj&page=%2Flogin%2F%7Bid%7D%2Fpin").sees(200, "Write to us")
	a.has(`value="ABCDEFGHJ"`, `name="page" value="/login/{id}/pin"`, "Do not write your DNI, codes or passwords")
	a.get("/help/contact?reference=call-900-123&page=https://evil.test&email=x@evil.test&text=hello").lacks(`value="CALL`, `value="https:`, `value="x@`, "hello</textarea>", `name="page"`)
}

func TestContactFormTellsWhatIsWrong(t *testing.T) {
	g := helped(t)
	a := g.applicant()
	good := map[string]string{"text": "It does not arrive.", "email": "ana@example.org", "reference": ""}
	for _, c := range []struct{ field, value, want string }{
		{"text", " \n ", "Write what happened."},
		{"text", strings.Repeat("ñ", 2001), "The text is too long."},
		{"text", "I am 12345678-z.", "The text has a DNI or a NIE in it."},
		{"text", "My NIE: X 1234567 L", "The text has a DNI or a NIE in it."},
		{"text", "_99990001P_", "The text has a DNI or a NIE in it."},
		{"text", "９９９９０００１Ｐ", "The text has a DNI or a NIE in it."},
		{"text", "1234567 X1234567L", "The text has a DNI or a NIE in it."},
		{"text", "99.990.001 – p, I am", "The text has a DNI or a NIE in it."},
		{"email", "", "Type your e-mail address."},
		{"email", "ana@example.org\r\nBcc: all@example.org", "That is not an e-mail address."},
		{"reference", "ABC", "The reference has nine letters and digits."},
	} {
		var pairs []string
		for name, value := range good {
			if name == c.field {
				value = c.value
			}
			pairs = append(pairs, name, value)
		}
		a.post("/help/contact", pairs...).sees(422, "Write to us").has(c.want, `href="#`+c.field+`"`, `aria-describedby="`+c.field+`-`)
	}
	if list := g.claimed(notify.Email); len(list) > 0 {
		t.Errorf("%d messages are owed", len(list))
	}
	for _, fine := range []string{"I called 600123456 twice.", "On 12345678 zebras", strings.Repeat("ñ", 2000)} {
		a.post("/help/contact", "text", fine, "email", "a"+url.QueryEscape(fine[:4])+"@example.org").sees(200, "We have received your message")
	}
}

// A question reaches the mailbox once, with what the reference says, and leaves its record.
func TestQuestionReachesTheDesk(t *testing.T) {
	g := helped(t)
	a := g.applicant()
	ref := number.FindStringSubmatch(a.get("/Proxy2/ServiceProvider").page)[1]
	a.post("/help/contact", "text", "It <b>fails</b>.\r\nAlways.", "email", "ana@example.org", "reference", ref, "page", "/Proxy2/ServiceProvider")
	a.sees(200, "We have received your message").lacks("ana@example.org")
	if a.at != "/help/contact/sent" {
		t.Errorf("the form leads to %s", a.at)
	}
	list := g.claimed(notify.Email)
	if len(list) != 1 || list[0].To != "ayuda@clave.test" {
		t.Fatalf("owed: %+v", list)
	}
	for name, want := range map[string]string{
		"text": "It <b>fails</b>.\r\nAlways.", "reply": "ana@example.org", "reference": ref, "page": "/Proxy2/ServiceProvider", "lang": "English",
		"problem": "Esta dirección es para los servicios (2 de marzo de 2026, 11:00)",
	} {
		if got := list[0].Values[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if log := g.log.String(); strings.Contains(log, "ana@example.org") || strings.Contains(log, "Always") {
		t.Errorf("the log says %s", log)
	}
}

// Whoever wrote often is told until when, keeps the text, and is given the telephone.
func TestQuestionsAreLimited(t *testing.T) {
	g := helped(t)
	a := g.applicant()
	for range 3 {
		a.post("/help/contact", "text", "x", "email", "ana@example.org").sees(200, "We have received your message")
	}
	a.post("/help/contact", "text", "my text", "email", "ana@example.org").sees(429, "Write to us").has("Call 060, or write again from 3 March 2026 at 11:01", "my text</textarea>")
}

// Whoever invents mailboxes spends their network's share, and is told until when, with the telephone.
func TestRule03ANetworkWritesTenTimes(t *testing.T) {
	g := helped(t)
	a := g.applicant()
	for i := range 10 {
		a.post("/help/contact", "text", "x", "email", fmt.Sprintf("a%d@example.org", i)).sees(200, "We have received your message")
	}
	a.post("/help/contact", "text", "my text", "email", "ana@example.org").sees(429, "Write to us").has("Call 060, or write again from 3 March 2026 at 11:01", "my text</textarea>")
	if n := len(g.claimed(notify.Email)); n != 10 {
		t.Errorf("%d messages are owed", n)
	}
}

// Without a mailbox nobody is offered a form that leads nowhere.
func TestNoMailboxNoForm(t *testing.T) {
	a := openRegistry(t).applicant()
	a.get("/help").sees(200, "Help").lacks("/help/contact").has(`href="tel:060"`)
	a.get("/Proxy2/ServiceProvider").lacks("/help/contact").has("/help/failure")
	a.get("/help/contact").sees(200, "Help")
	a.post("/help/contact", "text", "x", "email", "ana@example.org").sees(404, "There is no such page")
}
