package web_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/nif"
	"clave/internal/notify"
)

func TestRegisterByLetter(t *testing.T) {
	g := openRegistry(t)
	a := g.applicant()
	a.get("/").sees(200, "One identity for all public services")
	a.get("/register").sees(200, "Register with Cl@ve")
	for _, way := range []string{"With a letter to your home", "With a certificate or electronic DNI", "At a registration office", "By automatic video"} {
		if !strings.Contains(a.page, way) {
			t.Errorf("the way %q is not named", way)
		}
	}
	a.asks("12345678-z", "30/6/2030").sees(200, "We have received your request")
	csv := g.value(notify.Invitation, "csv")
	g.now = g.now.AddDate(0, 0, 10)
	a.opens("12345678Z", validToday, strings.ToLower(csv[:4]+" "+csv[4:8]+"-"+csv[8:])).sees(200, "Your mobile phone")
	a.proves("600 123 456", "carmen@ejemplo.es")
	for _, open := range []string{"12345678Z", "600123456", "carmen@ejemplo.es"} {
		if strings.Contains(a.page, open) {
			t.Errorf("the last page shows %q unmasked", open)
		}
	}
	a.answer().sees(422, "Check and accept").answer("accept", "yes").sees(200, "You are registered")
	c := g.citizen("12345678Z")
	if c.Phone.Reveal() != "+34600123456" || c.Email.Reveal() != "carmen@ejemplo.es" || c.Lang != "en" || c.Proofing != assurance.Basic {
		t.Errorf("registered as %s %s %s %s", c.Phone.Reveal(), c.Email.Reveal(), c.Lang, c.Proofing)
	}
	welcomed := map[notify.Kind]bool{}
	for _, channel := range []notify.Channel{notify.SMS, notify.Email, notify.Letter} {
		for _, m := range g.claimed(channel) {
			welcomed[m.Kind] = true
		}
	}
	if !welcomed[notify.WelcomeSMS] || !welcomed[notify.WelcomeEmail] || !welcomed[notify.RegisteredPost] {
		t.Errorf("told on %v only", welcomed)
	}
}

func TestEveryDocument(t *testing.T) {
	g := openRegistry(t)
	a := g.applicant()
	a.get("/register/letter").answer("nif", "x1234567l").answer("datum", "e 12345678").sees(200, "Check your data")
	if !strings.Contains(a.page, "E12345678") {
		t.Error("the support number is not shown")
	}
	a.get("/register/letter").answer("nif", "44444444A").answer("datum", "01 01 9999").sees(200, "A detail of your document")
	if !strings.Contains(a.at, "dni=permanent") || !strings.Contains(a.page, "Issue date of your DNI") {
		t.Fatalf("a permanent DNI is not asked for its issue date: %s", a.at)
	}
	a.answer("datum", "12 5 2016").sees(200, "Check your data")
	if !strings.Contains(a.page, "12 May 2016") {
		t.Error("the date is not written out")
	}
}

func TestFormFaults(t *testing.T) {
	g := openRegistry(t)
	a := g.applicant()
	for _, c := range []struct{ page, name, typed, told string }{
		{"/register/letter", "nif", "", "Type your DNI or NIE."},
		{"/register/letter", "nif", "12345678A", "The letter does not fit the number."},
		{"/register/letter", "nif", "B12345674", "Only a DNI or a NIE can be used here."},
		{"/register/open", "csv", "", "Type the code of the letter."},
		{"/register/open", "csv", "ABCD", "The code has 16 letters and digits"},
		{"/register/follow", "reference", "", "Type the reference."},
		{"/register/follow", "reference", "ABCDEFGH", "There is no letter with that reference."},
		{"/freeze", "code", "", "Type the code of the letter"},
	} {
		a.post(c.page, c.name, c.typed)
		if a.status != 422 || !strings.Contains(a.page, c.told) {
			t.Errorf("%s %q: %d, want %q on the page", c.page, c.typed, a.status, c.told)
		}
		if c.typed != "" && !strings.Contains(a.page, `value="`+c.typed+`"`) {
			t.Errorf("%s: %q is not kept in the form", c.page, c.typed)
		}
	}
}

// What is typed around a code must not fill the cookie.
func TestBlanksAroundACode(t *testing.T) {
	g := openRegistry(t)
	a := g.applicant()
	a.post("/register/open", "nif", "12345678Z", "csv", strings.Repeat(" ", 6000)+"abcd-efgh jklm npqr").sees(200, "A detail of your document")
	a.get(strings.TrimSuffix(a.at, "/document"))
	if !strings.Contains(a.page, `value="ABCD EFGH JKLM NPQR"`) {
		t.Error("the code is not kept in the form")
	}
}

