package web

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

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
}

// T is a text in the page's language; templates call it.
func (p page) T(key locale.Key, args ...any) string { return p.Lang.Text(key, args...) }

func (p page) lang() locale.Lang { return p.Lang }

// Frame is what the layout shows around a page: a template looks long for each field of what is embedded.
func (p page) Frame() page { return p }

// Tongues offers the page in the other languages. Where the address has no query it is the same on every page.
func (p page) Tongues() (template.HTML, error) {
	if p.plain && len(p.Languages) > 0 {
		return plainTongues[p.Lang.Code()], nil
	}
	return tongues(p)
}

// Asset is the address of a static file.
func (p page) Asset(name string) string { return assetURL(name) }

// page begins a page for a request: its language, and what stands around its content.
func (s *Server) page(r *http.Request) page {
	lang := langOf(r)
	return page{
		Lang: lang, HelpPhone: s.Help.Phone, Address: s.Help.Address, Demo: s.Demo,
		AccessibilityURL: "/accessibility", PrivacyURL: "/privacy", HelpURL: helpPath, Errors: errorList{Lang: lang},
		Languages: tonguesAt(r.URL, lang), plain: r.URL.RawQuery == "",
	}
}

// tonguesAt are the languages, as an address leads to them.
func tonguesAt(address *url.URL, lang locale.Lang) (list []tongue) {
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
	var b bytes.Buffer
	if err := templates[data.lang().Code()][file].ExecuteTemplate(&b, "layout", data); err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the visitor may have gone
}

const langCookie = "lang"

// langOf is the reader's language: chosen on a page, or what the browser prefers.
func langOf(r *http.Request) locale.Lang {
	chosen := ""
	if c, err := r.Cookie(langCookie); err == nil {
		chosen = c.Value
	}
	return locale.Match(r.URL.Query().Get("lang"), chosen, r.Header.Get("Accept-Language"))
}

// keepLang remembers a language that was chosen by a link.
func (s *Server) keepLang(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if lang, ok := locale.Lookup(r.URL.Query().Get("lang")); ok && r.Method == http.MethodGet {
			http.SetCookie(w, &http.Cookie{
				Name: langCookie, Value: lang.Code(), Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
				Secure: s.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
			})
		}
		next.ServeHTTP(w, r)
	})
}

// secure tells whether we are reached over TLS. Only a demonstration on loopback is not.
func (s *Server) secure() bool { return strings.HasPrefix(s.Origin, "https://") }
