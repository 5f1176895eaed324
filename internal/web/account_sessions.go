package web

import (
	"net/http"

	"clave/internal/account"
)

type sessionsPage struct {
	page
	Title, Lead, None string
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
	if done {
		return s.goToDeed(v, deed{Kind: endedOne, Sessions: []string{id}})
	}
	toSessions(v.w, v.r)
	return nil
}

// endSessions ends all, but for the one in which these pages are read.
func (s *Server) endSessions(v *ownVisit) error {
	ended, err := s.Account.EndAll(v.r.Context(), v.citizen.ID, v.session.ID, visitor(v.r))
	if err != nil {
		return err
	}
	return s.goToDeed(v, deed{Kind: endedAll, Sessions: ended})
}

func toSessions(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/account/sessions", http.StatusSeeOther)
}
