package web

import (
	"errors"
	"net/http"

	"clave/internal/nif"
)

// permanent tells whether the person says that their DNI is permanent. It stands in the address, and says nothing of
// anybody.
func permanent(r *http.Request) bool { return r.URL.Query().Get("dni") == "permanent" }

func (s *Server) documentPage(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	s.askDatum(w, r, e, "", nil)
}

func (s *Server) askDatum(w http.ResponseWriter, r *http.Request, e enrolmentStep, typed string, err error) {
	kind := datumKind(e.NIF, permanent(r))
	f := formPage{page: s.page(r)}
	f.Title, f.Lead = f.T("datum.title"), f.T("datum.lead")
	h := f.datumHelp(kind)
	f.Fields, f.Help = []field{f.datumField(kind, typed, err)}, &h
	f.Buttons = []button{{Kind: "primary", Text: f.T("register.continue")}}
	switch kind {
	case nif.Validity:
		f.Buttons = append(f.Buttons, button{Kind: "quiet", Text: f.T("datum.permanent"), URL: "?dni=permanent"})
	case nif.Issue:
		f.Text = []string{f.T("datum.permanent-text")}
		f.Buttons = append(f.Buttons, button{Kind: "quiet", Text: f.T("datum.not-permanent"), URL: r.URL.Path})
	}
	s.form(w, r, f)
}

// takeDatum keeps the datum that was typed, or asks again and returns false. Whoever types 01 01 9999 is asked for the
// other date.
func (s *Server) takeDatum(w http.ResponseWriter, r *http.Request, e enrolmentStep) bool {
	kind, typed := datumKind(e.NIF, permanent(r)), r.PostFormValue("datum")
	d, err := parseDatum(kind, typed)
	if errors.Is(err, nif.ErrPermanent) {
		http.Redirect(w, r, r.URL.Path+"?dni=permanent", http.StatusSeeOther)
		return false
	}
	if err != nil {
		s.askDatum(w, r, e, typed, err)
		return false
	}
	e.Kind, e.Datum = kind, d.Reveal()
	return true
}
