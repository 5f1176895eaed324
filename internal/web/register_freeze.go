package web

import (
	"net/http"

	"clave/internal/locale"
	"clave/internal/otp"
	"clave/internal/secret"
)

func (s *Server) freezingRoutes(mux *http.ServeMux) {
	typed := func(e enrolmentStep) bool { return e.Freeze != "" }
	mux.HandleFunc("GET /freeze", s.fresh(freezing, s.freezePage))
	mux.HandleFunc("POST /freeze", s.fresh(freezing, s.takeFreezeCode))
	mux.HandleFunc("GET /freeze/{id}", s.onlyAt(freezing, typed, s.freezeCheckPage))
	mux.HandleFunc("POST /freeze/{id}", s.onlyAt(freezing, typed, s.freeze))
	mux.HandleFunc("GET /freeze/{id}/answer", s.inJourney(freezing, s.answerPage))
}

func (s *Server) freezePage(w http.ResponseWriter, r *http.Request, _ enrolmentStep) {
	s.askFreezeCode(w, r, formPage{page: s.page(r)}, "", "")
}

func (s *Server) askFreezeCode(w http.ResponseWriter, r *http.Request, f formPage, typed, wrong string) {
	f.Title, f.Lead = f.T("freeze.title"), f.T("freeze.lead")
	f.Text = []string{f.T("freeze.you")}
	f.Fields = []field{{Lang: f.Lang, Kind: "csv", Name: "code", Label: f.T("freeze.code"), Hint: f.T("open.csv-hint"), Value: typed, Error: wrong}}
	f.Buttons = []button{{Kind: "primary", Text: f.T("register.continue")}}
	s.form(w, r, f)
}

func (s *Server) takeFreezeCode(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	typed := r.PostFormValue("code")
	var wrong locale.Key
	switch e.Freeze = otp.Normal(secret.NewCode(typed)).Reveal(); {
	case e.Freeze == "":
		wrong = "freeze.code-empty"
	case len(e.Freeze) != csvLength:
		wrong = "open.csv-length"
	default:
		s.goOn(w, r, e, "")
		return
	}
	f := formPage{page: s.page(r)}
	s.askFreezeCode(w, r, f, typed, f.wrong("code", wrong))
}

// freezeCheckPage says what will happen. A page that is only opened freezes nothing: mail scanners and curious hands
// open pages (safety rule 15).
func (s *Server) freezeCheckPage(w http.ResponseWriter, r *http.Request, _ enrolmentStep) {
	f := formPage{page: s.page(r)}
	f.Title, f.Lead = f.T("freeze.check-title"), f.T("freeze.check-lead")
	f.Text = []string{f.T("freeze.check-nobody"), f.T("freeze.check-undo")}
	f.Buttons = []button{
		{Kind: "danger", Text: f.T("freeze.button")},
		{Kind: "quiet", Text: f.T("freeze.cancel"), URL: "/"},
	}
	s.form(w, r, f)
}

func (s *Server) freeze(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	s.Slow.Hit(r.Context(), from(r))
	done, err := s.Enrolment.Freeze(r.Context(), secret.NewCode(e.Freeze), from(r))
	e.Freeze = ""
	switch {
	case err != nil:
		s.fail(w, r, err)
	case done:
		s.reply(w, r, e, answerFrozen)
	default:
		s.reply(w, r, e, answerNotFrozen)
	}
}
