package web

import (
	"encoding/base64"

	"clave/internal/assurance"
	"clave/internal/keyring"
	"clave/internal/locale"
	"clave/internal/login"
	"clave/internal/relying"
)

// offerFor is what the browser's sessions can do for a login. For our own pages they open nothing (safety rule 17): they only
// say to whom a PIN would be sent.
func (s *Server) offerFor(v *visit) (login.Offer, bool, error) {
	if v.party.ID != relying.House {
		return s.Broker.Offer(v.r.Context(), v.Login, v.Session, s.sessionToken(v.r))
	}
	for _, name := range []string{ownCookie, sessionCookie} {
		x, live, err := s.Broker.Browsing(v.r.Context(), s.tokenIn(v.r, name))
		if err != nil {
			return login.Offer{}, false, err
		}
		if live && cookieOf(x) == name {
			return s.ownOffer(v, x)
		}
	}
	return login.Offer{}, false, nil
}

// ownOffer names the person of a session, if a PIN can be sent to them without asking them anything.
func (s *Server) ownOffer(v *visit, x login.Session) (login.Offer, bool, error) {
	c, found, err := s.Broker.Store.Citizen(v.r.Context(), x.Citizen)
	if err != nil || !found || c.Frozen || !c.May(assurance.PIN) || c.Datum.IsZero() {
		return login.Offer{}, false, err
	}
	seen := base64.RawURLEncoding.EncodeToString(s.Ring.Hash(ownSeenUse, v.Login.ID, x.ID, c.ID))
	return login.Offer{Session: x, Citizen: c, Seen: seen}, true, nil
}

// ownSeenUse binds a page that names somebody to what is posted from it.
const ownSeenUse keyring.Use = "own.seen"

// ownWords are what a login for our own pages says in place of what one for a service says.
type ownWords struct{ Typing, Step, Time, Cancel locale.Key }

// wordsOf is nil when the login is for a service.
func wordsOf(request login.Request) *ownWords {
	switch {
	case request.Party != relying.House:
		return nil
	case answering(request):
		return &ownWords{"own.answer", "own.step-answer", "own.time", "own.cancel"}
	default:
		return &ownWords{"own.see", "own.step-see", "own.time", "own.cancel"}
	}
}
