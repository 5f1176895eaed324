package web

import (
	"html/template"
	"net/http"

	"clave/internal/federation/saml"
	"clave/internal/login"
)

type leftPage struct {
	page
	Ended, Stayed bool
	Asker         string // the service that asked
	Closed, Open  []string
	Action        template.URL // where the answer to the service that asked is posted
	Fields        []saml.Field
	Buttons       []button
}

// left shows what became of the session and of each service, and leads back to the service that asked.
func (s *Server) left(l *leave, list []login.Participation) error {
	data := s.whatBecame(l, list)
	gone, err := s.leadBack(l, &data)
	if err == nil && !gone {
		s.show(l.w, l.r, http.StatusOK, "logout-left.html", data)
	}
	return err
}

func (s *Server) whatBecame(l *leave, list []login.Participation) leftPage {
	data := leftPage{page: s.page(l.r), Ended: len(l.Sessions) > 0, Stayed: l.Stayed}
	for _, p := range list {
		name := s.partyName(l.r, p.Party, data.Lang)
		if p.State == login.Closed {
			data.Closed = append(data.Closed, name)
		} else {
			data.Open = append(data.Open, name)
		}
	}
	data.Closed, data.Open = unique(data.Closed), unique(data.Open)
	if id, _ := l.party(); id != "" {
		data.Asker = s.partyName(l.r, id, data.Lang)
	}
	return data
}

// leadBack puts the way back to the service that asked into the page. Where nothing is left to read over OpenID Connect, the
// browser is sent there at once, and the bool is true.
func (s *Server) leadBack(l *leave, data *leftPage) (gone bool, err error) {
	switch {
	case l.SAML != nil:
		form, err := s.SAML.LogoutResponse(*l.SAML, l.outcome(len(data.Open) == 0))
		if err != nil {
			return false, err
		}
		l.w.Header().Set("Content-Security-Policy", contentPolicy(originOf(form.Action)))
		data.Action, data.Fields = template.URL(form.Action), form.Fields
		data.Buttons = []button{{Kind: "primary", Text: data.T("logout.back", "service", data.Asker)}}
	case l.OIDC != nil && l.OIDC.ReturnTo != "":
		back := l.OIDC.Location()
		if len(data.Open) == 0 && !l.Stayed {
			if !arrives(l.r) {
				http.Redirect(l.w, l.r, back, http.StatusSeeOther)
				return true, nil
			}
			l.w.Header().Set("Refresh", "0; url="+back)
		}
		data.Buttons = []button{{Kind: "primary", Text: data.T("logout.back", "service", data.Asker), URL: back}}
	case l.Next != "":
		if len(data.Open) == 0 {
			http.Redirect(l.w, l.r, l.Next, http.StatusSeeOther)
			return true, nil
		}
		data.Buttons = []button{{Kind: "primary", Text: data.T("logout.next"), URL: l.Next}}
	default:
		data.Buttons = []button{{Kind: "secondary", Text: data.T("problem.home"), URL: "/"}}
	}
	return false, nil
}

// arrives tells whether another site sent the browser here. If its page did so by a form, that page's policy is held against
// every redirect until a page is shown: a service that was visited allows us to be its form's answer, but not the service
// that asked for the logout.
func arrives(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// Posts tells whether the page may send itself: nothing is left that the person should read.
func (p leftPage) Posts() bool { return len(p.Fields) > 0 && len(p.Open) == 0 && !p.Stayed }

// outcome is what the service that asked over SAML is told.
func (l leaving) outcome(all bool) saml.Outcome {
	switch {
	case l.Stayed:
		return saml.Kept
	case all:
		return saml.Ended
	default:
		return saml.Partly
	}
}
