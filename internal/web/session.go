package web

import (
	"context"
	"net/http"
	"strings"

	"clave/internal/audit"
	"clave/internal/login"
	"clave/internal/secret"
)

// sessionCookie holds the token of the browser's session. It ends with the browser; a shared computer that is switched off
// forgets it.
const sessionCookie = "session"

// sessionToken is empty in a browser without a session.
func (s *Server) sessionToken(r *http.Request) string { return s.tokenIn(r, sessionCookie) }

func (s *Server) tokenIn(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil || len(c.Value) != tokenLength {
		return ""
	}
	return c.Value
}

func (s *Server) keepSession(w http.ResponseWriter, name string, token secret.Code) {
	s.setCookie(w, s.cookieName(name), token.Reveal(), 0)
}

// here are the live sessions of a browser: that which services rely on, and then that of our own pages.
func (s *Server) here(ctx context.Context, r *http.Request) (list []login.Session, err error) {
	for _, cookie := range []string{sessionCookie, ownCookie} {
		session, live, err := s.Broker.Browsing(ctx, s.tokenIn(r, cookie))
		if err != nil {
			return nil, err
		}
		if live {
			list = append(list, session)
		}
	}
	return list, nil
}

// forgetHere takes the tokens of both from the browser.
func (s *Server) forgetHere(w http.ResponseWriter) {
	s.setCookie(w, s.cookieName(sessionCookie), "", -1)
	s.setCookie(w, s.cookieName(ownCookie), "", -1)
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
