package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"clave/internal/federation/oidc"
	"clave/internal/federation/saml"
	"clave/internal/login"
	"clave/internal/secret"
)

// leaving is a logout as its browser carries it, sealed: who asked for it, and how far it has come.
type leaving struct {
	ID       string
	Began    time.Time
	SAML     *saml.Logout `json:"s,omitempty"` // asked by a service over SAML, or
	OIDC     *oidc.Logout `json:"o,omitempty"` // over OpenID Connect; neither: by the person, on our own page
	Sessions []string     `json:"x,omitempty"` // those that were ended
	Ended    time.Time    `json:"e,omitzero"`
	Stayed   bool         `json:"k,omitempty"` // the person chose to stay
}

// party is the service that asked; empty when none did.
func (l leaving) party() (id, protocol string) {
	switch {
	case l.SAML != nil:
		return l.SAML.Party, saml.Protocol
	case l.OIDC != nil:
		return l.OIDC.Party, oidc.Protocol
	default:
		return "", ""
	}
}

// leave is one request to a page of a logout.
type leave struct {
	w http.ResponseWriter
	r *http.Request
	leaving
}

func (s *Server) logoutRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /logout", func(w http.ResponseWriter, r *http.Request) { s.beginLogout(w, r, leaving{}) })
	mux.HandleFunc("GET /logout/{id}", s.leave(s.logoutPage))
	mux.HandleFunc("POST /logout/{id}", s.leave(s.endAll))
	mux.HandleFunc("POST /logout/{id}/stay", s.leave(s.stay))
}

func logoutPath(id string) string { return "/logout/" + id }

// beginLogout puts a logout into the browser. What a service asked for is decided on our own page, where our own cookies
// arrive.
func (s *Server) beginLogout(w http.ResponseWriter, r *http.Request, l leaving) {
	l.ID, l.Began = secret.ID(s.Now()), s.Now()
	if err := s.saveFlow(w, r, logoutFlow, l.ID, l.Began, l); err != nil {
		s.refuse(w, r, err)
		return
	}
	wished := ""
	if l.OIDC != nil {
		wished = l.OIDC.Locales
	}
	http.Redirect(w, r, logoutPath(l.ID)+inLanguage(wished), http.StatusSeeOther)
}

// leave opens the logout of an address in the browser that began it.
func (s *Server) leave(page func(*leave) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l := leave{w: w, r: r}
		if err := s.openFlow(r, logoutFlow, r.PathValue("id"), &l.leaving); err != nil {
			s.problem(w, r, problem{status: http.StatusGone, key: "no-logout"})
			return
		}
		if err := page(&l); err != nil {
			s.fail(w, r, err)
		}
	}
}

func (s *Server) again(l *leave) error {
	if err := s.saveFlow(l.w, l.r, logoutFlow, l.ID, l.Began, l.leaving); err != nil {
		return err
	}
	http.Redirect(l.w, l.r, logoutPath(l.ID), http.StatusSeeOther)
	return nil
}

// logoutPage leads to what this logout needs next.
func (s *Server) logoutPage(l *leave) error {
	if len(l.Sessions) > 0 {
		return s.tellServices(l)
	}
	sessions, err := s.here(l.r.Context(), l.r)
	if err != nil {
		return err
	}
	if len(sessions) == 0 || l.Stayed {
		return s.left(l, nil)
	}
	var ids []string
	for _, session := range sessions {
		ids = append(ids, session.ID)
	}
	list, err := s.reliedOn(l.r.Context(), ids)
	if err != nil {
		return err
	}
	sure, err := s.mayLogOut(l, sessions[0], list)
	if err != nil {
		return err
	}
	return s.askToLeave(l, list, sure)
}

// reliedOn are the services of some sessions.
func (s *Server) reliedOn(ctx context.Context, sessions []string) (list []login.Participation, err error) {
	for _, id := range sessions {
		of, err := s.Broker.Store.Participations(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, of...)
	}
	return list, nil
}

