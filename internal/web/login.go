package web

import (
	"net/http"
	"strings"
	"time"

	"clave/internal/login"
	"clave/internal/nif"
	"clave/internal/relying"
)

// signIn is a login as its browser carries it from page to page, sealed.
type signIn struct {
	Login     login.Login
	NIF       nif.NIF       `json:"n,omitzero"`
	Kind      nif.DatumKind `json:"k,omitempty"`
	Datum     string        `json:"d,omitempty"` // as nif.Datum.Reveal tells it
	Own       string        `json:"o,omitempty"` // the label that the person chose
	Label     string        `json:"b,omitempty"` // the label of the challenge
	Challenge string        `json:"c,omitempty"`
	Expires   time.Time     `json:"e,omitzero"`  // of the challenge
	Spent     bool          `json:"s,omitempty"` // no PIN will be right any more
	TooLow    bool          `json:"t,omitempty"` // the person proved who they are, but not at the level asked
	Session   string        `json:"x,omitempty"` // in which the person identified themselves in this login
	Again     bool          `json:"a,omitempty"` // the session ended before the person agreed
}

// fullest is a login that has grown as far as it can: it must fit the cookie before the person types anything.
func fullest(l login.Login) signIn {
	return signIn{
		Login: l, NIF: widest, Kind: nif.Validity, Datum: "2030-06-30", Own: "WWWW", Label: "WWWW", Challenge: l.ID,
		Expires: l.Began.Add(time.Nanosecond), Spent: true, TooLow: true, Session: l.ID, Again: true,
	}
}

var widest, _ = nif.Parse("12345678Z")

// visit is one request to a page of a login.
type visit struct {
	w http.ResponseWriter
	r *http.Request
	signIn
	party relying.Party
}

func (s *Server) loginRoutes(mux *http.ServeMux) {
	for pattern, page := range map[string]func(*visit) error{
		"GET /login/{id}":           s.loginPage,
		"GET /login/{id}/nif":       s.nifPage,
		"POST /login/{id}/way":      s.takeWay,
		"POST /login/{id}/me":       s.askMe,
		"POST /login/{id}/continue": s.takeContinue,
		"POST /login/{id}/not-me":   s.notMe,
		"POST /login/{id}/nif":      s.takeLoginNIF,
		"GET /login/{id}/document":  s.loginDocumentPage,
		"POST /login/{id}/document": s.takeLoginDocument,
		"GET /login/{id}/pin":       s.pinPage,
		"POST /login/{id}/pin":      s.takePIN,
		"POST /login/{id}/again":    s.anotherPIN,
		"GET /login/{id}/status":    s.pinStatus,
	} {
		mux.HandleFunc(pattern, s.visit(s.unlessStopped(page)))
	}
	mux.HandleFunc("POST /login/{id}/cancel", s.visit(s.cancelLogin))
	for address, page := range map[string]string{"way": "", "me": "", "continue": "", "not-me": "", "cancel": "", "again": "pin"} { // a change of language on an answer
		mux.HandleFunc("GET /login/{id}/"+address, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, loginPath(r.PathValue("id"), page), http.StatusSeeOther)
		})
	}
}

func loginPath(id, page string) string { return strings.TrimSuffix("/login/"+id+"/"+page, "/") }

// visit opens the login of an address in the browser that began it, and in no other (CVE-2026-7507): a link that somebody
// passes on leads nowhere.
func (s *Server) visit(page func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := visit{w: w, r: r}
		if err := s.openLogin(r, &v.signIn); err != nil {
			s.problem(w, r, problem{status: http.StatusGone, key: "no-login"})
			return
		}
		if err := r.ParseForm(); err != nil {
			s.problem(w, r, problem{status: http.StatusBadRequest, key: "form"})
			return
		}
		var err error
		if v.party, err = s.Parties.Party(r.Context(), v.Login.Request.Party); err == nil {
			err = page(&v)
		}
		if err != nil {
			s.refuse(w, r, err)
		}
	}
}

// openLogin opens the login of an address, unless the door did so for this very request.
func (s *Server) openLogin(r *http.Request, l *signIn) error {
	id := r.PathValue("id")
	if d, ok := r.Context().Value(doorKey{}).(*atDoor); ok && id != "" && d.login.Login.ID == id {
		*l = d.login
		return nil
	}
	return s.openFlow(r, loginFlow, id, l)
}

// inLogin begins a page of a login.
func (s *Server) inLogin(v *visit) loginFrame {
	p := s.page(v.r)
	p.Service = v.party.Name(p.Lang.Code())
	v.w.Header().Set("Content-Security-Policy", contentPolicy(s.answersTo(v.Login.Request)))
	return loginFrame{page: p, At: loginPath(v.Login.ID, ""), Ours: wordsOf(v.Login.Request)}
}

// loginFrame is what every page of a login knows. At is where its addresses begin.
type loginFrame struct {
	page
	At   string
	Ours *ownWords // nil in a login for a service
}

// InLogin is for the pages' templates, as Frame is for the layout.
func (f loginFrame) InLogin() loginFrame { return f }

// goTo keeps the login and leads to one of its pages.
func (s *Server) goTo(v *visit, page string) error {
	if err := s.saveFlow(v.w, v.r, loginFlow, v.Login.ID, v.Login.Began, v.signIn); err != nil {
		return err
	}
	return v.redirect(page)
}

func (v *visit) redirect(page string) error {
	http.Redirect(v.w, v.r, loginPath(v.Login.ID, page), http.StatusSeeOther)
	return nil
}

// status is that of a page with a form: a form that was not accepted says so.
func (p page) status() int {
	if len(p.Errors.List) > 0 {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}
