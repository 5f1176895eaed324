package web

import (
	"net/http"

	"clave/internal/account"
	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/locale"
	"clave/internal/relying"
)

// accountRoutes are a person's own pages about what was done in their name. Each opens to a proof of under five minutes
// (safety rule 17).
func (s *Server) accountRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /account", s.own(s.accountPage))
	mux.HandleFunc("GET /account/accesses", s.own(s.accessesPage))
	mux.HandleFunc("GET /account/sessions", s.own(s.sessionsPage))
	mux.HandleFunc("POST /account/sessions/end-all", s.own(s.endSessions))
	mux.HandleFunc("POST /account/sessions/{id}/end", s.own(s.endSession))
	mux.HandleFunc("GET /account/sessions/{id}", toSessions) // where a form that came too late leads
	mux.HandleFunc("GET /account/export", s.own(s.copyPage))
	mux.HandleFunc("POST /account/export/file", s.own(s.takeCopy))
	mux.HandleFunc("GET /account/not-me", s.own(s.notMePage))
	mux.HandleFunc("POST /account/not-me", s.own(s.takeNotMe))
	mux.HandleFunc("GET /account/done/{id}", s.notMeDone)
	mux.HandleFunc("GET /account/language", s.own(s.languagePage))
	mux.HandleFunc("POST /account/language", s.own(s.takeLanguage))
	mux.HandleFunc("GET /account/did/{id}", s.deedPage)
}

type accountPage struct {
	page
	Title, Lead string
	Waiting     []notice // what waits for the person's answer
	Confirm     []button
	Data        []row
	UseTitle    string
	Use         []row
	Raise       []string
	Ways        []method
	NotMeTitle  string
	NotMe       []button
	Leave       []button
}

// accountPage is the front of a person's own pages: their data, masked, and what can be done here.
func (s *Server) accountPage(v *ownVisit) error {
	data := accountPage{page: v.page, Title: relying.Own.Name(v.Lang.Code()), Lead: v.T("account.lead")}
	waiting, err := s.Confirm.Waiting(v.r.Context(), v.citizen.ID)
	if err != nil {
		return err
	}
	if len(waiting) > 0 {
		data.Waiting = []notice{{Kind: "warning", Title: data.T("account.waiting", "n", len(waiting)), Text: []string{data.T("account.waiting-text")}}}
		data.Confirm = []button{{Kind: "primary", Text: data.T("confirm.open"), URL: "/confirm"}}
	}
	data.Data = data.personRows(v.citizen)
	data.UseTitle, data.NotMeTitle = data.T("account.use"), data.T("account.not-me-title")
	data.Use, data.Raise = data.useRows(s.Account.Reaches(v.citizen))
	data.Ways = data.accountWays()
	data.NotMe = []button{{Kind: "danger", Text: data.T("account.not-me"), URL: "/account/not-me"}}
	data.Leave = []button{{Kind: "secondary", Text: data.T("logout.title"), URL: "/logout"}}
	s.show(v.w, v.r, http.StatusOK, "account-home.html", data)
	return nil
}

// proofings are the words for how somebody was registered.
var proofings = map[assurance.Proofing]locale.Key{assurance.Basic: "account.basic", assurance.Advanced: "account.advanced"}

// personRows are a person's data as a screen may show them that others see.
func (p page) personRows(c citizen.Citizen) []row {
	phone, email := p.T("account.none"), p.T("account.none")
	if !c.Phone.IsZero() {
		phone = c.Phone.Masked()
	}
	if !c.Email.IsZero() {
		email = c.Email.Masked()
	}
	return []row{
		{Term: p.T("account.person"), Text: c.Masked()},
		{Term: p.T("account.phone"), Text: phone},
		{Term: p.T("account.email"), Text: email},
		{Term: p.T("account.registered"), Text: p.T("account.registered-how", "how", p.T(proofings[c.Proofing]), "date", p.Lang.Date(c.Registered))},
		{Term: p.T("account.language"), Text: locale.Match(c.Lang).Name(), URL: "/account/language", Change: p.T("login.change")},
	}
}

// useRows say what the registration is good for, and how to get further.
func (p page) useRows(reaches []account.Reach) (rows []row, raise []string) {
	for _, r := range reaches {
		use := row{Term: p.T(methodNames[r.Method])}
		switch {
		case r.Blocked:
			use.Text = p.T("account.use-blocked")
			raise = append(raise, p.T("account.unblock"))
		case r.NoPhone:
			use.Text = p.T("account.use-no-phone")
			raise = append(raise, p.T("account.give-phone"))
		default:
			use.Text = p.T("account.use-level", "level", p.T(levelNames[r.Level]))
		}
		if r.More {
			raise = append(raise, p.T("account.raise"))
		}
		rows = append(rows, use)
	}
	return rows, raise
}

func (p page) accountWays() []method {
	way := func(title, about, open locale.Key, url string) method {
		return method{Title: p.T(title), About: p.T(about), Button: button{Kind: "secondary", Text: p.T(open), URL: url}}
	}
	return []method{
		way("account.accesses", "account.accesses-about", "account.accesses-open", "/account/accesses"),
		way("account.sessions", "account.sessions-about", "account.sessions-open", "/account/sessions"),
		p.confirmCard(),
		way("account.copy", "account.copy-about", "account.copy-open", "/account/export"),
	}
}

// accountCard leads to a person's own pages from the front page.
func (p page) accountCard() method {
	return method{Title: relying.Own.Name(p.Lang.Code()), About: p.T("account.about"),
		Button: button{Kind: "secondary", Text: p.T("account.open"), URL: "/account"}}
}

// toAccount is the way back.
func (p page) toAccount() button {
	return button{Kind: "quiet", Text: p.T("account.back", "name", relying.Own.Name(p.Lang.Code())), URL: "/account"}
}
