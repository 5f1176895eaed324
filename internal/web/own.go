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
			err = s.beginOwn(w, r)
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
// page that it was on.
func (s *Server) beginOwn(w http.ResponseWriter, r *http.Request) error {
	l, err := s.Broker.Begin(r.Context(), login.Request{
		Protocol: ownProtocol, Party: relying.House, ID: secret.ID(s.Now()), ReturnTo: ownAddress(r), Released: relying.Attributes,
	})
	if err != nil {
		return err
	}
	if err := s.saveFlow(w, r, loginFlow, l.ID, l.Began, signIn{Login: l}); err != nil {
		return err
	}
	http.Redirect(w, r, loginPath(l.ID, ""), http.StatusSeeOther)
	return nil
}

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
