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
var views = parseViews("home", "send", "folder", "nobody", "problem")

func parseViews(names ...string) map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.ParseFS(pageFiles, "pages/frame.html", "pages/"+name+".html"))
	}
	return all
}

// page is what a template sees.
type page struct {
	Lang  string // "es" or "en"
	Other string // this page's address in the other language, "" where there is none
	View  string
	Who   *Identity // the citizen whose session this is, if any
	Data  any
}

// T gives a text in the page's language. A key without text shows itself.
func (p page) T(key string) string {
	pair, ok := texts[key]
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
	_, ok := texts[key]
	return ok
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

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "home", map[string]any{
		"Procedures": s.offered(),
		"Goodbye":    r.FormValue("adios") != "",
	})
}

// offered lists the procedures with the level that each really asks for.
func (s *site) offered() []procedure {
	var all []procedure
	for _, p := range procedures {
		all = append(all, procedure{p.Name, s.demanding(p).Level})
	}
	return all
}

func (s *site) folder(w http.ResponseWriter, r *http.Request) {
	v, ok := s.visits.get(s.cookie(r, "sesion"), s.cfg.Now())
	if !ok {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.show(w, r, http.StatusOK, "folder", v)
}

func (s *site) missing(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, http.StatusNotFound, "missing")
}

// fail shows a page about a problem; its texts begin with the given word.
func (s *site) fail(w http.ResponseWriter, r *http.Request, code int, problem string) {
	s.show(w, r, code, "problem", problem)
}

func (s *site) show(w http.ResponseWriter, r *http.Request, code int, view string, data any) {
	p := page{Lang: s.lang(w, r), View: view, Data: data}
	if v, ok := s.visits.get(s.cookie(r, "sesion"), s.cfg.Now()); ok && view != "send" {
		p.Who = &v.Who // the header then has a form of ours, which the policy of the page for the gateway would block
	}
	if r.Method == http.MethodGet && view != "send" { // there it would begin again
		p.Other = otherAddress(r, p.T("lang.other"))
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

func otherAddress(r *http.Request, lang string) string {
	query := r.URL.Query()
	query.Set("lang", lang)
	return r.URL.Path + "?" + query.Encode()
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
