package web

import (
	"net/http"
	"time"

	"clave/internal/federation/oidc"
	"clave/internal/locale"
	"clave/internal/login"
	"clave/internal/secret"
)

// deed is what a person has just done on their own pages. A form is taken for longer than a page may be read, so what came of
// it is told apart from the pages: nothing but that, and as long as a form is taken (safety rule 17).
type deed struct {
	Kind     deedKind
	Of       string   `json:"o,omitempty"` // the confirmation that was answered, or the language that was chosen
	Sessions []string `json:"x,omitempty"` // those that were ended and that services relied on
	Citizen  string
	Proven   time.Time
}

type deedKind string

const (
	endedOne     deedKind = "ended"
	endedAll     deedKind = "ended-all"
	answeredDeed deedKind = "answered"
	languageDeed deedKind = "language"
)

// maxSessions is how many ended sessions a browser carries: they must fit the cookie.
const maxSessions = 40

func (s *Server) mayRead(v *ownVisit) bool { return s.Now().Sub(v.held.At) <= ownReads }

// goToDeed leads to the page that tells what was done.
func (s *Server) goToDeed(v *ownVisit, d deed) error {
	d.Citizen, d.Proven, d.Sessions = v.citizen.ID, v.held.At, d.Sessions[:min(len(d.Sessions), maxSessions)]
	id := secret.ID(s.Now())
	if err := s.saveFlow(v.w, v.r, deedFlow, id, s.Now(), d); err != nil {
		return err
	}
	http.Redirect(v.w, v.r, "/account/did/"+id, http.StatusSeeOther)
	return nil
}

type deedPage struct {
	page
	Title   string
	Notices []notice
	Buttons []button
}

// deedPage tells it; later it leads to the pages themselves, and so through a login.
func (s *Server) deedPage(w http.ResponseWriter, r *http.Request) {
	var d deed
	err := s.openFlow(r, deedFlow, r.PathValue("id"), &d)
	if err != nil || s.Now().Sub(d.Proven) > ownActs {
		http.Redirect(w, r, "/account", http.StatusSeeOther)
		return
	}
	v := ownVisit{w: w, r: r, page: s.page(r)}
	if d.Kind == answeredDeed {
		err = s.answeredPage(&v, d)
	} else {
		err = s.showDeed(&v, d)
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

func (s *Server) answeredPage(v *ownVisit, d deed) error {
	a, found, err := s.Confirm.Find(v.r.Context(), d.Of, d.Citizen)
	if err != nil || !found {
		return err
	}
	s.showAnswered(v, a)
	return nil
}

func (s *Server) showDeed(v *ownVisit, d deed) error {
	data := deedPage{page: v.page}
	switch d.Kind {
	case languageDeed:
		chosen := locale.Match(d.Of)
		data.Title, data.Notices = v.T("account.language"), []notice{success(v.T("account.language-set", "language", chosen.Name()))}
	case endedAll:
		data.Title, data.Notices = v.T("account.closed-title"), []notice{success(v.T("account.closed-all"))}
	default:
		data.Title = v.T("account.r-session-ended")
	}
	open, telling, err := s.stillOpen(v, d.Citizen, d.Sessions)
	for _, n := range []notice{{Kind: "warning", Text: open}, {Kind: "info", Text: telling}} {
		if len(n.Text) > 0 {
			data.Notices = append(data.Notices, n)
		}
	}
	if d.Kind != languageDeed {
		data.Buttons = []button{{Kind: "secondary", Text: v.T("account.sessions"), URL: "/account/sessions"}}
	}
	data.Buttons = append(data.Buttons, data.toAccount())
	if err == nil {
		s.show(v.w, v.r, http.StatusOK, "account-did.html", data)
	}
	return err
}

func success(text string) notice { return notice{Kind: "success", Text: []string{text}} }

// stillOpen says what a person has to do at the services of sessions that have ended: at those that cannot be told, close it
// there; at those that are being told, nothing.
func (s *Server) stillOpen(v *ownVisit, citizen string, sessions []string) (open, telling []string, err error) {
	for _, id := range sessions {
		list, ended, err := s.Account.Ended(v.r.Context(), citizen, id)
		if err != nil || !ended {
			return nil, nil, err
		}
		for _, p := range list {
			name := s.partyName(v.r, p.Party, v.Lang)
			switch {
			case p.State == login.Closed:
			case p.Protocol == oidc.Protocol && !p.State.Final():
				telling = append(telling, v.T("account.telling", "service", name))
			default:
				open = append(open, v.T("account.close-there", "service", name))
			}
		}
	}
	return unique(open), unique(telling), nil
}
