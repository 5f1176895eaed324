package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"clave/internal/audit"
	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/secret"
)

// The cookies that hold the tokens of a browser's sessions: one for all services, one for each party that stays alone, ours
// among them. They end with the browser; a shared computer that is switched off forgets them.
const (
	sessionCookie = "session"
	aloneCookie   = "session-" // and the party
	ownCookie     = aloneCookie + relying.House
)

// cookieOf is the cookie of a session.
func cookieOf(x login.Session) string {
	if x.Alone() {
		return aloneCookie + x.Only // a party's id has nothing that a cookie's name cannot have
	}
	return sessionCookie
}

// cookieFor is the cookie of the session that a party uses.
func cookieFor(p relying.Party) string { return cookieOf(login.Session{Only: p.Only()}) }

// everyday tells whether a session is one that ends by an ordinary logout: that for all services, or that of our own pages. One
// that is a service's alone is that service's affair.
func everyday(x login.Session) bool { return !x.Alone() || x.Only == relying.House }

// sessionToken is empty in a browser without a session for all services.
func (s *Server) sessionToken(r *http.Request) string { return s.tokenIn(r, sessionCookie) }

func (s *Server) tokenIn(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil || len(c.Value) != tokenLength {
		return ""
	}
	return c.Value
}

func (s *Server) keepSession(w http.ResponseWriter, x login.Session, token secret.Code) {
	s.setCookie(w, s.cookieName(cookieOf(x)), token.Reveal(), 0)
}

// maxHere is how many sessions of a browser are looked at.
const maxHere = 20

// here are the live sessions of a browser: that for all services first.
func (s *Server) here(ctx context.Context, r *http.Request) (list []login.Session, err error) {
	for _, c := range r.Cookies() {
		name, ours := strings.CutPrefix(c.Name, s.cookieName(""))
		if !ours || name != sessionCookie && !strings.HasPrefix(name, aloneCookie) || len(list) == maxHere {
			continue
		}
		x, live, err := s.Broker.Browsing(ctx, s.tokenIn(r, name))
		if err != nil {
			return nil, err
		}
		if live && cookieOf(x) == name {
			list = append(list, x)
		}
	}
	slices.SortStableFunc(list, func(a, b login.Session) int { return strings.Compare(a.Only, b.Only) })
	return list, nil
}

// endHere ends those of the browser's sessions that are meant, and returns them.
func (s *Server) endHere(w http.ResponseWriter, r *http.Request, why string, meant func(login.Session) bool) (ended []login.Session, err error) {
	err = s.Store.Do(r.Context(), func(ctx context.Context) error {
		list, err := s.here(ctx, r)
		ended = slices.DeleteFunc(list, func(x login.Session) bool { return !meant(x) })
		for _, x := range ended {
			if _, wrong := s.Broker.End(ctx, x.ID, why, visitor(r)); wrong != nil {
				return wrong
			}
		}
		return err
	})
	if err == nil {
		s.forget(w, ended)
	}
	return ended, err
}

// forget takes the tokens of sessions from the browser.
func (s *Server) forget(w http.ResponseWriter, list []login.Session) {
	for _, x := range list {
		s.setCookie(w, s.cookieName(cookieOf(x)), "", -1)
	}
}

// visitor is where a request comes from, as the record keeps it.
func visitor(r *http.Request) audit.Visitor {
	return audit.Visitor{Address: from(r), Browser: browserOf(r.UserAgent())}
}

// browserOf names a browser and its system so that their owner recognises them, and no closer: "Firefox, Android". What it
// does not know it does not repeat: the header is the visitor's text.
func browserOf(agent string) string {
	return strings.Trim(named(agent, browsers)+", "+named(agent, systems), ", ")
}

func named(agent string, list [][2]string) string {
	for _, l := range list {
		if strings.Contains(agent, l[0]) {
			return l[1]
		}
	}
	return ""
}

// Each browser claims to be those that come after it.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"},
		{"Chrome", "Chrome"}, {"CriOS", "Chrome"}, {"Safari", "Safari"}}
	systems = [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"},
		{"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)
