package web

import (
	"bytes"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"clave/internal/federation/saml"
	"clave/internal/locale"
)

// page is what every page knows; each page's own data embeds it.
type page struct {
	Lang                         locale.Lang
	Languages                    []tongue
	Service, HelpPhone, Address  string
	Reference                    string
	AccessibilityURL, PrivacyURL string
	HelpURL                      string
	Demo                         bool
	Errors                       errorList

	plain bool // its address has no query
	waits bool // it is made once, and its tongues are written in when it is shown
	flow  bool // its address is of a login, a registration or a logout that goes on
}

// T is a text in the page's language; templates call it.
func (p page) T(key locale.Key, args ...any) string { return p.Lang.Text(key, args...) }

func (p page) lang() locale.Lang { return p.Lang }

// frame is what the layout shows around a page. It has fields only: a template looks long for a method, and for each field of
// what is embedded.
type frame struct {
	Code, Service   string
	Demo, Leads     bool
	Errors          errorList
	Tongues, Footer template.HTML
}

// Frame is the layout's.
func (p page) Frame() (f frame, err error) {
	f = frame{Code: p.Lang.Code(), Service: p.Service, Demo: p.Demo, Leads: p.leads(), Errors: p.Errors}
	if f.Tongues, err = p.tongues(); err == nil {
		f.Footer, err = p.footer()
	}
	return f, err
}

// tongues offers the page in the other languages. Where the address has no query it is the same on every page.
func (p page) tongues() (template.HTML, error) {
	if p.waits {
		return hereTongues, nil
	}
	if p.plain && len(p.Languages) > 0 {
		return keptPart(p.Lang, "languages", "", p)
	}
	return part(p.Lang, "languages", p)
}

// footer is the same on every page of a house, unless it carries a reference.
func (p page) footer() (template.HTML, error) {
	if p.Reference != "" {
		return part(p.Lang, "footer", p)
	}
	return keptPart(p.Lang, "footer", strings.Join([]string{p.HelpPhone, p.Address, p.HelpURL, p.AccessibilityURL, p.PrivacyURL}, "\n"), p)
}

// Asset is the address of a static file.
func (p page) Asset(name string) string { return assetURL(name) }

// page begins a page for a request: its language, and what stands around its content.
func (s *Server) page(r *http.Request) page {
	lang := langOf(r)
	return page{
		Lang: lang, HelpPhone: s.Help.Phone, Address: s.Help.Address, Demo: s.Demo,
		AccessibilityURL: "/accessibility", PrivacyURL: "/privacy", HelpURL: helpPath, Errors: errorList{Lang: lang},
		Languages: tonguesAt(r.URL, lang), plain: r.URL.RawQuery == "", flow: inFlow(r.URL.Path),
	}
}

// leads tells whether the header leads to the front page: not where somebody is in the middle of something.
func (p page) leads() bool { return p.Service == "" && !p.flow }

// inFlow tells whether an address is of something that goes on from page to page.
func inFlow(path string) bool {
	of := func(start string) bool { return strings.HasPrefix(path, start) }
	return slices.ContainsFunc([]string{"/login/", "/logout/", string(asking) + "/", string(following) + "/", string(opening) + "/", string(freezing) + "/", saml.Path}, of)
}

// tonguesAt are the languages, as an address leads to them.
func tonguesAt(address *url.URL, lang locale.Lang) (list []tongue) {
	if address.RawQuery == "" {
		return plainTongues[lang.Code()]
	}
	return tonguesWith(address, lang)
}

// plainTongues are those at every address without a query, by language.
var plainTongues = func() map[string][]tongue {
	all := map[string][]tongue{}
	for _, l := range locale.All() {
		all[l.Code()] = tonguesWith(&url.URL{}, l)
	}
	return all
}()

func tonguesWith(address *url.URL, lang locale.Lang) (list []tongue) {
	for _, l := range locale.All() {
		query := address.Query()
		query.Set("lang", l.Code())
		list = append(list, tongue{Code: l.Code(), Name: l.Name(), URL: "?" + query.Encode(), Current: l == lang})
	}
	return list
}

// wrong adds an error, tied to a field when it has a name.
func (p *page) wrong(field string, key locale.Key, args ...any) string {
	text := p.T(key, args...)
	p.Errors.List = append(p.Errors.List, fieldError{field, text})
	return text
}

// show writes a page. It is rendered before the first byte leaves, so that a failure shows as one.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, file string, data interface{ lang() locale.Lang }) {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := templates[data.lang().Code()][file].Execute(b, data); err != nil {
		s.unshown(w, r, file, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the visitor may have gone
}

// buffers are for pages: grown once, not for each.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// unshown answers for a page that cannot be made: with an error page, unless that is what cannot be made.
func (s *Server) unshown(w http.ResponseWriter, r *http.Request, file string, err error) {
	if file != problemFile {
		s.fail(w, r, err)
		return
	}
	slog.ErrorContext(r.Context(), "the error page failed", "path", r.Pattern, "err", err)
	http.Error(w, "500", http.StatusInternalServerError)
}

const problemFile = "problem.html"

const (
	langCookie = "lang"
	langLife   = 365 * 24 * time.Hour
	langWish   = "ui_locales" // in an address: what a service would like
)

// langOf is the reader's language: chosen on a page, or what the service that they come from would like, or what the browser
// prefers.
func langOf(r *http.Request) locale.Lang {
	chosen := ""
	if c, err := r.Cookie(langCookie); err == nil {
		chosen = c.Value
	}
	query := r.URL.Query()
	return locale.Match(query.Get("lang"), chosen, query.Get(langWish), r.Header.Get("Accept-Language"))
}

// keepLang remembers a language that was chosen by a link; what a service would like only while the browser is open, and
// never in place of what the person chose.
func (s *Server) keepLang(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		_, kept := r.Cookie(langCookie)
		if lang, ok := locale.Lookup(query.Get("lang")); ok && r.Method == http.MethodGet {
			s.setCookie(w, langCookie, lang.Code(), langLife)
		} else if lang, ok := locale.Lookup(query.Get(langWish)); ok && kept != nil && r.Method == http.MethodGet {
			s.setCookie(w, langCookie, lang.Code(), 0)
		}
		next.ServeHTTP(w, r)
	})
}

// secure tells whether we are reached over TLS. Only a demonstration on loopback is not.
func (s *Server) secure() bool { return strings.HasPrefix(s.Origin, "https://") }
