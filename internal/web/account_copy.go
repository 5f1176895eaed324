package web

import (
	"net/http"
	"time"

	"clave/internal/account"
	"clave/internal/locale"
)

type copyPage struct {
	page
	Title, Lead string
	Text        []string
	Careful     notice
	Files       [][]button
	Back        []button
}

func (s *Server) copyPage(v *ownVisit) error {
	data := copyPage{page: v.page, Title: v.T("account.copy"), Lead: v.T("account.copy-lead")}
	data.Text = data.list("account.copy-table", "account.copy-machine", "account.copy-record")
	data.Careful = notice{Kind: "warning", Text: data.list("account.copy-careful")}
	data.Files = [][]button{
		{{Kind: "primary", Text: data.T("account.copy-csv"), Name: "format", Value: "csv"}},
		{{Kind: "secondary", Text: data.T("account.copy-json"), Name: "format", Value: "json"}},
	}
	data.Back = []button{data.toAccount()}
	s.show(v.w, v.r, http.StatusOK, "account-copy.html", data)
	return nil
}

// takeCopy hands the file over. It is reading, though it is a form: a proof serves for as long as it does for reading.
func (s *Server) takeCopy(v *ownVisit) error {
	if s.Now().Sub(v.held.At) > ownReads {
		return s.beginOwn(v)
	}
	all, err := s.Account.Copy(v.r.Context(), v.citizen, visitor(v.r))
	if err != nil {
		return err
	}
	write, kind, end := all.JSON, "application/json", "json"
	if v.r.PostFormValue("format") == "csv" {
		write, kind, end = func() ([]byte, error) { return account.Table(s.copyRows(v, all)) }, "text/csv; charset=utf-8; header=present", "csv"
	}
	file, err := write()
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Content-Disposition", `attachment; filename="mi-clave-`+all.Made.Format(time.DateOnly)+"."+end+`"`)
	_, _ = v.w.Write(file) // the visitor may have gone
	return nil
}

// copyRows are the copy in the person's language: what is kept of them, their sessions, and each visit.
func (s *Server) copyRows(v *ownVisit, all account.Copy) [][]string {
	rows := [][]string{v.list("account.part", "account.when", "account.what", "account.value", "account.how", "account.address", "account.browser")}
	for _, d := range v.copyData(all) {
		rows = append(rows, []string{v.T("account.my-data"), "", d.Term, d.Text, "", "", ""})
	}
	for _, since := range all.Browsers {
		rows = append(rows, []string{v.T("account.my-data"), v.stamp(since), v.T("account.known-browser"), "", "", "", ""})
	}
	for _, o := range all.Sessions {
		rows = append(rows, []string{v.T("account.sessions"), v.stamp(o.Began), v.T("account.some-browser"), v.T("account.seen") + ": " + v.stamp(o.Seen), "", o.From, o.Browser})
		for _, party := range o.Parties {
			rows = append(rows, []string{v.T("account.sessions"), v.stamp(o.Began), s.partyName(v.r, party, v.Lang), "", "", "", ""})
		}
	}
	for _, visit := range all.Visits() {
		line := s.accessLine(v, visit)
		rows = append(rows, []string{v.T("account.accesses"), v.stamp(visit.At), line.What, line.Result, line.How, visit.From, visit.Browser})
	}
	return rows
}

// copyData are the person's data, unmasked: it is their own copy.
func (v *ownVisit) copyData(all account.Copy) []row {
	c := all.Citizen
	rows := []row{
		{Term: v.T("data.nif"), Text: c.NIF.String()},
		{Term: v.T("data.names"), Text: c.GivenName + " " + c.FamilyName()},
		{Term: v.T("account.phone"), Text: c.Phone.Reveal()},
		{Term: v.T("account.phone-since"), Text: v.stamp(c.PhoneSince)},
		{Term: v.T("account.email"), Text: c.Email.Reveal()},
		{Term: v.T("account.language"), Text: locale.Match(c.Lang).Name()},
		{Term: v.T("account.registered"), Text: v.T("account.registered-how", "how", v.T(proofings[c.Proofing]), "date", v.Lang.Date(c.Registered))},
		{Term: v.T("account.document"), Text: c.Datum.Reveal()},
	}
	for _, m := range c.Blocked {
		rows = append(rows, row{Term: v.T(methodNames[m]), Text: v.T("account.use-blocked")})
	}
	return rows
}

// stamp is a moment in a table.
func (p page) stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return p.Lang.ShortDate(t) + " " + p.Lang.Clock(t)
}
