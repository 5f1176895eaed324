package web

import (
	"net/http"
	"net/url"
	"strings"

	"clave/internal/account"
	"clave/internal/locale"
)

type accessesPage struct {
	page
	Title, Lead, None string
	Columns           []string
	Lines             []accessLine
	NotMe             []button
	Buttons           []button
}

// accessLine is one visit, as its person reads it.
type accessLine struct {
	What, When, How, Where string
	Result, Kind, Detail   string
	NotMe                  []button
}

// accessesPage is what was done in the person's name, newest first.
func (s *Server) accessesPage(v *ownVisit) error {
	list, older, err := s.Account.Visits(v.r.Context(), v.citizen.NIF, v.r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	data := accessesPage{page: v.page, Title: v.T("account.accesses"), Lead: v.T("account.accesses-lead"), None: v.T("account.accesses-none")}
	for _, key := range []locale.Key{"account.what", "account.when", "account.how", "account.where", "account.result"} {
		data.Columns = append(data.Columns, data.T(key))
	}
	for _, visit := range list {
		data.Lines = append(data.Lines, s.accessLine(v, visit))
	}
	data.NotMe = []button{{Kind: "danger", Text: data.T("account.not-me"), URL: "/account/not-me"}}
	if older != "" {
		data.Buttons = []button{{Kind: "secondary", Text: data.T("account.older"), URL: "/account/accesses?before=" + url.QueryEscape(older)}}
	}
	data.Buttons = append(data.Buttons, data.toAccount())
	s.show(v.w, v.r, http.StatusOK, "account-accesses.html", data)
	return nil
}

func (s *Server) accessLine(v *ownVisit, visit account.Visit) accessLine {
	said := saidOf(visit.Result)
	line := accessLine{
		What: v.T("site.name"), When: v.T("account.when-text", "date", v.Lang.ShortDate(visit.At), "time", v.Lang.Clock(visit.At)),
		How: v.methodAndLevel(visit), Where: v.place(visit.From, visit.Browser), Result: v.T(said.text), Kind: said.kind,
	}
	if visit.Party != "" {
		line.What = s.partyName(v.r, visit.Party, v.Lang)
	}
	if visit.Wrong > 0 {
		line.Detail = v.T("account.wrong", "n", visit.Wrong)
	}
	if visit.Suspect() {
		line.NotMe = []button{{Kind: "quiet-danger", Text: v.T("account.not-me"), About: line.What + ", " + line.When,
			URL: "/account/not-me?since=" + url.QueryEscape(visit.First)}}
	}
	return line
}

func (p page) methodAndLevel(visit account.Visit) string {
	name, known := methodNames[visit.Method]
	switch {
	case !known:
		return ""
	case visit.Level == 0:
		return p.T(name)
	default:
		return p.T("account.how-text", "method", p.T(name), "level", p.T(levelNames[visit.Level]))
	}
}

// place says where somebody was, as coarsely as their owner recognises it.
func (v *ownVisit) place(address, browser string) string {
	var parts []string
	if browser != "" {
		parts = append(parts, browser)
	}
	if network := account.Network(address); network != "" {
		parts = append(parts, v.T("account.network", "network", network))
	}
	if account.SameNetwork(address, from(v.r)) {
		parts = append(parts, v.T("account.same-network"))
	}
	return strings.Join(parts, ", ")
}

// saidResult are the words for a result, and the badge.
type saidResult struct {
	text locale.Key
	kind string
}

var saidResults = map[account.Result]saidResult{
	account.NotSent: {"account.r-not-sent", "warn"}, account.WrongData: {"account.r-wrong-data", "bad"}, account.Unused: {"account.r-unused", "warn"},
	account.WrongPIN: {"account.r-wrong-pin", "bad"}, account.Proven: {"account.r-proven", "warn"}, account.Cancelled: {"account.r-cancelled", "warn"},
	account.TooLow: {"account.r-too-low", "warn"}, account.Refused: {"account.r-refused", "warn"}, account.Entered: {"account.r-entered", "good"},
	account.LetterAsked: {"account.r-letter-asked", ""}, account.LetterWrong: {"account.r-letter-wrong", "bad"},
	account.LetterOpened: {"account.r-letter-opened", ""}, account.Registered: {"account.r-registered", "good"},
	account.PhoneLost: {"account.r-phone-lost", "bad"}, account.Frozen: {"account.r-frozen", "bad"},
	account.ConfirmAsked: {"account.r-confirm-asked", ""}, account.ConfirmFailed: {"account.r-confirm-failed", "warn"},
	account.ConfirmNo: {"account.r-confirm-no", ""}, account.ConfirmNotMe: {"account.r-confirm-not-me", "bad"},
	account.ConfirmYes: {"account.r-confirm-yes", "good"}, account.Confirmed: {"account.r-confirmed", "good"},
	account.SessionEnded: {"account.r-session-ended", ""}, account.Blocked: {"account.r-blocked", "bad"}, account.Copied: {"account.r-copied", ""},
	account.Language: {"account.r-language", ""},
}

func saidOf(r account.Result) saidResult {
	if said, ok := saidResults[r]; ok {
		return said
	}
	return saidResult{"account.r-other", ""}
}
