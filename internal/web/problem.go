package web

import (
	"log/slog"
	"net/http"

	"clave/internal/locale"
)

// problem is an error page: what happened, what to check, whom to call.
type problem struct {
	status    int
	key       string // of problems
	args      []any
	reference string   // made, and written to the log, when empty
	service   string   // the name of the service, in a login
	action    string   // where buttons without an address post to
	buttons   []button // where to go from here
	kept      sent     // what the buttons without an address send again
}

// sent is a form that its browser keeps, sealed, to send it again.
type sent struct{ Ticket, Request string }

// said are the texts of a problem: what happened, why, and what to do.
type said struct{ title, text, do locale.Key }

var problems = map[string]said{
	"answered":         {"problem.answered.title", "problem.answered.text", "problem.answered.do"},
	"away":             {"problem.away.title", "problem.away.text", "problem.away.do"},
	"away-sent":        {"problem.away.title", "problem.away.text", "problem.away.do-sent"},
	"broken":           {"problem.broken.title", "problem.broken.text", "problem.broken.do"},
	"cross-origin":     {"problem.cross-origin.title", "problem.cross-origin.text", "problem.cross-origin.do"},
	"document-expired": {"problem.document-expired.title", "problem.document-expired.text", "problem.document-expired.do"},
	"for-services":     {"problem.for-services.title", "problem.for-services.text", "problem.for-services.do"},
	"form":             {"problem.form.title", "problem.form.text", "problem.form.do"},
	"late":             {"problem.late.title", "problem.late.text", "problem.late.do"},
	"no-login":         {"problem.no-login.title", "problem.no-login.text", "problem.no-login.do"},
	"no-logout":        {"problem.no-logout.title", "problem.no-logout.text", "problem.no-logout.do"},
	"no-method":        {"problem.no-method.title", "problem.no-method.text", "problem.no-method.do"},
	"other-person":     {"problem.other-person.title", "problem.other-person.text", "problem.other-person.do"},
	"request":          {"problem.request.title", "problem.request.text", "problem.request.do"},
	"sms-busy":         {"problem.sms-busy.title", "problem.sms-busy.text", "problem.sms-busy.do"},
	"stale":            {"problem.stale.title", "problem.stale.text", "problem.stale.do"},
	"too-low":          {"problem.too-low.title", "problem.too-low.text", "problem.too-low.do"},
	"wait":             {"problem.wait.title", "problem.wait.text", "problem.wait.do"},
	"wait-day":         {"problem.wait.title", "problem.wait.text", "problem.wait-day.do"},
}

type problemPage struct {
	page
	more
	Title   string
	Text    string
	Do      string
	Number  string // the reference
	Action  string
	Kept    sent
	Buttons []button
}

func (s *Server) problem(w http.ResponseWriter, r *http.Request, p problem) {
	data := problemPage{page: s.page(r), Number: p.reference, Action: p.action, Kept: p.kept, Buttons: p.buttons}
	data.Service = p.service
	s.Seen.Problem(p.key)
	if data.Number == "" {
		data.Number = s.newReference(p.key)
		slog.InfoContext(r.Context(), "problem shown", "reference", data.Number, "problem", p.key, "path", r.Pattern)
	}
	data.more = s.more(data.page, r, p.key, data.Number)
	texts := problems[p.key]
	data.Title, data.Text, data.Do = data.T(texts.title, p.args...), data.T(texts.text, p.args...), data.T(texts.do, p.args...)
	if len(data.Buttons) == 0 {
		data.Buttons = []button{{Kind: "secondary", Text: data.T("problem.home"), URL: "/"}}
	}
	s.show(w, r, p.status, problemFile, data)
}

// crossOrigin answers a form that another site sent.
func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, problem{status: http.StatusForbidden, key: "cross-origin"})
}
