package web

import (
	"net/http"

	"clave/internal/locale"
	"clave/internal/login"
	"clave/internal/relying"
)

type stepPage struct {
	loginFrame
	Notices []notice
	Why     string
	Who     []row
	Buttons []button
	NotMe   []button
	Other   button
	Seen    string
}

// askStep asks somebody who has a session for exactly what is missing: their PIN, again. Who they are is known already.
func (s *Server) askStep(v *visit, offer login.Offer) error {
	data := stepPage{loginFrame: s.inLogin(v), Seen: offer.Seen, Notices: s.beforeTyping(v)}
	data.Why = data.T(whyAgain(v, offer), "service", data.Service)
	if data.Ours != nil {
		data.Why = data.T(data.Ours.Step)
	}
	data.Who = []row{{Term: data.T("login.who"), Text: offer.Citizen.Masked()}}
	data.Buttons = []button{{Kind: "primary", Text: data.T("login.step-send")}}
	data.NotMe = data.notMe()
	data.Other = button{Kind: "quiet", Text: data.T("login.step-other"), URL: data.At + "/nif"}
	s.show(v.w, v.r, http.StatusOK, "login-step.html", data)
	return nil
}

// whyAgain tells why the session does not suffice.
func whyAgain(v *visit, offer login.Offer) locale.Key {
	switch {
	case v.Login.Request.ForceAuthn:
		return "login.step-force"
	case len(offer.Session.Held) > 0 && offer.Session.Held[0].Level < v.Login.Request.Level:
		return "login.step-level"
	default:
		return "login.step-age"
	}
}

func (p page) notMe() []button { return []button{{Kind: "secondary", Text: p.T("login.not-me")}} }

// askMe sends a PIN to the person of the browser's session: NIF and datum are as they were when they last proved who they
// are. The PIN goes to their phone, whoever sits here.
func (s *Server) askMe(v *visit) error {
	s.Slow.Hit(v.r.Context(), from(v.r))
	offer, live, err := s.offerFor(v)
	if err != nil {
		return err
	}
	switch {
	case !live || v.r.PostForm.Get("seen") != offer.Seen: // not whom the page named
		return v.redirect("")
	case offer.Citizen.Datum.IsZero():
		return v.redirect("nif")
	}
	v.NIF, v.Kind, v.Datum = offer.Citizen.NIF, offer.Citizen.Datum.Kind(), offer.Citizen.Datum.Reveal()
	return s.ask(v)
}

// notMe ends the session that the page named: another person sits here now. Its services are told, or listed, as by any
// logout; then the login goes on.
func (s *Server) notMe(v *visit) error {
	ended, err := s.endHere(v.w, v.r, "not me", func(x login.Session) bool {
		if v.party.Alone() && v.party.ID != relying.House {
			return x.Only == v.party.ID
		}
		return everyday(x)
	})
	if err != nil {
		return err
	}
	v.signIn = signIn{Login: v.Login}
	if err := s.saveFlow(v.w, v.r, loginFlow, v.Login.ID, v.Login.Began, v.signIn); err != nil {
		return err
	}
	s.beginLogout(v.w, v.r, leaving{Sessions: ending{sessions: ended}.ids(), Ended: s.Now(), Next: loginPath(v.Login.ID, "")})
	return nil
}

// beyond tells somebody with a session, before they type anything, that no method they have reaches what the service asks.
func (s *Server) beyond(v *visit, offer login.Offer) {
	frame := s.inLogin(v)
	s.loginProblem(v, problem{status: http.StatusForbidden, key: "too-low", buttons: []button{
		{Kind: "secondary", Text: frame.T("login.another-person", "who", offer.Citizen.Masked()), Name: "not-me", Value: "1"},
	}})
}
