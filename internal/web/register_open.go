package web

import (
	"net/http"
	"strings"

	"clave/internal/enrolment"
	"clave/internal/locale"
	"clave/internal/nif"
	"clave/internal/otp"
	"clave/internal/secret"
)

func (s *Server) openingRoutes(mux *http.ServeMux) {
	hasNIF := func(e enrolmentStep) bool { return !e.NIF.IsZero() && e.Receipt == nil }
	opened := func(e enrolmentStep) bool { return e.Letter != "" && e.Receipt == nil }
	proven := func(e enrolmentStep) bool { return e.due() == "check" }
	registered := func(e enrolmentStep) bool { return e.Receipt != nil }
	mux.HandleFunc("GET /register/open", s.fresh(opening, s.letterPage))
	mux.HandleFunc("POST /register/open", s.fresh(opening, s.takeLetter))
	mux.HandleFunc("GET /register/open/{id}", s.inJourney(opening, s.letterPage))
	mux.HandleFunc("POST /register/open/{id}", s.inJourney(opening, s.takeLetter))
	mux.HandleFunc("GET /register/open/{id}/document", s.onlyAt(opening, hasNIF, s.documentPage))
	mux.HandleFunc("POST /register/open/{id}/document", s.onlyAt(opening, hasNIF, s.openLetter))
	for _, c := range []channel{byPhone, byEmail} {
		page := "/register/open/{id}/" + c.name
		mux.HandleFunc("GET "+page, s.onlyAt(opening, opened, s.contactPage(c)))
		mux.HandleFunc("POST "+page, s.onlyAt(opening, opened, s.takeContact(c)))
		mux.HandleFunc("GET "+page+"-code", s.onlyAt(opening, opened, s.codePage(c)))
		mux.HandleFunc("POST "+page+"-code", s.onlyAt(opening, opened, s.takeCode(c)))
	}
	mux.HandleFunc("GET /register/open/{id}/check", s.onlyAt(opening, proven, s.registerCheckPage))
	mux.HandleFunc("POST /register/open/{id}/check", s.onlyAt(opening, proven, s.takeAcceptance))
	mux.HandleFunc("GET /register/open/{id}/held", s.onlyAt(opening, proven, s.phoneHeldPage))
	mux.HandleFunc("POST /register/open/{id}/held", s.onlyAt(opening, proven, s.takeHeldPhone))
	mux.HandleFunc("GET /register/open/{id}/answer", s.inJourney(opening, s.answerPage))
	mux.HandleFunc("GET /register/open/{id}/done", s.onlyAt(opening, registered, s.registeredPage))
	mux.HandleFunc("GET /register/open/{id}/receipt.pdf", s.onlyAt(opening, registered, s.receiptFile))
}

// letterPage asks for the number and the letter's code together, so that the code of a scanned QR, which stays in the
// address's fragment and so in the browser, has a field to go to on the page that it opens.
func (s *Server) letterPage(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	f := formPage{page: s.page(r)}
	s.askForLetter(w, r, f, f.nifField(e.NIF.String(), nil), f.csvField(e.CSV, ""))
}

func (s *Server) askForLetter(w http.ResponseWriter, r *http.Request, f formPage, number, csv field) {
	f.Title, f.Lead = f.T("open.title"), f.T("open.lead")
	f.Text = []string{f.T("register.time")}
	f.Fields = []field{number, csv}
	f.Help = &help{
		Title: f.T("open.where"), Text: []string{f.T("open.where-text")},
		Pictures: []picture{{f.Asset("letter-csv.svg"), f.T("open.picture-alt"), f.T("open.picture"), 584}},
	}
	f.Buttons = []button{
		{Kind: "primary", Text: f.T("register.continue")},
		{Kind: "quiet", Text: f.T("open.no-letter"), URL: "/register"},
	}
	f.Script = "csv.js"
	s.form(w, r, f)
}

func (p *page) csvField(typed string, wrong locale.Key) field {
	f := field{Lang: p.Lang, Kind: "csv", Name: "csv", Label: p.T("open.csv"), Hint: p.T("open.csv-hint"), Value: typed}
	if wrong != "" {
		f.Error = p.wrong(f.Name, wrong)
	}
	return f
}

// csvLength is how many characters a letter's code has.
const csvLength = 16

func (s *Server) takeLetter(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	typedNIF, typedCSV := r.PostFormValue("nif"), r.PostFormValue("csv")
	n, err := nif.Parse(typedNIF)
	csv := otp.Normal(secret.NewCode(typedCSV)).Reveal()
	var wrong locale.Key
	switch {
	case csv == "":
		wrong = "open.csv-empty"
	case len(csv) != csvLength:
		wrong = "open.csv-length"
	}
	if err != nil || wrong != "" {
		f := formPage{page: s.page(r)}
		s.askForLetter(w, r, f, f.nifField(typedNIF, err), f.csvField(typedCSV, wrong))
		return
	}
	e.take(n)
	e.CSV, e.Letter = strings.Join(groupsOfFour(csv), " "), ""
	s.goOn(w, r, e, "document")
}

func (s *Server) openLetter(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	s.Slow.Hit(r.Context(), from(r))
	if !s.takeDatum(w, r, e) {
		return
	}
	e.Letter = ""
	if over(e.datum(), s.Now()) {
		s.reply(w, r, e, answerExpired)
		return
	}
	letter, opening, err := s.Enrolment.OpenLetter(r.Context(), enrolment.LetterEntry{
		NIF: e.NIF, Datum: e.datum(), CSV: secret.NewCode(e.CSV), From: from(r),
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if opening != enrolment.Opened {
		s.reply(w, r, e, openingAnswers[opening])
		return
	}
	e.Letter = letter
	s.goOn(w, r, e, e.due())
}

var openingAnswers = map[enrolment.Opening]answer{
	enrolment.NotOpened:  answerNotOpened,
	enrolment.UsedBefore: answerUsed,
	enrolment.TooOld:     answerTooOld,
	enrolment.Registered: answerRegistered,
	enrolment.OldID:      answerExpired,
	enrolment.Down:       answerDown,
}
