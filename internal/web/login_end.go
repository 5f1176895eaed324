package web

import (
	"html/template"
	"net/http"

	"clave/internal/federation/saml"
	"clave/internal/login"
)

// stop is why a login can go no further, for the person and for the service.
type stop struct {
	key     string // of problems
	status  int
	failure login.Failure
}

// stopped tells whether this login has come to its end without an identity. The zero stop means that it goes on.
func (s *Server) stopped(v *visit) (stop, error) {
	methods, err := s.Broker.Allowed(v.r.Context(), v.Login)
	switch {
	case err != nil:
		return stop{}, err
	case v.Login.Late(s.Now()):
		return stop{"late", http.StatusGone, login.TimedOut}, nil
	case len(methods) == 0:
		return stop{"no-method", http.StatusForbidden, login.Denied}, nil
	case v.TooLow:
		return stop{"too-low", http.StatusForbidden, login.Denied}, nil
	default:
		return stop{}, nil
	}
}

// unlessStopped shows a page of a login that goes on; otherwise why not, with the way back to the service.
func (s *Server) unlessStopped(page func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		why, err := s.stopped(v)
		if err != nil {
			return err
		}
		if why.key == "" {
			return page(v)
		}
		s.loginProblem(v, problem{status: why.status, key: why.key})
		return nil
	}
}

// loginProblem shows a problem of a login that can still be answered: its last button goes back to the service.
func (s *Server) loginProblem(v *visit, p problem) {
	frame := s.inLogin(v)
	p.service, p.action = frame.Service, frame.At+"/cancel"
	p.args = append(p.args, "service", frame.Service)
	kind := "primary"
	if len(p.buttons) > 0 {
		kind = "secondary"
	}
	p.buttons = append(p.buttons, button{Kind: kind, Text: frame.T("login.back", "service", frame.Service)})
	s.problem(v.w, v.r, p)
}

// cancelLogin answers the service that nobody was identified: because the person gave up, or because of what stopped
// them.
func (s *Server) cancelLogin(v *visit) error {
	why, err := s.stopped(v)
	if err != nil {
		return err
	}
	if v.r.PostForm.Get("not-me") != "" {
		return s.notMe(v)
	}
	if v.party.Alone() { // what was proven for it has nothing left to open
		if _, err := s.endHere(v.w, v.r, "cancelled", func(x login.Session) bool { return x.ID == v.Session }); err != nil {
			return err
		}
	}
	if why.key == "" {
		if why.failure, err = s.leaves(v); err != nil {
			return err
		}
	}
	return s.giveUp(v, why.failure)
}

// leaves tells why somebody leaves a login that could go on: because they want to, or because they were told that nothing
// they have will do.
func (s *Server) leaves(v *visit) (login.Failure, error) {
	offer, live, err := s.Broker.Offer(v.r.Context(), v.Login, v.Session, s.sessionToken(v.r))
	if err == nil && live && offer.Beyond {
		return login.Denied, nil
	}
	return login.Cancelled, err
}

// giveUp answers the service that nobody was identified.
func (s *Server) giveUp(v *visit, why login.Failure) error {
	refusal, err := s.Broker.Cancel(v.r.Context(), v.Login, string(why), visitor(v.r))
	if err != nil {
		return err
	}
	s.endFlow(v.w, loginFlow, v.Login.ID)
	if refusal == login.Answered {
		s.answered(v)
		return nil
	}
	s.fails(v.w, v.r, v.Login.Request, why)
	return nil
}

// answered shows that the service has its answer: from another tab, or from this one before.
func (s *Server) answered(v *visit) {
	name := s.inLogin(v).Service
	s.problem(v.w, v.r, problem{status: http.StatusConflict, key: "answered", service: name, args: []any{"service", name}})
}

type returnPage struct {
	page
	Form    saml.Form
	Failed  bool
	Buttons []button
}

// sendBack shows the page that takes an answer to the service. Its policy lets it post there and nowhere else. It offers
// no other language, because its address cannot be asked for again.
func (s *Server) sendBack(w http.ResponseWriter, r *http.Request, request login.Request, data returnPage) {
	party, err := s.Parties.Party(r.Context(), request.Party)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data.page = s.page(r)
	data.Service, data.Languages = party.Name(data.Lang.Code()), nil
	data.Buttons = []button{{Kind: "primary", Text: data.T("login.return-next")}}
	w.Header().Set("Content-Security-Policy", contentPolicy(originOf(data.Form.Action)))
	s.show(w, r, http.StatusOK, "login-return.html", data)
}

// Action is the registered address of the service. Any scheme but http and https would have been refused with the request.
func (p returnPage) Action() template.URL { return template.URL(p.Form.Action) }
