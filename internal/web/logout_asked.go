package web

import (
	"context"
	"net/http"
	"slices"

	"clave/internal/federation/oidc"
	"clave/internal/federation/saml"
	"clave/internal/login"
)

// takeLogout begins a logout that a service asks for over SAML.
func (s *Server) takeLogout(w http.ResponseWriter, r *http.Request, fields map[string]string) {
	asked, err := s.SAML.ParseLogout(r.Context(), fields)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.beginLogout(w, r, leaving{SAML: &asked, Origin: r.Header.Get("Origin")})
}

// TakeLogout begins a logout that a service asks for over OpenID Connect.
func (s *Server) TakeLogout(w http.ResponseWriter, r *http.Request, asked oidc.Logout) {
	s.beginLogout(w, r, leaving{OIDC: &asked})
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

// ending is what a logout would end.
type ending struct {
	sessions []login.Session
	services []login.Participation
	sure     bool // nothing needs to be asked
}

func (e ending) ids() (ids []string) {
	for _, x := range e.sessions {
		ids = append(ids, x.ID)
	}
	return ids
}

// meant are the sessions of this browser that a logout is about: all, when the person asks; the one that is a service's
// alone, when that service does; otherwise that for all services, and our own pages.
func (s *Server) meant(ctx context.Context, l *leave) (e ending, err error) {
	asks, _ := l.party()
	list, err := s.here(ctx, l.r)
	alone := slices.ContainsFunc(list, func(x login.Session) bool { return asks != "" && x.Only == asks })
	for _, x := range list {
		if asks == "" || alone && x.Only == asks || !alone && everyday(x) {
			e.sessions = append(e.sessions, x)
		}
	}
	if err == nil {
		e.services, err = s.reliedOn(ctx, e.ids())
	}
	if err == nil {
		e.sure, err = s.mayLogOut(ctx, l, e)
	}
	return e, err
}

// mayLogOut tells whether the one who asks is a service of this session, whose signed request is used for the first time.
// Anybody else's, however it came, needs the person's word (safety rule 18).
func (s *Server) mayLogOut(ctx context.Context, l *leave, e ending) (bool, error) {
	id, protocol := l.party()
	mine := slices.ContainsFunc(e.services, func(p login.Participation) bool {
		return p.Party == id && p.Protocol == protocol && (l.OIDC == nil || p.ID == l.OIDC.Participation)
	})
	if !mine || l.OIDC != nil && !l.OIDC.Fresh {
		return false, nil
	}
	if meant, err := s.meantHere(ctx, l, e); err != nil || !meant {
		return false, err
	}
	used, err := s.Broker.Store.Consumed(ctx, id, l.request())
	return !used, err
}

// meantHere tells whether a request over SAML is about this browser's person. Most name nobody: then the form must come from
// a page of the service, for whoever signs in there can have it made for themselves, and put it where others open it.
func (s *Server) meantHere(ctx context.Context, l *leave, e ending) (bool, error) {
	switch {
	case l.SAML == nil:
		return true, nil
	case l.SAML.Subject == "":
		party, err := s.Parties.Party(ctx, l.SAML.Party)
		return err == nil && party.IsAt(l.Origin), err
	default:
		c, _, err := s.Broker.Store.Citizen(ctx, e.sessions[0].Citizen)
		return err == nil && c.NIF.String() == l.SAML.Subject, err
	}
}

// request names the service's request among those that are used once.
func (l leaving) request() string {
	switch {
	case l.SAML != nil:
		return "logout " + l.SAML.ID
	case l.OIDC != nil && l.OIDC.Once != "":
		return "logout " + l.OIDC.Once
	default:
		return "logout " + l.ID
	}
}