func TestContactFaults(t *testing.T) {
	g := openRegistry(t)
	a := g.applicant()
	a.asks("12345678Z", validToday)
	a.opens("12345678Z", validToday, g.value(notify.Invitation, "csv")).sees(200, "Your mobile phone")
	for typed, told := range map[string]string{
		"": "Type your mobile number.", "12": "There is no such number.", "912345678": "cannot receive text messages",
	} {
		if a.post(a.step("phone"), "phone", typed).sees(422, "Your mobile phone"); !strings.Contains(a.page, told) {
			t.Errorf("%q: the page does not say %q", typed, told)
		}
	}
	a.post(a.step("phone"), "phone", "0033 6 12 34 56 78").sees(200, "Confirm your phone")
	right := g.value(notify.PhoneCode, "code")
	for _, told := range []string{"You have 2 tries left.", "You have 1 try left.", "typed wrongly too often"} {
		if a.answer("code", other(right)).sees(422, "Confirm your phone"); !strings.Contains(a.page, told) {
			t.Errorf("the page does not say %q", told)
		}
	}
	a.answer("code", right).sees(422, "Confirm your phone")
	a.answer("again", "1").sees(200, "Confirm your phone")
	late := g.value(notify.PhoneCode, "code")
	g.now = g.now.Add(11 * time.Minute)
	if a.answer("code", late).sees(422, "Confirm your phone"); !strings.Contains(a.page, "its time is over") {
		t.Error("a late code is not told as late")
	}
	for range 3 {
		a.answer("again", "1").sees(200, "Confirm your phone")
	}
	if a.answer("again", "1").sees(422, "Confirm your phone"); !strings.Contains(a.page, "Too many codes") {
		t.Error("codes are sent without end")
	}
}

// other is another code of the same length.
func other(code string) string {
	last := code[len(code)-1]
	return code[:len(code)-1] + string('0'+(last-'0'+1)%10)
}

// TestFollow holds the reference's page to what became of the letter.
func TestFollow(t *testing.T) {
	g := openRegistry(t)
	a := g.applicant()
	a.asks("12345678Z", validToday).sees(200, "We have received your request")
	reference := g.references(a.page)
	b := g.applicant()
	b.post("/register/follow", "reference", strings.ToLower(reference)).sees(200, "Your letter")
	for _, c := range []struct {
		do   func()
		want string
	}{
		{func() {}, "In progress: </span>Printing"},
		{func() { g.claimed(notify.Letter) }, "In progress: </span>Arrival"},
		{func() { g.now = g.now.AddDate(0, 0, 60) }, "Not possible: </span>Expired unused"},
	} {
		c.do()
		b.post("/register/follow", "reference", reference).sees(200, "Your letter")
		if !strings.Contains(b.page, c.want) {
			t.Errorf("the page does not say %q", c.want)
		}
	}
}

var shownCode = regexp.MustCompile(`<p class="shown-code">(.*?)</p>`)

// references reads the code that a page shows.
func (g *registry) references(page string) string {
	found := shownCode.FindStringSubmatch(page)
	if found == nil {
		g.t.Fatal("the page shows no code")
	}
	return regexp.MustCompile(`<[^>]*>`).ReplaceAllString(found[1], "")
}

func (g *registry) citizen(number string) citizen.Citizen {
	g.t.Helper()
	n, err := nif.Parse(number)
	if err != nil {
		g.t.Fatal(err)
	}
	found, ok, err := g.store.CitizenByNIF(g.t.Context(), n)
	if err != nil || !ok {
		g.t.Fatalf("nobody is registered with %s, %v", number, err)
	}
	return found
}

func TestPlaces(t *testing.T) {
	g := openRegistry(t)
	a := g.applicant()
	for path, heading := range map[string]string{
		"/accessibility": "Accessibility statement", "/privacy": "Data protection", "/services": "For public services",
	} {
		a.get(path).sees(200, heading)
		if a.get(path + "?lang=es"); strings.Contains(a.page, heading) {
			t.Errorf("%s is not told in Spanish", path)
		}
		a.get("/?lang=en")
	}
	a.get("/nothing/here").sees(404, "There is no such page")
	a.get("/register/open/01ARZ3NDEKTSV4RRFFQ69G5FAV/check").sees(410, "This page is no longer available")
}

// TestRule11 looks for the activation code wherever it must not be: it is on the receipt, once, and nowhere else.
func TestRule11(t *testing.T) {
	g := openRegistry(t)
	a := g.registers("12345678Z", validToday, "600123456", "carmen@ejemplo.es")
	done := a.at
	code := activation(t, a.get(a.step("receipt.pdf")).page)
	a.get(done)
	a.seen = append(a.seen[:0:0], without(a.seen, "%PDF")...)
	for _, channel := range []notify.Channel{notify.SMS, notify.Email, notify.Letter} {
		for _, m := range g.claimed(channel) {
			for _, v := range m.Values {
				a.seen = append(a.seen, v)
			}
		}
	}
	a.seen = append(a.seen, g.log.String())
	for _, text := range a.seen {
		if strings.Contains(text, code) || strings.Contains(text, code[:4]+" "+code[4:8]) {
			t.Fatalf("the activation code is in %.200q", text)
		}
	}
	g.now = g.now.Add(30 * time.Minute)
	a.get(a.step("receipt.pdf")).sees(410, "This page is no longer available")
	g.applicant().get(done).sees(410, "This page is no longer available")
}

