package web

import (
	"net/http"
	"time"

	"clave/internal/secret"
)

// knownCookie holds the token of a browser in which somebody signed in before. It proves nothing: a person's tries from
// there are counted apart, so that strangers who use up their tries elsewhere do not lock them out.
const (
	knownCookie = "known"
	knownLife   = 365 * 24 * time.Hour
)

var tokenLength = len(secret.Token().Reveal())

// knownToken is empty in a browser that is not known.
func (s *Server) knownToken(r *http.Request) string {
	c, err := r.Cookie(s.cookieName(knownCookie))
	if err != nil || len(c.Value) != tokenLength {
		return ""
	}
	return c.Value
}
