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
	Origin   string       `json:"f,omitempty"` // of the page that sent a service's form
	Next     string       `json:"n,omitempty"` // the page of ours to go on to: somebody else's login, say
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
	at, err := s.meant(l.r.Context(), l)
	if err != nil {
		return err
	}
	if len(at.sessions) == 0 || l.Stayed {
		return s.left(l, nil)
	}
	return s.askToLeave(l, at)
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

type leavePage struct {
	page
	At       string
	Asker    string // the service that asked
	Sure     bool   // nothing needs to be asked: the page sends itself
	Services []string
	Buttons  []button
	Stay     []button
}

func (s *Server) askToLeave(l *leave, at ending) error {
	data := leavePage{page: s.page(l.r), At: logoutPath(l.ID), Sure: at.sure}
	if l.OIDC != nil && l.OIDC.ReturnTo != "" {
		l.w.Header().Set("Content-Security-Policy", contentPolicy(originOf(l.OIDC.ReturnTo))) // the last answer goes there
	}
	if id, _ := l.party(); id != "" {
		data.Asker = s.partyName(l.r, id, data.Lang)
	}
	for _, p := range at.services {
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

// endAll ends the sessions that are meant, and leaves to their services what they are owed.
func (s *Server) endAll(l *leave) error {
	var at ending
	err := s.Store.Do(l.r.Context(), func(ctx context.Context) (err error) {
		if at, err = s.meant(ctx, l); err != nil || len(at.sessions) == 0 {
			return err
		}
		return s.endFor(ctx, l, at)
	})
	if err != nil {
		return err
	}
	l.Sessions, l.Ended = at.ids(), s.Now()
	s.forget(l.w, at.sessions)
	return s.again(l)
}

// endFor ends sessions for who asked. A service that surely asked has closed its own side before.
func (s *Server) endFor(ctx context.Context, l *leave, at ending) error {
	id, protocol := l.party()
	if id != "" {
		if _, err := s.Broker.Store.Consume(ctx, id, l.request(), s.Now().Add(usedLogout)); err != nil {
			return err
		}
	}
	for _, x := range at.sessions {
		list, err := s.Broker.End(ctx, x.ID, strings.TrimSpace("logout "+id), visitor(l.r))
		if err != nil {
			return err
		}
		for _, p := range list {
			if !at.sure || p.Party != id || p.Protocol != protocol {
				continue
			}
			if err := s.Broker.Store.SetParticipation(ctx, p.ID, login.Closed, time.Time{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// usedLogout is how long a service's request to log out is remembered: longer than any is taken.
const usedLogout = 24 * time.Hour

// stay leaves the session open. The service that asked has closed its own side, and is told no more.
func (s *Server) stay(l *leave) error {
	l.Stayed = true
	return s.again(l)
}
