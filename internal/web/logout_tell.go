package web

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"clave/internal/crowd"
	"clave/internal/federation/oidc"
	"clave/internal/federation/saml"
	"clave/internal/login"
	"clave/internal/relying"
)

// What a logout waits for: the services that are told directly have so long to answer, asked about so often.
const (
	waitForServices = 3 * time.Second
	askEvery        = 50 * time.Millisecond
)

// tellServices takes the browser to each service that has to hear it there, one by one, while the others are told directly;
// then it shows what became of all.
func (s *Server) tellServices(l *leave) error {
	list, err := s.waitForThem(l)
	if err != nil {
		return err
	}
	for _, p := range list {
		if p.State == login.Owed && p.Protocol == saml.Protocol {
			return s.visitService(l, p)
		}
	}
	return s.left(l, list)
}

// waitForThem gives those that are told directly a moment to answer.
func (s *Server) waitForThem(l *leave) ([]login.Participation, error) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for began := time.Now(); ; {
		list, err := s.reliedOn(l.r.Context(), l.Sessions)
		if err != nil || !pending(list) || time.Since(began) >= waitForServices || s.Now().Sub(l.Ended) > time.Minute {
			return list, err
		}
		crowd.Aside(l.r.Context(), func() {
			select {
			case <-tick.C:
			case <-l.r.Context().Done():
			}
		})
		if err := l.r.Context().Err(); err != nil {
			return nil, err
		}
	}
}

// pending tells whether a service that is told directly has not answered yet. One that failed once has had its moment; it
// will be told again when nobody waits.
func pending(list []login.Participation) bool {
	for _, p := range list {
		if p.Protocol == oidc.Protocol && (p.State == login.Owed && p.Tries == 0 || p.State == login.Told) {
			return true
		}
	}
	return false
}

type visitPage struct {
	page
	Name    string
	Form    saml.Form
	Buttons []button
}

// Action is the registered address of the service.
func (p visitPage) Action() template.URL { return template.URL(p.Form.Action) }

// visitService sends the browser to a service with our request to close. Coming back without its answer, by the back button
// say, does not send it there again: the service then counts as not closed.
func (s *Server) visitService(l *leave, p login.Participation) error {
	party, err := s.Parties.Party(l.r.Context(), p.Party)
	if errors.Is(err, relying.ErrUnknown) { // struck off meanwhile
		return s.passBy(l, p)
	}
	if err != nil {
		return err
	}
	session, _, err := s.Broker.Store.Session(l.r.Context(), p.Session)
	if err != nil {
		return err
	}
	c, _, err := s.Broker.Store.Citizen(l.r.Context(), session.Citizen)
	if err != nil {
		return err
	}
	form, err := s.SAML.LogoutRequest(party, c.NIF.String(), p.ID, l.ID)
	if err != nil {
		return err
	}
	if err := s.settle(l.r.Context(), p.ID, login.Told); err != nil {
		return err
	}
	data := visitPage{page: s.page(l.r), Form: form}
	data.Name, data.Languages = party.Name(data.Lang.Code()), nil
	data.Buttons = []button{{Kind: "primary", Text: data.T("logout.visit-next", "service", data.Name)}}
	l.w.Header().Set("Content-Security-Policy", contentPolicy(originOf(form.Action)))
	s.show(l.w, l.r, http.StatusOK, "logout-visit.html", data)
	return nil
}

// passBy leaves out a service that cannot be visited.
func (s *Server) passBy(l *leave, p login.Participation) error {
	if err := s.settle(l.r.Context(), p.ID, login.Unreachable); err != nil {
		return err
	}
	return s.tellServices(l)
}

func (s *Server) settle(ctx context.Context, id string, state login.State) error {
	return s.Store.Do(ctx, func(ctx context.Context) error {
		return s.Broker.Store.SetParticipation(ctx, id, state, time.Time{})
	})
}

// takeLogoutAnswer notes what a service answered that the browser was sent to, and goes on with that browser's logout. Only
// a positive answer counts as closed.
func (s *Server) takeLogoutAnswer(w http.ResponseWriter, r *http.Request, fields map[string]string) {
	party, id, ok, err := s.SAML.ParseLogoutAnswer(r.Context(), fields)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	state := login.Missed
	if ok {
		state = login.Closed
	}
	err = s.Store.Do(r.Context(), func(ctx context.Context) error {
		p, found, err := s.Broker.Store.Participation(ctx, id)
		if err != nil || !found || p.Party != party || p.State != login.Told { // not what we asked, or not of whom
			return err
		}
		return s.Broker.Store.SetParticipation(ctx, id, state, time.Time{})
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.passOn(w, r, logoutPath(url.PathEscape(fields["RelayState"])))
}

type passOnPage struct {
	page
	Buttons []button
}

// passOn leads to our own page by a page, not by a redirect: browsers hold the policy of the service's form against every
// redirect that follows it, and the last of them may lead to another service.
func (s *Server) passOn(w http.ResponseWriter, r *http.Request, address string) {
	data := passOnPage{page: s.page(r)}
	data.Languages = nil
	data.Buttons = []button{{Kind: "primary", Text: data.T("logout.on"), URL: address}}
	w.Header().Set("Refresh", "0; url="+address)
	s.show(w, r, http.StatusOK, "logout-on.html", data)
}
