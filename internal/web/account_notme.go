package web

import (
	"net/http"
	"time"

	"clave/internal/locale"
	"clave/internal/secret"
)

// disowned is what the browser carries after "this was not me": every session is over then, and the person still has to read
// what to do next.
type disowned struct {
	Citizen string
	Since   string // the entry that they pointed at
	At      time.Time
	Proven  time.Time // when they last proved who they are

	Sessions []string `json:"x,omitempty"` // those that were ended and that services relied on
}

type notMePage struct {
	page
	Title, Lead string
	Happens     []string
	After       []string
	Since       string
	Buttons     []button
}

// notMePage says what will happen, before it does.
func (s *Server) notMePage(v *ownVisit) error {
	data := notMePage{page: v.page, Title: v.T("account.not-me-title"), Lead: v.T("account.not-me-lead"), Since: v.r.URL.Query().Get("since")}
	data.Happens = data.list("account.not-me-sessions", "account.not-me-pin", "account.not-me-browsers", "account.not-me-told")
	data.After = data.list("account.not-me-undo", "account.not-me-less")
	data.Buttons = []button{
		{Kind: "danger", Text: data.T("account.not-me-do")},
		{Kind: "quiet", Text: data.T("account.not-me-leave"), URL: "/account/accesses"},
	}
	s.show(v.w, v.r, http.StatusOK, "account-not-me.html", data)
	return nil
}

func (p page) list(keys ...locale.Key) (list []string) {
	for _, key := range keys {
		list = append(list, p.T(key))
	}
	return list
}

func (s *Server) takeNotMe(v *ownVisit) error {
	ended, err := s.Account.NotMe(v.r.Context(), v.citizen.ID, visitor(v.r))
	if err != nil {
		return err
	}
	now := s.Now()
	id := secret.ID(now)
	since := v.r.PostFormValue("since")
	if len(since) != len(id) {
		since = ""
	}
	for _, name := range []string{ownCookie, sessionCookie, knownCookie} {
		s.setCookie(v.w, s.cookieName(name), "", -1)
	}
	if err := s.saveFlow(v.w, v.r, accountFlow, id, now, disowned{v.citizen.ID, since, now, v.held.At, ended[:min(len(ended), maxSessions)]}); err != nil {
		return err
	}
	http.Redirect(v.w, v.r, "/account/done/"+id, http.StatusSeeOther)
	return nil
}

type notMeDonePage struct {
	page
	Title, Lead           string
	Next                  []string
	Open                  []notice // the services where the session is not over
	CheckTitle, CheckText string
	Check                 []row
	Buttons               []button
}

// notMeDone says what was done and what next. The services that were entered are listed as long as the proof that pressed
// the button would have let the person read them (safety rule 17).
func (s *Server) notMeDone(w http.ResponseWriter, r *http.Request) {
	var d disowned
	data := notMeDonePage{page: s.page(r)}
	if err := s.openFlow(r, accountFlow, r.PathValue("id"), &d); err != nil {
		http.Redirect(w, r, "/account", http.StatusSeeOther)
		return
	}
	data.Title, data.Lead = data.T("account.done-title"), data.T("account.done-lead", "time", data.Lang.Clock(d.At))
	if data.HelpPhone != "" {
		data.Next = append(data.Next, data.T("account.done-call", "phone", data.HelpPhone))
	}
	data.Next = append(data.Next, data.list("account.done-phone", "account.done-office", "account.done-police")...)
	err := s.toClose(r, &data, d)
	if err == nil {
		err = s.toCheck(r, &data, d)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data.Buttons = []button{{Kind: "secondary", Text: data.T("problem.home"), URL: "/"}}
	s.show(w, r, http.StatusOK, "account-done.html", data)
}

// toClose says that the session goes on at services that cannot be told, and names them as long as the person could have
// pressed the button.
func (s *Server) toClose(r *http.Request, data *notMeDonePage, d disowned) error {
	open, _, err := s.stillOpen(&ownVisit{r: r, page: data.page}, d.Citizen, d.Sessions)
	if err != nil || len(open) == 0 {
		return err
	}
	said := notice{Kind: "warning", Title: data.T("account.done-open"), Text: []string{data.T("account.done-open-text")}}
	if s.Now().Sub(d.Proven) <= ownActs {
		said.Text = append(said.Text, open...)
	}
	data.Open = []notice{said}
	return nil
}

func (s *Server) toCheck(r *http.Request, data *notMeDonePage, d disowned) error {
	if s.Now().Sub(d.Proven) > ownReads {
		return nil
	}
	c, found, err := s.Broker.Store.Citizen(r.Context(), d.Citizen)
	if err != nil || !found {
		return err
	}
	list, err := s.Account.Informed(r.Context(), c.NIF, d.Since, d.At)
	for _, i := range list {
		data.Check = append(data.Check, row{Term: s.partyName(r, i.Party, data.Lang),
			Text: data.T("account.informed", "n", i.Times, "date", data.Lang.Date(i.Last), "time", data.Lang.Clock(i.Last))})
	}
	data.CheckTitle, data.CheckText = data.T("account.done-check"), data.T("account.done-check-text")
	if len(list) == 0 {
		data.CheckText = data.T("account.done-check-none")
	}
	return err
}
