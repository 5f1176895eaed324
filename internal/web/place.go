package web

import (
	"net/http"
	"slices"
	"strings"

	"clave/internal/locale"
)

// placeRoutes are the pages about ourselves, and the one for every address that is nobody's.
func (s *Server) placeRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.homePage)
	mux.HandleFunc("GET /accessibility", s.wordsPage(accessibilityWords))
	mux.HandleFunc("GET /privacy", s.wordsPage(privacyWords))
	mux.HandleFunc("GET /services", s.wordsPage(servicesWords))
	mux.HandleFunc("/", s.nowhere)
}

type homePage struct {
	page
	Methods []method
	Leave   bool // this browser holds a session: leaving is a card
}

func (s *Server) homePage(w http.ResponseWriter, r *http.Request) {
	data := homePage{page: s.page(r)}
	data.Methods = []method{
		{Title: data.T("home.register"), About: data.T("home.register-about"),
			Button: button{Kind: "primary", Text: data.T("home.register-button"), URL: "/register"}},
		{Title: data.T("home.open"), About: data.T("home.open-about"),
			Button: button{Kind: "secondary", Text: data.T("home.open-button"), URL: string(opening)}},
		{Title: data.T("home.follow"), About: data.T("home.follow-about"),
			Button: button{Kind: "secondary", Text: data.T("home.follow-button"), URL: string(following)}},
		data.accountCard(),
		data.confirmCard(),
	}
	if data.Leave = s.holdsSession(r); data.Leave {
		data.Methods = append(data.Methods, method{Title: data.T("logout.title"), About: data.T("home.leave-about"),
			Button: button{Kind: "secondary", Text: data.T("logout.title"), URL: "/logout"}})
	}
	s.show(w, r, http.StatusOK, "home.html", data)
}

// holdsSession tells whether a browser has the cookie of a session, which may be over: the front page asks no database.
func (s *Server) holdsSession(r *http.Request) bool {
	return slices.ContainsFunc(r.Cookies(), func(c *http.Cookie) bool {
		name, ours := strings.CutPrefix(c.Name, s.cookieName(""))
		return ours && (name == sessionCookie || strings.HasPrefix(name, aloneCookie)) && len(c.Value) == tokenLength
	})
}

// words is a page of nothing but text.
type words struct {
	title, lead locale.Key
	parts       []wordsPart
}

type wordsPart struct {
	title locale.Key
	text  []locale.Key
}

var accessibilityWords = words{"accessibility.title", "accessibility.lead", []wordsPart{
	{"accessibility.aim", []locale.Key{"accessibility.aim-standard", "accessibility.aim-tests", "accessibility.aim-people"}},
	{"accessibility.works", []locale.Key{"accessibility.works-script", "accessibility.works-time", "accessibility.works-files"}},
	{"accessibility.limits", []locale.Key{"accessibility.limits-text"}},
	{"accessibility.complain", []locale.Key{"accessibility.complain-call", "accessibility.complain-more"}},
}}

var privacyWords = words{"privacy.title", "privacy.lead", []wordsPart{
	{"privacy.who", []locale.Key{"privacy.who-text"}},
	{"privacy.what", []locale.Key{"privacy.what-registered", "privacy.what-record", "privacy.what-sessions", "privacy.what-browsers",
		"privacy.what-confirmations", "privacy.what-asked", "privacy.what-question", "privacy.what-not"}},
	{"privacy.why", []locale.Key{"privacy.why-text"}},
	{"privacy.long", []locale.Key{"privacy.long-registered", "privacy.long-codes", "privacy.long-letters"}},
	{"privacy.others", []locale.Key{"privacy.others-services", "privacy.others-carriers"}},
	{"privacy.cookies", []locale.Key{"privacy.cookies-text", "privacy.cookies-flow", "privacy.cookies-session", "privacy.cookies-language",
		"privacy.cookies-known", "privacy.cookies-last", "privacy.cookies-waiting"}},
	{"privacy.rights", []locale.Key{"privacy.rights-copy", "privacy.rights-text"}},
}}

var servicesWords = words{"services.title", "services.lead", []wordsPart{
	{"services.speak", []locale.Key{"services.speak-text", "services.speak-address", "services.speak-oidc"}},
	{"services.join", []locale.Key{"services.join-text"}},
	{"services.try", []locale.Key{"services.try-text"}},
}}

type wordsPage struct {
	page
	Title, Lead string
	Parts       []saidPart
	Buttons     []button
}

type saidPart struct {
	Title string
	Text  []string
}

func (s *Server) wordsPage(said words) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		data := wordsPage{page: s.page(r)}
		args := []any{"phone", s.Help.Phone, "address", s.Help.Address, "origin", s.Origin}
		data.Title, data.Lead = data.T(said.title), data.T(said.lead, args...)
		for _, part := range said.parts {
			p := saidPart{Title: data.T(part.title)}
			for _, key := range part.text {
				p.Text = append(p.Text, data.T(key, args...))
			}
			data.Parts = append(data.Parts, p)
		}
		data.Buttons = []button{{Kind: "quiet", Text: data.T("register.home"), URL: "/"}}
		s.show(w, r, http.StatusOK, "words.html", data)
	}
}

// nowhere answers every address that is nobody's.
func (s *Server) nowhere(w http.ResponseWriter, r *http.Request) {
	s.advise(w, r, http.StatusNotFound, advice{
		title: "advice.nowhere", lead: "advice.nowhere-lead", list: []locale.Key{"advice.nowhere-typed", "advice.nowhere-begin"},
		buttons: []adviceButton{{"register.home", "/"}},
	}, enrolmentStep{})
}
