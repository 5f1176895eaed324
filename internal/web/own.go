package web

import (
	"net/http"
	"strings"
	"time"

	"clave/internal/citizen"
	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/secret"
)

// A person's own pages (their data, their accesses, what they are asked to confirm) open to whoever identified themselves for
// them: the session of the services does not open them (safety rule 17), and what opens them opens no service.
const (
	ownProtocol = "own"
	ownReads    = 5 * time.Minute  // how old a proof may be for reading
	ownActs     = 15 * time.Minute // and for sending a form that was read in time
)

// ownVisit is one request to a page of a person's own.
type ownVisit struct {
	w http.ResponseWriter
	r *http.Request
	page
	citizen citizen.Citizen
	session login.Session
	held    login.Held
}

// own opens a page to the person it is about; anyone else is led through a login first, and back here.
func (s *Server) own(show func(*ownVisit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := ownVisit{w: w, r: r, page: s.page(r)}
		in, err := s.openOwn(&v)
		switch {
		case err == nil && !in:
			err = s.beginOwn(&v)
		case err == nil:
			err = show(&v)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}
}

func (s *Server) openOwn(v *ownVisit) (bool, error) {
	session, live, err := s.Broker.Browsing(v.r.Context(), s.tokenIn(v.r, ownCookie))
	if err != nil || !live || session.Only != relying.House || len(session.Held) == 0 {
		return false, err
	}
	v.session, v.held = session, session.Held[0]
	life := ownReads
	if v.r.Method == http.MethodPost {
		life = ownActs
	}
	if s.Now().Sub(v.held.At) > life {
		return false, nil
	}
	var found bool
	v.citizen, found, err = s.Broker.Store.Citizen(v.r.Context(), session.Citizen)
	return found && !v.citizen.Frozen, err
}

// beginOwn begins a login for our own pages. What a form held that came too late is not kept: the person is led back to the
// page that it was on, and the login tells them so.
func (s *Server) beginOwn(v *ownVisit) error {
	request := login.Request{
		Protocol: ownProtocol, Party: relying.House, ID: secret.ID(s.Now()), ReturnTo: ownAddress(v.r), Released: relying.Attributes,
	}
	if v.r.Method == http.MethodPost {
		request.Echo = map[string]string{ownLate: "1"}
	}
	l, err := s.Broker.Begin(v.r.Context(), request)
	if err != nil {
		return err
	}
	if err := s.saveFlow(v.w, v.r, loginFlow, l.ID, l.Began, signIn{Login: l}); err != nil {
		return err
	}
	return (&visit{w: v.w, r: v.r, signIn: signIn{Login: l}}).redirect("")
}

// ownLate marks a login that began with a form which came too late.
const ownLate = "late"

// tooLate says, where it is so, that what the person sent was not taken.
func (p page) tooLate(request login.Request) []notice {
	text := p.T("own.late-act")
	switch {
	case request.Echo[ownLate] == "":
		return nil
	case answering(request):
		text = p.T("own.late-answer")
	}
	return []notice{{Kind: "warning", Text: []string{text}}}
}

// answering tells whether a login is for answering what a service asked.
func answering(request login.Request) bool { return strings.HasPrefix(request.ReturnTo, "/confirm") }

// ownAddress is where to come back to: of a form, the page above it.
func ownAddress(r *http.Request) string {
	if r.Method == http.MethodPost {
		return r.URL.Path[:max(1, strings.LastIndex(r.URL.Path, "/"))]
	}
	return r.URL.Path
}

// enterOwn opens our own pages to somebody who has just identified themselves for them.
func (s *Server) enterOwn(v *visit, spent spentPIN) error {
	s.endFlow(v.w, loginFlow, v.Login.ID)
	if spent.own.refusal == login.Answered {
		s.answered(v)
		return nil
	}
	s.keepSession(v.w, spent.who.Session, spent.who.Token)
	http.Redirect(v.w, v.r, v.Login.Request.ReturnTo, http.StatusSeeOther)
	return nil
}
