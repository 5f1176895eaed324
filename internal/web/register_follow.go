package web

import (
	"net/http"

	"clave/internal/enrolment"
	"clave/internal/otp"
	"clave/internal/secret"
)

func (s *Server) followingRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /register/follow", s.fresh(following, s.referencePage))
	mux.HandleFunc("POST /register/follow", s.fresh(following, s.takeReference))
	mux.HandleFunc("GET /register/follow/{id}", s.inJourney(following, s.stagePage))
}

func (s *Server) referencePage(w http.ResponseWriter, r *http.Request, _ enrolmentStep) {
	s.askReference(w, r, formPage{page: s.page(r)}, "", "")
}

func (s *Server) askReference(w http.ResponseWriter, r *http.Request, f formPage, typed, wrong string) {
	f.Title, f.Lead = f.T("follow.title"), f.T("follow.lead")
	f.Fields = []field{{
		Lang: f.Lang, Kind: "csv", Name: "reference", Label: f.T("follow.reference"), Hint: f.T("follow.reference-hint"), Value: typed, Error: wrong,
	}}
	f.Buttons = []button{{Kind: "primary", Text: f.T("follow.button")}}
	s.form(w, r, f)
}

func (s *Server) takeReference(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	s.Slow.Hit(r.Context(), from(r))
	typed := r.PostFormValue("reference")
	e.Reference = otp.Normal(secret.NewCode(typed)).Reveal()
	view, err := s.follow(r, e)
	f := formPage{page: s.page(r)}
	switch {
	case err != nil:
		s.fail(w, r, err)
	case e.Reference == "":
		s.askReference(w, r, f, "", f.wrong("reference", "follow.empty"))
	case !view.Found:
		s.askReference(w, r, f, typed, f.wrong("reference", "follow.wrong"))
	default:
		s.goOn(w, r, e, "")
	}
}

// follow looks up a letter. Nothing typed is no wrong reference.
func (s *Server) follow(r *http.Request, e enrolmentStep) (enrolment.LetterView, error) {
	if e.Reference == "" {
		return enrolment.LetterView{}, nil
	}
	return s.Enrolment.FollowLetter(r.Context(), secret.NewCode(e.Reference))
}

type stagePage struct {
	page
	Asked   string
	Steps   steps
	Note    *notice
	Again   string
	Buttons []button
}

// stagePage tells how far a letter has come. Loading it again brings the news.
func (s *Server) stagePage(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	view, err := s.follow(r, e)
	switch {
	case err != nil:
		s.fail(w, r, err)
		return
	case !view.Found:
		http.Redirect(w, r, string(following), http.StatusSeeOther)
		return
	}
	data := stagePage{page: s.page(r)}
	data.Asked = data.T("follow.asked", "date", data.Lang.Date(view.Asked))
	data.Steps = data.stages(view)
	data.Note = data.stageNote(view)
	data.Buttons = []button{
		{Kind: "primary", Text: data.T("follow.have-letter"), URL: string(opening)},
		{Kind: "secondary", Text: data.T("follow.reload"), URL: r.URL.Path},
		{Kind: "quiet", Text: data.T("register.home"), URL: "/"},
	}
	s.show(w, r, http.StatusOK, "register-follow.html", data)
}

// stages lists what becomes of every letter, and where this one is.
func (p page) stages(v enrolment.LetterView) steps {
	list := []step{
		{Text: p.T("follow.step-asked"), Detail: p.Lang.Date(v.Asked)},
		{Text: p.T("follow.step-printed")},
		{Text: p.T("follow.step-posted")},
		{Text: p.T("follow.step-used"), Detail: p.T("follow.step-until", "date", p.Lang.Date(v.Expires))},
	}
	at := map[enrolment.Stage]int{enrolment.ToPrint: 1, enrolment.Printed: 2, enrolment.Posted: 3, enrolment.LetterUsed: 4, enrolment.LetterExpired: 3}[v.Stage]
	for i := range list {
		switch {
		case i < at:
			list[i].State = "done"
		case i == at:
			list[i].State = "now"
		default:
			list[i].State = "next"
		}
	}
	if v.Stage == enrolment.LetterExpired {
		list[3] = step{State: "failed", Text: p.T("follow.step-expired"), Detail: p.Lang.Date(v.Expires)}
	}
	return steps{Lang: p.Lang, List: list}
}

func (p page) stageNote(v enrolment.LetterView) *notice {
	switch v.Stage {
	case enrolment.LetterUsed:
		return &notice{Kind: "success", Text: []string{p.T("follow.note-used")}}
	case enrolment.LetterExpired:
		return &notice{Kind: "warning", Text: []string{p.T("follow.note-expired")}}
	default:
		return &notice{Kind: "info", Text: []string{p.T("follow.note-only"), p.T("follow.note-days")}}
	}
}