// mayLogOut tells whether the one who asks is a service of this session, whose signed request is used for the first time.
// Anybody else's, however it came, needs the person's word (safety rule 18).
func (s *Server) mayLogOut(l *leave, session login.Session, list []login.Participation) (bool, error) {
	id, protocol := l.party()
	mine := slices.ContainsFunc(list, func(p login.Participation) bool {
		return p.Party == id && p.Protocol == protocol && (l.OIDC == nil || p.ID == l.OIDC.Participation)
	})
	if !mine || l.OIDC != nil && !l.OIDC.Fresh {
		return false, nil
	}
	if l.SAML != nil && l.SAML.Subject != "" { // some name whom they want out
		c, _, err := s.Broker.Store.Citizen(l.r.Context(), session.Citizen)
		if err != nil || c.NIF.String() != l.SAML.Subject {
			return false, err
		}
	}
	used, err := s.Broker.Store.Consumed(l.r.Context(), id, l.request())
	return !used, err
}

// request names the service's request among those that are used once.
func (l leaving) request() string {
	if l.SAML != nil {
		return "logout " + l.SAML.ID
	}
	return "logout " + l.ID
}

type leavePage struct {
	page
	At       string
	Sure     bool // nothing needs to be asked: the page sends itself
	Services []string
	Buttons  []button
	Stay     []button
}

func (s *Server) askToLeave(l *leave, list []login.Participation, sure bool) error {
	data := leavePage{page: s.page(l.r), At: logoutPath(l.ID), Sure: sure}
	if l.OIDC != nil && l.OIDC.ReturnTo != "" {
		l.w.Header().Set("Content-Security-Policy", contentPolicy(originOf(l.OIDC.ReturnTo))) // the last answer goes there
	}
	if id, _ := l.party(); id != "" {
		data.Service = s.partyName(l.r, id, data.Lang)
	}
	for _, p := range list {
		data.Services = append(data.Services, s.partyName(l.r, p.Party, data.Lang))
	}
	data.Services = unique(data.Services)
	data.Buttons = []button{{Kind: "primary", Text: data.T("logout.all")}}
	data.Stay = []button{{Kind: "secondary", Text: data.T("logout.stay")}}
	s.show(l.w, l.r, http.StatusOK, "logout.html", data)
	return nil
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// endAll ends the browser's sessions, and leaves to their services what they are owed.
func (s *Server) endAll(l *leave) error {
	err := s.Store.Do(l.r.Context(), func(ctx context.Context) error {
		l.Sessions = nil
		list, err := s.here(ctx, l.r)
		for _, session := range list {
			l.Sessions, l.Ended = append(l.Sessions, session.ID), s.Now()
			if err := s.endFor(ctx, l, session.ID); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	s.forgetHere(l.w)
	return s.again(l)
}

// endFor ends a session for who asked. A service that asks has closed its own side before.
func (s *Server) endFor(ctx context.Context, l *leave, session string) error {
	id, protocol := l.party()
	if id != "" {
		if _, err := s.Broker.Store.Consume(ctx, id, l.request(), s.Now().Add(flowLife)); err != nil {
			return err
		}
	}
	list, err := s.Broker.End(ctx, session, strings.TrimSpace("logout "+id), visitor(l.r))
	if err != nil {
		return err
	}
	for _, p := range list {
		if p.Party != id || p.Protocol != protocol {
			continue
		}
		if err := s.Broker.Store.SetParticipation(ctx, p.ID, login.Closed, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// stay leaves the session open. The service that asked has closed its own side, and is told no more.
func (s *Server) stay(l *leave) error {
	l.Stayed = true
	return s.again(l)
}

// takeLogout begins a logout that a service asks for over SAML.
func (s *Server) takeLogout(w http.ResponseWriter, r *http.Request, fields map[string]string) {
	asked, err := s.SAML.ParseLogout(r.Context(), fields)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.beginLogout(w, r, leaving{SAML: &asked})
}

// TakeLogout begins a logout that a service asks for over OpenID Connect.
func (s *Server) TakeLogout(w http.ResponseWriter, r *http.Request, asked oidc.Logout) {
	s.beginLogout(w, r, leaving{OIDC: &asked})
}
