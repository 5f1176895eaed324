package web

import (
	"net/http"
	"time"

	"clave/internal/enrolment"
	"clave/internal/nif"
	"clave/internal/person"
)

func (s *Server) askingRoutes(mux *http.ServeMux) {
	hasNIF := func(e enrolmentStep) bool { return !e.NIF.IsZero() && e.Reference == "" }
	hasData := func(e enrolmentStep) bool { return e.due() == "check" }
	asked := func(e enrolmentStep) bool { return e.Reference != "" }
	mux.HandleFunc("GET /register/letter", s.fresh(asking, s.numberPage))
	mux.HandleFunc("POST /register/letter", s.fresh(asking, s.takeNumber))
	mux.HandleFunc("GET /register/letter/{id}", s.inJourney(asking, s.numberPage))
	mux.HandleFunc("POST /register/letter/{id}", s.inJourney(asking, s.takeNumber))
	mux.HandleFunc("GET /register/letter/{id}/document", s.onlyAt(asking, hasNIF, s.documentPage))
	mux.HandleFunc("POST /register/letter/{id}/document", s.onlyAt(asking, hasNIF, s.takeAskingDocument))
	mux.HandleFunc("GET /register/letter/{id}/check", s.onlyAt(asking, hasData, s.letterCheckPage))
	mux.HandleFunc("POST /register/letter/{id}/check", s.onlyAt(asking, hasData, s.askLetter))
	mux.HandleFunc("GET /register/letter/{id}/answer", s.inJourney(asking, s.answerPage))
	mux.HandleFunc("GET /register/letter/{id}/done", s.onlyAt(asking, asked, s.letterAskedPage))
	mux.HandleFunc("GET /register/letter/{id}/follow", s.onlyAt(asking, asked, s.stagePage))
}

// fresh runs the first page of a journey, which has no flow yet.
func (s *Server) fresh(j journey, page func(http.ResponseWriter, *http.Request, enrolmentStep)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { page(w, r, s.begin(j)) }
}

func (s *Server) numberPage(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	s.askNumber(w, r, e.NIF.String(), nil)
}

func (s *Server) askNumber(w http.ResponseWriter, r *http.Request, typed string, err error) {
	f := formPage{page: s.page(r)}
	f.Title, f.Lead = f.T("letter.number-title"), f.T("letter.number-lead")
	f.Text = []string{f.T("register.time")}
	f.Fields = []field{f.nifField(typed, err)}
	f.Buttons = []button{{Kind: "primary", Text: f.T("register.continue")}}
	s.form(w, r, f)
}

func (s *Server) takeNumber(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	typed := r.PostFormValue("nif")
	n, err := nif.Parse(typed)
	if err != nil {
		s.askNumber(w, r, typed, err)
		return
	}
	e.take(n)
	s.goOn(w, r, e, "document")
}

// take keeps a number; what was said of another one is forgotten.
func (e enrolmentStep) take(n nif.NIF) {
	if e.NIF != n {
		e.NIF, e.Kind, e.Datum, e.Letter, e.Reference = n, 0, "", "", ""
	}
}

func (s *Server) takeAskingDocument(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	if s.takeDatum(w, r, e) {
		s.goOn(w, r, e, "check")
	}
}

type checkPage struct {
	page
	Title, Lead string
	Rows        []row
	Terms       []string
	Accept      *choices
	Action      string
	Buttons     []button
}

func (s *Server) letterCheckPage(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	c := checkPage{page: s.page(r), Action: r.URL.Path}
	c.Title, c.Lead = c.T("letter.check-title"), c.T("letter.check-lead")
	term, text := c.datumWords(e.datum())
	change := c.T("register.change")
	c.Rows = []row{
		{c.T("document.nif"), e.NIF.String(), e.at(""), change},
		{term, text, e.at("document"), change},
	}
	c.Buttons = []button{
		{Kind: "primary", Text: c.T("letter.check-yes")},
		{Kind: "quiet", Text: c.T("register.leave"), URL: "/register"},
	}
	s.show(w, r, http.StatusOK, "register-check.html", c)
}

// datumWords names a datum and says it in words: a date that is written out is checked more easily than one in digits.
func (p page) datumWords(d nif.Datum) (term, text string) {
	day, isDate := d.Date()
	switch {
	case !isDate:
		return p.T("document.support"), d.Reveal()
	case d.Kind() == nif.Issue:
		return p.T("document.issue"), p.Lang.Date(day.Add(noon))
	default:
		return p.T("document.validity"), p.Lang.Date(day.Add(noon))
	}
}

// noon keeps a day the same day in every time zone that we print in.
const noon = 12 * time.Hour

func (s *Server) askLetter(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	s.Slow.Hit(r.Context(), from(r))
	if over(e.datum(), s.Now()) {
		s.reply(w, r, e, answerExpired)
		return
	}
	a, err := s.Enrolment.AskLetter(r.Context(), enrolment.LetterRequest{
		NIF: e.NIF, Datum: e.datum(), Lang: langOf(r).Code(), From: from(r),
	})
	switch {
	case err != nil:
		s.fail(w, r, err)
	case a.Down:
		s.reply(w, r, e, answerDown)
	case a.Wait > 0:
		e.Until = s.Now().Add(a.Wait)
		s.reply(w, r, e, answerTwoLetters)
	case a.Expired:
		s.reply(w, r, e, answerExpired)
	default:
		e.Reference = a.Reference.Reveal()
		s.goOn(w, r, e, "done")
	}
}

// over tells whether the typed date itself says that the document is no longer valid. Whoever types such a date is told
// so, whether or not it is anybody's, and nobody is looked up (safety rule 8).
func over(d nif.Datum, now time.Time) bool {
	day, isDate := d.Date()
	return isDate && d.Kind() == nif.Validity && person.Person{Until: day}.Expired(now)
}

type letterAskedPage struct {
	page
	Shown   shown
	Buttons []button
}

func (s *Server) letterAskedPage(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	data := letterAskedPage{page: s.page(r)}
	data.Shown = shown{Label: data.T("letter.done-reference"), Letters: groupsOfFour(e.Reference), Note: data.T("letter.done-keep")}
	data.Buttons = []button{
		{Kind: "primary", Text: data.T("letter.done-follow"), URL: e.at("follow")},
		{Kind: "quiet", Text: data.T("register.home"), URL: "/"},
	}
	s.show(w, r, http.StatusOK, "register-asked.html", data)
}

// groupsOfFour cuts a code as people read it aloud and copy it.
func groupsOfFour(code string) []string {
	var groups []string
	for len(code) > 4 {
		groups, code = append(groups, code[:4]), code[4:]
	}
	return append(groups, code)
}
