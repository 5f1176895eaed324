package web

import (
	"context"
	"net/http"

	"clave/internal/audit"
	"clave/internal/locale"
	"clave/internal/login"
	"clave/internal/relying"
)

type continuePage struct {
	loginFrame
	Logo    string
	Rows    []row
	Data    []string
	Notices []notice
	Last    string
	Seen    string
	Buttons []button
	NotMe   []button
}

// askToContinue shows who goes where with what, and when they last did: nobody enters a service without having seen it and
// agreed (safety rule 17, ENS op.acc.5).
func (s *Server) askToContinue(v *visit, offer login.Offer) error {
	data := continuePage{loginFrame: s.inLogin(v), Logo: logoURL(v.party), Seen: offer.Seen}
	data.Rows = []row{
		{Term: data.T("login.who"), Text: offer.Citizen.Masked()},
		{Term: data.T("login.how"), Text: data.T("login.how-when", "method", data.T(methodNames[offer.Held.Method]),
			"level", data.T(levelNames[offer.Held.Level]), "time", data.Lang.Clock(offer.Held.At))},
	}
	data.Data = data.dataOf(v.Login.Request.Released)
	var err error
	if data.Last, data.Notices, err = s.lastAccess(v, data.page, offer); err != nil {
		return err
	}
	data.Buttons = []button{{Kind: "primary", Text: data.T("login.continue", "service", data.Service)}}
	data.NotMe = data.notMe()
	s.show(v.w, v.r, http.StatusOK, "login-continue.html", data)
	return nil
}

// lastAccess tells the person when they were last identified, and how often somebody failed to be them since.
func (s *Server) lastAccess(v *visit, p page, offer login.Offer) (string, []notice, error) {
	subject := audit.Subject(s.Ring, offer.Citizen.NIF)
	last, found, err := s.Records.LastAccess(v.r.Context(), subject)
	if err != nil {
		return "", nil, err
	}
	if !found {
		return p.T("login.last-none"), nil, nil
	}
	var notices []notice
	failed, err := s.Records.FailuresSince(v.r.Context(), subject, last.ID)
	if err != nil {
		return "", nil, err
	}
	if failed > 0 {
		notices = append(notices, notice{Kind: "warning", Text: []string{p.T("login.failed-since", "n", failed)}})
	}
	return s.tellLast(v, p, last, offer), notices, nil
}

// tellLast names the service only to whoever has just proven who they are: it is a line of their history (safety rule 17).
// That of a service which stays alone is not named to another.
func (s *Server) tellLast(v *visit, p page, last audit.Entry, offer login.Offer) string {
	party, err := s.Parties.Party(v.r.Context(), last.Party)
	if err != nil || s.Now().Sub(offer.Held.At) > ownReads || party.Alone() && party.ID != v.party.ID && party.ID != relying.House {
		return p.T("login.last-when", "date", p.Lang.Date(last.At), "time", p.Lang.Clock(last.At))
	}
	return p.T("login.last", "date", p.Lang.Date(last.At), "time", p.Lang.Clock(last.At), "service", party.Name(p.Lang.Code()))
}

// partyName is a service's name, or its id when it is no more.
func (s *Server) partyName(r *http.Request, id string, l locale.Lang) string {
	party, err := s.Parties.Party(r.Context(), id)
	if err != nil {
		return id
	}
	return party.Name(l.Code())
}

// takeContinue completes the login: the person agreed.
func (s *Server) takeContinue(v *visit) error {
	var done completed
	err := s.Store.Do(v.r.Context(), func(ctx context.Context) (err error) {
		done, err = s.complete(ctx, v, v.Session)
		return err
	})
	if err != nil {
		return err
	}
	switch done.refusal {
	case login.None:
		s.endFlow(v.w, loginFlow, v.Login.ID)
		return s.answer(v, done)
	case login.Answered:
		s.endFlow(v.w, loginFlow, v.Login.ID)
		s.answered(v)
		return nil
	case login.Another:
		return s.giveUp(v, login.Unexpected)
	case login.Stale:
		v.signIn = signIn{Login: v.Login, Again: true}
	}
	return s.goTo(v, "") // the login's first page says what stopped it
}