func without(texts []string, prefix string) (kept []string) {
	for _, text := range texts {
		if !strings.HasPrefix(text, prefix) {
			kept = append(kept, text)
		}
	}
	return kept
}

// activation reads a receipt's activation code, and sees that the rest of the receipt is right.
func activation(t *testing.T, file string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "receipt.pdf")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), "pdftotext", path, "-").Output() // Debian package poppler-utils
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Carmen Española Española", "12345678Z", "+34 ··· ··· 456", "Cut here"} {
		if !bytes.Contains(text, []byte(part)) {
			t.Errorf("the receipt lacks %q", part)
		}
	}
	_, below, _ := strings.Cut(string(text), "Cut here")
	found := regexp.MustCompile(`[A-Z2-9]{4} [A-Z2-9]{4} [A-Z2-9]{4}`).FindString(below)
	if found == "" {
		t.Fatalf("no activation code below the line in %q", below)
	}
	return strings.ReplaceAll(found, " ", "")
}

// TestRule12 takes a number from a registration by letter, and fails to take it from one made in person.
func TestRule12(t *testing.T) {
	g := openRegistry(t)
	g.registers("12345678Z", validToday, "600123456", "carmen@ejemplo.es")
	g.claimed(notify.Email)
	b := g.applicant()
	b.asks("11111111H", validToday)
	b.opens("11111111H", validToday, g.value(notify.Invitation, "csv")).sees(200, "Your mobile phone")
	b.answer("phone", "+34600123456").sees(200, "Confirm your phone")
	if strings.Contains(b.page, "another") && strings.Contains(b.page, "registration") {
		t.Error("a number's holder shows before possession is proven")
	}
	b.answer("code", g.value(notify.PhoneCode, "code"))
	b.answer("email", "luis@ejemplo.es").answer("code", g.value(notify.EmailCode, "code")).sees(200, "Check and accept")
	b.answer("accept", "yes").sees(200, "That number is in another registration")
	if c := g.citizen("12345678Z"); c.Phone.IsZero() {
		t.Fatal("the number was taken before the applicant wanted it")
	}
	b.answer().sees(200, "You are registered")
	if c := g.citizen("12345678Z"); !c.Phone.IsZero() || c.Frozen {
		t.Errorf("the old holder has %v, frozen %v", c.Phone, c.Frozen)
	}
	told := false
	for _, m := range g.claimed(notify.Email) {
		told = told || m.Kind == notify.PhoneTaken && m.To == "carmen@ejemplo.es"
	}
	if !told {
		t.Error("the old holder is not told at once")
	}
}

// TestRule12Kept refuses a number that changed hands in the last 30 days, and one that a registration in person holds.
func TestRule12Kept(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(*registry)
	}{
		{"bound in person", func(g *registry) { g.bind("12345678Z", assurance.Substantial) }},
		{"taken this month", func(g *registry) {
			b := g.applicant()
			b.asks("11111111H", validToday)
			b.opens("11111111H", validToday, g.value(notify.Invitation, "csv"))
			b.proves("600123456", "luis@ejemplo.es").answer("accept", "yes").answer().sees(200, "You are registered")
			g.now = g.now.AddDate(0, 0, 29)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := openRegistry(t)
			g.registers("12345678Z", validToday, "600123456", "carmen@ejemplo.es")
			c.make(g)
			b := g.applicant()
			b.asks("X1234567L", "E12345678")
			b.opens("X1234567L", "E12345678", g.value(notify.Invitation, "csv"))
			b.proves("600123456", "mary@ejemplo.es").answer("accept", "yes").sees(200, "That number cannot be used here")
			b.post(b.step("held")).sees(200, "That number cannot be used here")
			b.post(b.step("phone"), "phone", "600123457").answer("code", g.value(notify.PhoneCode, "code")).sees(200, "Check and accept")
			b.answer("accept", "yes").sees(200, "You are registered")
		})
	}
}

func (g *registry) bind(number string, l assurance.Level) {
	g.t.Helper()
	c := g.citizen(number)
	c.PhoneBinding = l
	if err := g.store.Do(g.t.Context(), func(ctx context.Context) error { return g.store.SaveCitizen(ctx, c) }); err != nil {
		g.t.Fatal(err)
	}
}

