package sede

import (
	"bytes"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/text/language"
)

//go:embed pages
var pageFiles embed.FS

// views are the pages, each within the frame that all share.
var views = parseViews("home", "send", "folder", "nobody", "left", "desk", "call", "problem")

func parseViews(names ...string) map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.ParseFS(pageFiles, "pages/frame.html", "pages/who.html", "pages/"+name+".html"))
	}
	return all
}

// page is what a template sees.
type page struct {
	Service string // whose page it is
	Base    string // of every address here
	Lang    string // "es" or "en"
	Other   string // this page's address in the other language, "" where there is none
	View    string
	Inside  bool // in a session
	Data    any
}

// T gives a text in the page's language: the service's own, or what all say. A key without text shows itself.
func (p page) T(key string) string {
	pair, ok := texts[p.Service+"/"+key]
	if !ok {
		pair, ok = texts[key]
	}
	switch {
	case !ok:
		return key
	case p.Lang == "en":
		return pair[1]
	}
	return pair[0]
}

// Has tells whether there is a text for the key.
func (p page) Has(key string) bool {
	_, own := texts[p.Service+"/"+key]
	_, all := texts[key]
	return own || all
}

// Time writes an instant as people in Villaclara read clocks.
func (p page) Time(t time.Time) string {
	if p.Lang == "en" {
		return t.In(madrid).Format("2 January 2006, 15:04")
	}
	return t.In(madrid).Format("02/01/2006, 15:04")
}

// ISO writes an instant for programs that read the page.
func (p page) ISO(t time.Time) string { return t.UTC().Format(time.RFC3339) }

var madrid = func() *time.Location {
	place, err := time.LoadLocation("Europe/Madrid")
	if err != nil { // a machine without the time zone database
		return time.FixedZone("UTC", 0)
	}
	return place
}()

// rows is what the part that says who somebody is needs.
type rows struct {
	Page  page
	Who   Identity
	Asked string // the level that was asked; empty: it is not told
	Fresh bool
}

// Rows gives a part of the page what it needs.
func (p page) Rows(who Identity, asked string, fresh bool) rows { return rows{p, who, asked, fresh} }

// came is what the part with the messages needs.
type came struct {
	Page page
	Raw  []raw
}

// Came gives a part of the page what it needs.
func (p page) Came(list []raw) came { return came{p, list} }

// homePage is the page of what a service offers.
type homePage struct {
	Procedures []procedure // with the level that each really asks for
	Goodbye    bool
}

// folder shows the citizen what the service knows: who they are, how sure that is, and how it came to know.
func (s *site) folder(w http.ResponseWriter, r *http.Request) {
	switch v, ok := s.visit(r); {
	case !ok:
		s.redirect(w, r, "/")
	case v.Closed:
		s.closed(w, r)
	default:
		s.show(w, r, http.StatusOK, "folder", v)
	}
}

// closed tells a visitor, once, that Cl@ve ended their session here.
func (s *site) closed(w http.ResponseWriter, r *http.Request) {
	s.forget(w, r)
	s.fail(w, r, http.StatusOK, "closed")
}

// home shows what the service offers; asks says which level it really asks for.
func (s *site) home(w http.ResponseWriter, r *http.Request, asks func(level string) string) {
	if v, ok := s.visit(r); ok && v.Closed {
		s.closed(w, r)
		return
	}
	p := homePage{Goodbye: r.FormValue("adios") != ""}
	for _, offered := range s.procedures {
		offered.Level = asks(offered.Level)
		p.Procedures = append(p.Procedures, offered)
	}
	s.show(w, r, http.StatusOK, "home", p)
}

func (s *site) missing(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, http.StatusNotFound, "missing")
}

// fail shows a page about a problem; its texts begin with the given word.
func (s *site) fail(w http.ResponseWriter, r *http.Request, code int, problem string) {
	s.show(w, r, code, "problem", problem)
}

// sendPage is a page that posts itself to the gateway.
type sendPage struct {
	Why    string // the prefix of its texts
	For    string // the prefix of a procedure's texts, if it is for one
	Action string
	Fields []field
}

type field struct{ Name, Value string }

// send has the browser post a form to the gateway: by itself, or by the visitor's hand.
func (s *site) send(w http.ResponseWriter, r *http.Request, p sendPage) {
	w.Header().Set("Content-Security-Policy", policy(originOf(p.Action)))
	s.show(w, r, http.StatusOK, "send", p)
}

func (s *site) show(w http.ResponseWriter, r *http.Request, code int, view string, data any) {
	p := page{Service: s.name, Base: s.base, Lang: s.lang(w, r), View: view, Data: data}
	if v, ok := s.visit(r); ok && !v.Closed && view != "send" {
		p.Inside = true // the header then has a form of ours, which the policy of the page for the gateway would block
	}
	if r.Method == http.MethodGet && view != "send" { // there it would begin again
		p.Other = s.otherAddress(r, p.T("lang.other"))
	}
	var body bytes.Buffer
	if err := views[view].ExecuteTemplate(&body, "frame", p); err != nil {
		slog.Error("page not written", "page", view, "reason", err)
		http.Error(w, "500", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", p.Lang)
	w.WriteHeader(code)
	_, _ = body.WriteTo(w) // the visitor may have left
}

func (s *site) otherAddress(r *http.Request, lang string) string {
	query := r.URL.Query()
	query.Set("lang", lang)
	return s.base + r.URL.Path + "?" + query.Encode()
}

var languages = language.NewMatcher([]language.Tag{language.Spanish, language.English})

// lang is the language that the visitor chose with ?lang, now or before, or the one that the browser prefers.
func (s *site) lang(w http.ResponseWriter, r *http.Request) string {
	chosen := r.URL.Query().Get("lang")
	if chosen == "es" || chosen == "en" {
		s.setCookie(w, "idioma", chosen)
	}
	_, index := language.MatchStrings(languages, chosen, s.cookie(r, "idioma"), r.Header.Get("Accept-Language"))
	return [...]string{"es", "en"}[index]
}
