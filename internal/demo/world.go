package demo

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"clave/internal/census"
	"clave/internal/locale"
	"clave/internal/nif"
	"clave/internal/notify"
)

//go:embed templates/*.html static
var files embed.FS

var worldPages = template.Must(template.ParseFS(files, "templates/*.html"))

// world is what surrounds Clave: the citizens' phones, mailboxes and letterboxes, and the clock. It shows every code to
// whoever looks, which is why it exists in a demonstration only, on loopback only.
type world struct {
	clock *Clock
	inbox *Inbox
	list  census.List
	clave string // the addresses of Clave and of the town hall
	sede  string

	services func(locale.Lang) []listed
}

type worldPage struct {
	Lang  locale.Lang
	Langs []locale.Lang
	Path  string
	Now   time.Time
	Clave string
	Sede  string
	Cast  []castMember
	Homes []listed // of the services
	Items []Item
	Mails []Item
	To    string
	Moves []move
}

type castMember struct {
	Name, Given, NIF, Datum, Phone, Email string
	DatumIs                               locale.Key
	Text                                  locale.Key
}

type move struct {
	By   string
	Text locale.Key
}

var moves = []move{{"1m", "world.move-minute"}, {"11m", "world.move-pin"}, {"24h", "world.move-day"}, {"1464h", "world.move-letter"}}

// T is a text in the page's language.
func (p worldPage) T(key locale.Key, args ...any) string { return p.Lang.Text(key, args...) }

// Whose names the person who had this phone or address when the world began; nobody, where it is a new one.
func (p worldPage) Whose(to string) string {
	for _, m := range p.Cast {
		if m.Phone == to || strings.EqualFold(m.Email, to) {
			return m.Given
		}
	}
	return ""
}

func (w *world) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", w.show("cast"))
	mux.HandleFunc("GET /phone", w.show("phone"))
	mux.HandleFunc("GET /letters", w.show("letters"))
	mux.HandleFunc("GET /letters/{id}", w.letter)
	mux.HandleFunc("POST /clock", w.move)
	mux.HandleFunc("GET /events", w.events)
	mux.HandleFunc("GET /api/items", w.items)
	mux.Handle("GET /static/", http.FileServerFS(files))
	return http.NewCrossOriginProtection().Handler(worldHeaders(mux))
}

func worldHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "+
			"base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
		rw.Header().Set("X-Content-Type-Options", "nosniff")
		rw.Header().Set("Referrer-Policy", "strict-origin")
		next.ServeHTTP(rw, r)
	})
}

func (w *world) show(name string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		to := strings.ReplaceAll(r.FormValue("to"), " ", "+") // "+34…" typed into an address arrives as a space
		p := worldPage{
			Lang: w.lang(rw, r), Langs: locale.All(), Path: r.URL.Path, Now: w.clock.Now(), Clave: w.clave, Sede: w.sede, To: to, Moves: moves,
		}
		switch name {
		case "phone":
			p.Items = w.inbox.Items(notify.SMS, to)
		case "letters":
			p.Items, p.Mails = w.inbox.Items(notify.Letter, ""), w.inbox.Items(notify.Email, "")
		}
		p.Cast, p.Homes = w.cast(p.Lang), w.services(p.Lang)
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		rw.Header().Set("Cache-Control", "no-store")
		if err := worldPages.ExecuteTemplate(rw, name, p); err != nil {
			http.Error(rw, "the page could not be written", http.StatusInternalServerError)
		}
	}
}

const worldLang = "lang"

func (w *world) lang(rw http.ResponseWriter, r *http.Request) locale.Lang {
	chosen := ""
	if c, err := r.Cookie(worldLang); err == nil {
		chosen = c.Value
	}
	lang := locale.Match(r.FormValue("lang"), chosen, r.Header.Get("Accept-Language"))
	if r.FormValue("lang") != "" {
		http.SetCookie(rw, &http.Cookie{Name: worldLang, Value: lang.Code(), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	return lang
}

// cast is the list of test citizens, with what one must type.
func (w *world) cast(lang locale.Lang) []castMember {
	var cast []castMember
	for _, r := range roles {
		m := castMember{NIF: r.nif, Phone: r.phone, Email: r.email, Text: r.text, DatumIs: "world.valid"}
		if r.nif == "" {
			m.NIF, m.Name, m.Datum = stranger, lang.Text("world.nobody"), "30/06/2030"
			m.Given = m.Name
			cast = append(cast, m)
			continue
		}
		n, err := nif.Parse(r.nif)
		if err != nil {
			panic(err) // our own list
		}
		p := w.list[n]
		m.Name, m.Given, m.Datum = p.Name(), p.GivenName, p.Datum.Reveal()
		switch p.Datum.Kind() {
		case nif.Support:
			m.DatumIs = "world.support"
		case nif.Issue:
			m.DatumIs = "world.issued"
		}
		if day, ok := p.Datum.Date(); ok {
			m.Datum = day.Format("02/01/2006")
		}
		cast = append(cast, m)
	}
	return cast
}

func (w *world) letter(rw http.ResponseWriter, r *http.Request) {
	for _, i := range w.inbox.Items(notify.Letter, "") {
		if i.ID+".pdf" == r.PathValue("id") {
			rw.Header().Set("Content-Type", "application/pdf")
			rw.Header().Set("Cache-Control", "no-store")
			_, _ = rw.Write(i.PDF)
			return
		}
	}
	http.NotFound(rw, r)
}

// move moves the clock forward by a duration such as "11m".
func (w *world) move(rw http.ResponseWriter, r *http.Request) {
	by, err := time.ParseDuration(r.FormValue("by"))
	if err == nil {
		err = w.clock.Move(by)
	}
	if err != nil {
		http.Error(rw, "by: want a duration such as 11m, forward, at most five years", http.StatusUnprocessableEntity)
		return
	}
	back := r.FormValue("back")
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\t\r\n") {
		back = "/"
	}
	http.Redirect(rw, r, back, http.StatusSeeOther)
}

// items answers programs: what came by a channel ("sms", "email", "letter") to an address, newest first, as JSON.
func (w *world) items(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Cache-Control", "no-store")
	list := w.inbox.Items(notify.Channel(r.FormValue("channel")), r.FormValue("to"))
	_ = json.NewEncoder(rw).Encode(append([]Item{}, list...))
}

// events tells a page, as server-sent events, that something came.
func (w *world) events(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(rw)
	for {
		changed := w.inbox.Changed()
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-changed:
			fmt.Fprint(rw, "data: changed\n\n")
		}
	}
}