// TestRule15 freezes by a press of a button on a page, once.
func TestRule15(t *testing.T) {
	g := openRegistry(t)
	g.registers("12345678Z", validToday, "600123456", "carmen@ejemplo.es")
	code := g.value(notify.RegisteredPost, "freeze")
	a := g.applicant()
	a.get("/freeze?code="+code).sees(200, "Block a registration that you did not make")
	a.answer("code", "ABCDEFGHJKLMNPQR").sees(200, "Block the registration?").answer().sees(200, "Nothing was blocked")
	a.post("/freeze", "code", code).sees(200, "Block the registration?")
	if g.citizen("12345678Z").Frozen {
		t.Fatal("frozen before the button was pressed")
	}
	a.answer().sees(200, "The registration is blocked")
	if !g.citizen("12345678Z").Frozen {
		t.Fatal("not frozen")
	}
	a.post("/freeze", "code", code).answer().sees(200, "Nothing was blocked")
}

// TestPast11 calls later steps without the earlier ones, and brings back an older cookie (CVE-2026-18963).
func TestPast11(t *testing.T) {
	g := openRegistry(t)
	a := g.applicant()
	a.asks("12345678Z", validToday)
	csv := g.value(notify.Invitation, "csv")
	a.get("/register/open").answer("nif", "12345678Z", "csv", csv)
	for _, page := range []string{"phone", "phone-code", "email", "email-code", "check", "held"} {
		a.post(a.step(page), "phone", "600123456", "email", "a@ejemplo.es", "code", "000000", "accept", "yes").sees(200, "A detail of your document")
	}
	a.get(a.step("done")).sees(200, "A detail of your document")
	a.post(a.step("document"), "datum", validToday).sees(200, "Your mobile phone")
	for _, page := range []string{"check", "held", "done", "receipt.pdf"} {
		a.get(a.step(page)).sees(200, "Your mobile phone")
	}
	a.post(a.step("check"), "accept", "yes").sees(200, "Your mobile phone")
	a.proves("600123456", "carmen@ejemplo.es")
	older := a.cookies()
	a.post(a.step("phone"), "phone", "600999999").sees(200, "Confirm your phone")
	a.post(a.step("check"), "accept", "yes").sees(200, "Your mobile phone")
	a.brings(older).post(a.step("check"), "accept", "yes").sees(200, "You are registered")
	if phone := g.citizen("12345678Z").Phone.Reveal(); phone != "+34600123456" {
		t.Errorf("registered with %s, which nobody proved", phone)
	}
	before := g.citizen("12345678Z").ID
	a.brings(older).post(a.step("check"), "accept", "yes").sees(200, "You are registered") // the same answer, were it lost
	if g.citizen("12345678Z").ID != before {
		t.Error("an older cookie registered somebody again")
	}
	for _, c := range older {
		c.Name = "register-01ARZ3NDEKTSV4RRFFQ69G5FAV"
	}
	a.brings(older).get("/register/open/01ARZ3NDEKTSV4RRFFQ69G5FAV/check").sees(410, "This page is no longer available")
}

func (a *applicant) cookies() []*http.Cookie {
	return a.client.Jar.Cookies(&url.URL{Scheme: "http", Host: "clave.localhost", Path: "/"})
}

// brings makes the browser carry exactly these cookies.
func (a *applicant) brings(cookies []*http.Cookie) *applicant {
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.g.t.Fatal(err)
	}
	for _, c := range cookies {
		c.Path = "/"
	}
	jar.SetCookies(&url.URL{Scheme: "http", Host: "clave.localhost", Path: "/"}, cookies)
	a.client.Jar = jar
	return a
}

// While so many codes wait that one more would come too late, none is sent; what was typed is kept.
func TestBusyCodes(t *testing.T) {
	g := openRegistry(t)
	busy := notify.SMS
	g.server.Late = func(c notify.Channel) bool { return c == busy }
	a := g.applicant()
	a.asks("12345678Z", validToday)
	a.opens("12345678Z", validToday, g.value(notify.Invitation, "csv")).sees(200, "Your mobile phone")
	if a.post(a.step("phone"), "phone", "600123456").sees(422, "Your mobile phone"); !strings.Contains(a.page, "600123456") ||
		!strings.Contains(a.page, "Too many messages are waiting") || len(g.claimed(notify.SMS)) > 0 {
		t.Error("a code was sent, or the number is gone")
	}
	busy = ""
	a.answer("phone", "600123456").sees(200, "Confirm your phone")
	code := g.value(notify.PhoneCode, "code")
	busy = notify.SMS
	if a.answer("again", "1").sees(422, "Confirm your phone"); !strings.Contains(a.page, "Too many messages are waiting") {
		t.Error("it does not say why")
	}
	a.answer("code", code).sees(200, "Your e-mail address")
}
