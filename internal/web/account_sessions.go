package web

import (
	"net/http"
	"net/url"

	"clave/internal/account"
	"clave/internal/login"
	"clave/internal/relying"
)

type sessionsPage struct {
	page
	Title, Lead, None string
	Notices           []notice
	Open              []openCard
	EndAll            []button
	Buttons           []button
}

// openCard is one browser in which the person is identified.
type openCard struct {
	ID, Title, Here string
	Rows            []row
	Buttons         []button
}

func (s *Server) sessionsPage(v *ownVisit) error {
	list, err := s.Account.Sessions(v.r.Context(), v.citizen.ID)
	if err != nil {
		return err
	}
	here, _, err := s.Broker.Browsing(v.r.Context(), s.sessionToken(v.r))
	if err != nil {
		return err
	}
	data := sessionsPage{page: v.page, Title: v.T("account.sessions"), Lead: v.T("account.sessions-lead"), None: v.T("account.sessions-none")}
	if data.Notices, err = s.whatClosed(v); err != nil {
		return err
	}
	for _, open := range list {
		data.Open = append(data.Open, s.openCard(v, open, open.ID == here.ID))
	}
	if len(list) > 0 {
		data.EndAll = []button{{Kind: "danger", Text: data.T("account.end-all")}}
	}
	data.Buttons = []button{data.toAccount()}
	s.show(v.w, v.r, http.StatusOK, "account-sessions.html", data)
	return nil
}

func (s *Server) openCard(v *ownVisit, open account.Open, here bool) openCard {
	c := openCard{ID: open.ID, Title: open.Browser}
	if c.Title == "" {
		c.Title = v.T("account.some-browser")
	}
	if here {
		c.Here = v.T("account.this-browser")
	}
	c.Rows = []row{
		{Term: v.T("account.since"), Text: v.T("account.when-text", "date", v.Lang.Date(open.Began), "time", v.Lang.Clock(open.Began))},
		{Term: v.T("account.seen"), Text: v.T("account.when-text", "date", v.Lang.Date(open.Seen), "time", v.Lang.Clock(open.Seen))},
	}
	if where := v.place(open.From, ""); where != "" {
		c.Rows = append(c.Rows, row{Term: v.T("account.where"), Text: where})
	}
	for i, id := range open.Parties {
		r := row{Text: s.partyName(v.r, id, v.Lang)}
		if i == 0 {
			r.Term = v.T("account.services")
		}
		c.Rows = append(c.Rows, r)
	}
	c.Buttons = []button{{Kind: "secondary", Text: v.T("account.end"), About: c.Title + ", " + c.Rows[0].Text}}
	return c
}

func (s *Server) endSession(v *ownVisit) error {
	id := v.r.PathValue("id")
	done, err := s.Account.End(v.r.Context(), v.citizen.ID, id, visitor(v.r))
	if err != nil {
		return err
	}
	to := "/account/sessions"
	if done {
		to += "?closed=" + url.QueryEscape(id)
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// endSessions ends all, but for the one in which these pages are read.
func (s *Server) endSessions(v *ownVisit) error {
	if err := s.Account.EndAll(v.r.Context(), v.citizen.ID, v.session.ID, visitor(v.r)); err != nil {
		return err
	}
	http.Redirect(v.w, v.r, "/account/sessions?closed=all", http.StatusSeeOther)
	return nil
}

func toSessions(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/account/sessions", http.StatusSeeOther)
}

// whatClosed says what became of the session that was just ended: nothing that the address says is believed.
func (s *Server) whatClosed(v *ownVisit) ([]notice, error) {
	id := v.r.URL.Query().Get("closed")
	if id == "" {
		return nil, nil
	}
	if id == "all" {
		if open, err := s.Account.Sessions(v.r.Context(), v.citizen.ID); err != nil || len(open) > 0 {
			return nil, err
		}
		return []notice{{Kind: "info", Text: []string{v.T("account.closed-all"), v.T("account.closed-tell")}}}, nil
	}
	list, ended, err := s.Account.Ended(v.r.Context(), v.citizen.ID, id)
	if err != nil || !ended {
		return nil, err
	}
	notices := []notice{{Kind: "success", Text: []string{v.T("account.closed")}}}
	for _, p := range list {
		if said, left := s.stillOpen(v, p); left {
			notices = append(notices, said)
		}
	}
	return notices, nil
}

// stillOpen says what the person has to do at a service that cannot be told, or has not answered yet.
func (s *Server) stillOpen(v *ownVisit, p login.Participation) (notice, bool) {
	name := s.partyName(v.r, p.Party, v.Lang)
	switch {
	case p.State == login.Closed || p.Party == relying.House:
		return notice{}, false
	case p.Protocol == "oidc" && !p.State.Final():
		return notice{Kind: "info", Text: []string{v.T("account.telling", "service", name)}}, true
	default:
		return notice{Kind: "warning", Text: []string{v.T("account.close-there", "service", name)}}, true
	}
}
