package sede

import (
	"crypto/rand"
	"embed"
	"net/http"
	"strings"
	"time"
)

// A procedure is something that citizens can do at a service once it knows who they are.
type procedure struct {
	Name  string // in addresses, and the prefix of its texts
	Level string // how sure the service must be of them
	Fresh bool   // whether they must show who they are anew, in front of the screen now and not an hour ago
}

// A service is one of the sample services: its name, before its own texts and cookies, and what it offers.
type service struct {
	name       string
	procedures []procedure
}

var services = []service{
	{"sede", []procedure{{"cita", "low", false}, {"padron", "low", false}, {"tributo", "substantial", true}}},
	{"salud", []procedure{{"medico", "low", false}, {"historia", "low", false}}},
	{"registro", []procedure{{"nacimiento", "low", false}, {"vecindad", "low", false}}},
	{"hacienda", []procedure{{"recibos", "low", false}, {"renta", "substantial", true}}},
}

func findService(name string) (service, bool) {
	for _, s := range services {
		if s.name == name {
			return s, true
		}
	}
	return service{}, false
}

// A wish is what a visitor pressed: a procedure, and how sure and how fresh the identification is to be.
type wish struct {
	Procedure procedure
	Level     string
	Fresh     bool
}

// A visit is an identified citizen's session with this service.
type visit struct {
	Wish   wish
	Who    Identity
	Began  time.Time
	Mark   string // what Cl@ve calls this session when it closes it: over SAML the person, over OpenID Connect sid
	Facts  []fact // what else the protocol says of it
	Raw    []raw
	Token  string // the ID token, which names the session to Cl@ve
	Closed bool   // by Cl@ve
}

// A fact is shown to whoever wants to know how it works: the key of its name, and its value.
type fact struct{ Key, Value string }

// raw is a message as it came, for integrators.
type raw struct{ Key, Text string }

// visitLife is how long a session lasts.
const visitLife = 30 * time.Minute

// Until is when the session ends by itself.
func (v visit) Until() time.Time { return v.Began.Add(visitLife) }

// site is what all sample services have in common.
type site struct {
	service
	origin  string // scheme, host and port
	base    string // of every path, such as "/salud"; empty at the root of a host
	gateway string // the origin that forms may lead to by a redirect; empty: none
	now     func() time.Time
	visits  *shelf[visit] // by session cookie
}

func newSite(s service, origin, base string, now func() time.Time) *site {
	return &site{service: s, origin: origin, base: base, now: now, visits: newShelf[visit](visitLife)}
}

// asked reads what the visitor pressed.
func (s *site) asked(r *http.Request) (wish, bool) {
	for _, p := range s.procedures {
		if p.Name != r.FormValue("tramite") {
			continue
		}
		w := wish{p, p.Level, p.Fresh}
		if level := r.FormValue("nivel"); levels[level] > 0 { // the visitor tries how it is asked
			w.Level, w.Fresh = level, r.FormValue("forzar") != ""
		}
		return w, true
	}
	return wish{}, false
}

// enter begins a session in the browser that asked.
func (s *site) enter(w http.ResponseWriter, r *http.Request, v visit) {
	v.Began = s.now()
	session := rand.Text() // always a new one: a session's name known before the login is of no use after it
	s.visits.put(session, v, v.Began)
	s.setCookie(w, "sesion", session)
	s.redirect(w, r, "/mi-carpeta")
}

// visit finds the session of this browser. One that Cl@ve closed is still found, so that the page can say so.
func (s *site) visit(r *http.Request) (visit, bool) {
	return s.visits.get(s.cookie(r, "sesion"), s.now())
}

// close ends the sessions that Cl@ve says are over.
func (s *site) close(over func(visit) bool) int {
	return s.visits.change(func(v visit) bool { return !v.Closed && over(v) },
		func(v *visit) { *v = visit{Closed: true, Began: v.Began} }) // nothing of the person stays
}

// leave ends the session here, and only here.
func (s *site) leave(w http.ResponseWriter, r *http.Request) {
	s.forget(w, r)
	s.redirect(w, r, "/?adios=1")
}

// forget ends the session here, and tells what it was.
func (s *site) forget(w http.ResponseWriter, r *http.Request) visit {
	v, _ := s.visits.take(s.cookie(r, "sesion"), s.now())
	s.setCookie(w, "sesion", "")
	return v
}

func (s *site) redirect(w http.ResponseWriter, r *http.Request, path string) {
	http.Redirect(w, r, s.base+path, http.StatusSeeOther)
}

// browser names this browser, with a cookie that it may have already; several tabs share it.
func (s *site) browser(w http.ResponseWriter, r *http.Request) string {
	name := s.cookie(r, "navegador")
	if name == "" {
		name = rand.Text()
		s.setCookie(w, "navegador", name)
	}
	return name
}

func (s *site) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie that lasts while the browser is open, or removes it if the value is empty.
func (s *site) setCookie(w http.ResponseWriter, name, value string) {
	c := &http.Cookie{Name: s.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: s.secure(),
		SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (s *site) secure() bool { return strings.HasPrefix(s.origin, "https://") }

// cookieName begins with the service's name, because cookies know neither ports nor, with the prefix, paths. The prefix is
// a browser's promise that no neighbouring host set the cookie; it needs https.
func (s *site) cookieName(name string) string {
	if s.secure() {
		return "__Host-" + s.name + "_" + name
	}
	return s.name + "_" + name
}

//go:embed static
var static embed.FS

// serve puts a service together: its own pages, which other sites cannot post to, and what other sites may post.
func (s *site) serve(own, foreign map[string]http.HandlerFunc) http.Handler {
	inside := http.NewServeMux()
	for pattern, page := range own {
		inside.HandleFunc(pattern, page)
	}
	inside.HandleFunc("/", s.missing)
	all := http.NewServeMux()
	for pattern, page := range foreign {
		all.HandleFunc(pattern, page)
	}
	all.Handle("GET /static/", cached(http.FileServerFS(static)))
	all.Handle("/", http.NewCrossOriginProtection().Handler(inside))
	return http.StripPrefix(s.base, s.guarded(all))
}

// guarded bounds what is read of a request and sets the headers that every answer has. Only the page that posts itself to
// the gateway widens the policy.
func (s *site) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy(strings.TrimSpace("'self' "+s.gateway)))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "strict-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 256<<10)
		next.ServeHTTP(w, r)
	})
}

// policy is the Content-Security-Policy of a page whose forms may be sent to the given origins only.
func policy(formAction string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
		"frame-ancestors 'none'; form-action " + formAction
}

func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		next.ServeHTTP(w, r)
	})
}
