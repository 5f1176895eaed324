package web

import (
	"log/slog"
	"net/http"
	"strings"

	"clave/internal/locale"
)

// answer is what a journey came to when it did not go on. It is carried in the flow, so that its page can be loaded again
// and read in another language.
type answer string

// The answers.
const (
	answerDown       answer = "down"
	answerExpired    answer = "expired"
	answerTwoLetters answer = "two-letters"
	answerNotOpened  answer = "not-opened"
	answerUsed       answer = "used"
	answerTooOld     answer = "too-old"
	answerRegistered answer = "registered"
	answerNoLonger   answer = "no-longer"
	answerUnproven   answer = "unproven"
	answerPhoneKept  answer = "phone-kept"
	answerChanged    answer = "changed"
	answerFrozen     answer = "frozen"
	answerNotFrozen  answer = "not-frozen"
)

// advice is what a person is told who cannot go on: what happened, what to check, where to go from here.
type advice struct {
	title, lead locale.Key
	list        []locale.Key
	buttons     []adviceButton
}

// adviceButton leads to a page of the journey, or to any address that begins with a slash.
type adviceButton struct {
	text locale.Key
	to   string
}

// nextDue is the page of the journey whose question has no answer yet.
const nextDue = "due"

var (
	again     = adviceButton{"advice.again", nextDue}
	toLetter  = adviceButton{"advice.to-letter", string(asking)}
	toFollow  = adviceButton{"advice.to-follow", string(following)}
	otherWays = adviceButton{"advice.other-ways", "/register"}
	otherNum  = adviceButton{"advice.other-phone", "phone"}
)

var advices = map[answer]advice{
	answerDown:       {"advice.down", "advice.down-lead", []locale.Key{"advice.down-wait"}, []adviceButton{again}},
	answerExpired:    {"advice.expired", "advice.expired-lead", []locale.Key{"advice.expired-renew", "advice.expired-check"}, []adviceButton{{"advice.to-document", "document"}, otherWays}},
	answerTwoLetters: {"advice.two", "advice.two-lead", []locale.Key{"advice.two-valid", "advice.two-again"}, []adviceButton{toFollow, otherWays}},
	answerNotOpened: {"advice.not-opened", "advice.not-opened-lead",
		[]locale.Key{"advice.not-opened-number", "advice.not-opened-document", "advice.not-opened-code", "advice.not-opened-often"},
		[]adviceButton{{"advice.to-number", ""}, {"advice.to-document", "document"}, toLetter}},
	answerUsed:       {"advice.used", "advice.used-lead", []locale.Key{"advice.used-you", "advice.used-not-you"}, []adviceButton{otherWays}},
	answerTooOld:     {"advice.old", "advice.old-lead", []locale.Key{"advice.old-new"}, []adviceButton{toLetter}},
	answerRegistered: {"advice.registered", "advice.registered-lead", []locale.Key{"advice.registered-change", "advice.used-not-you"}, []adviceButton{{"register.home", "/"}}},
	answerNoLonger:   {"advice.no-longer", "advice.no-longer-lead", []locale.Key{"advice.no-longer-twice", "advice.used-not-you"}, []adviceButton{{"register.home", "/"}, otherWays}},
	answerUnproven:   {"advice.unproven", "advice.unproven-lead", []locale.Key{"advice.unproven-again"}, []adviceButton{otherNum, {"advice.other-email", "email"}}},
	answerPhoneKept:  {"advice.kept", "advice.kept-lead", []locale.Key{"advice.kept-other", "advice.kept-office"}, []adviceButton{otherNum, otherWays}},
	answerChanged:    {"advice.changed", "advice.changed-lead", []locale.Key{"advice.changed-renewed"}, []adviceButton{{"advice.to-document", "document"}}},
	answerFrozen:     {"advice.frozen", "advice.frozen-lead", []locale.Key{"advice.frozen-office", "advice.frozen-police", "advice.frozen-once"}, []adviceButton{{"register.home", "/"}}},
	answerNotFrozen:  {"advice.not-frozen", "advice.not-frozen-lead", []locale.Key{"advice.not-frozen-code", "advice.not-frozen-once"}, []adviceButton{{"advice.to-freeze", string(freezing)}}},
}

// lost is what somebody sees whose journey this browser does not have, or no longer.
var lost = advice{"advice.lost", "advice.lost-lead", []locale.Key{"advice.lost-cookies", "advice.lost-nothing"}, nil}

// reply keeps the answer and leads to its page.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, e enrolmentStep, a answer) {
	e.Answer = a
	s.goOn(w, r, e, "answer")
}

func (s *Server) answerPage(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
	found, ok := advices[e.Answer]
	if !ok {
		http.Redirect(w, r, e.at(e.due()), http.StatusSeeOther)
		return
	}
	p := s.page(r)
	s.advise(w, r, http.StatusOK, found, e, "date", p.Lang.Date(e.Until), "time", p.Lang.Clock(e.Until))
}

func (s *Server) lostJourney(w http.ResponseWriter, r *http.Request, j journey) {
	told := lost
	told.buttons = []adviceButton{{"advice.lost-begin", string(j)}}
	s.advise(w, r, http.StatusGone, told, enrolmentStep{})
}

type advicePage struct {
	page
	more
	Title, Lead string
	Text        []string
	Buttons     []button
}

func (s *Server) advise(w http.ResponseWriter, r *http.Request, status int, a advice, e enrolmentStep, args ...any) {
	data := advicePage{page: s.page(r)}
	data.Reference = s.newReference(string(a.title))
	data.more = s.more(data.page, r, string(a.title), data.Reference)
	slog.InfoContext(r.Context(), "registration stopped", "reference", data.Reference, "why", string(a.title))
	data.Title, data.Lead = data.T(a.title), data.T(a.lead, args...)
	for _, key := range a.list {
		data.Text = append(data.Text, data.T(key, args...))
	}
	kind := "primary"
	for _, b := range a.buttons {
		data.Buttons = append(data.Buttons, button{Kind: kind, Text: data.T(b.text), URL: e.leads(b.to)})
		kind = "quiet"
	}
	s.show(w, r, status, "register-advice.html", data)
}

// leads is the address that a button of an advice leads to.
func (e enrolmentStep) leads(to string) string {
	switch {
	case strings.HasPrefix(to, "/"):
		return to
	case to == nextDue:
		return e.at(e.due())
	default:
		return e.at(to)
	}
}
