package sede

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// A procedure is something that citizens can do here once we know who they are.
type procedure struct {
	Name  string // in addresses, and the prefix of its texts
	Level string // how sure we must be of them
}

var procedures = []procedure{{"cita", "low"}, {"padron", "low"}, {"tributo", "substantial"}}

// What the site remembers of a visitor, step by step.
type (
	// asked waits for the gateway's answer. It is found by RelayState and not by a cookie: the answer is posted by another
	// site's page, and a SameSite=Lax cookie does not travel with such a post.
	asked struct {
		ID, Browser string
		Procedure   procedure
	}
	// answered waits for the browser to come back by itself, now with its cookie.
	answered struct {
		Browser   string
		Procedure procedure
		Who       Identity
	}
	// visit is an identified citizen's session.
	visit struct {
		Procedure procedure
		Who       Identity
	}
)

type site struct {
	cfg      Config
	asked    *shelf[asked]    // by RelayState
	answered *shelf[answered] // by the one-time "vale" in the address
	visits   *shelf[visit]    // by session cookie
}

func newSite(cfg Config) *site {
	return &site{cfg: cfg,
		asked:    newShelf[asked](30 * time.Minute),
		answered: newShelf[answered](5 * time.Minute),
		visits:   newShelf[visit](30 * time.Minute),
	}
}

// demanding is the configuration for one procedure: the stricter of its level and the site's.
func (s *site) demanding(p procedure) Config {
	cfg := s.cfg
	if levels[p.Level] > levels[cfg.Level] {
		cfg.Level = p.Level
	}
	return cfg
}

// ask sends the citizen to the gateway: a page that posts itself there.
func (s *site) ask(w http.ResponseWriter, r *http.Request) {
	p, ok := findProcedure(r.FormValue("tramite"))
	if !ok {
		s.missing(w, r)
		return
	}
	now, relayState, cfg := s.cfg.Now(), rand.Text(), s.demanding(p)
	request, id, err := BuildRequest(cfg, relayState, cfg.Level, now)
	if err != nil {
		slog.Error("request not built", "reason", err)
		s.fail(w, r, http.StatusInternalServerError, "broken")
		return
	}
	s.asked.put(relayState, asked{id, s.browser(w, r), p}, now)

	w.Header().Set("Content-Security-Policy", policy(originOf(cfg.GatewayURL)))
	s.show(w, r, http.StatusOK, "send", map[string]string{
		"Gateway":     cfg.GatewayURL,
		"SAMLRequest": base64.StdEncoding.EncodeToString([]byte(request)),
		"RelayState":  relayState,
		"Procedure":   p.Name,
	})
}

// receive takes the answer that the gateway has the browser post. It believes it or not, but lets nobody in yet: whoever
// posts an answer need not be who asked. A thief could get a citizen to follow a request of the thief's, or make a citizen
// enter as the thief. So the answer is laid aside for the browser that asked, which is known on our own page only.
func (s *site) receive(w http.ResponseWriter, r *http.Request) {
	now := s.cfg.Now()
	question, ok := s.asked.take(r.PostFormValue("RelayState"), now)
	if !ok {
		s.fail(w, r, http.StatusForbidden, "stale")
		return
	}
	who, err := ReadResponse(s.demanding(question.Procedure), r.PostFormValue("SAMLResponse"), question.ID, now)
	if err != nil && !errors.Is(err, ErrNobody) {
		slog.Warn("answer of the gateway", "reason", err)
		s.fail(w, r, http.StatusForbidden, "refused")
		return
	}
	vale := rand.Text()
	s.answered.put(vale, answered{question.Browser, question.Procedure, who}, now)
	http.Redirect(w, r, "/vuelta?vale="+vale, http.StatusSeeOther)
}

// Why names the text that explains what happened to a visitor whom the gateway did not identify.
func (a answered) Why() string {
	const statusPrefix = "urn:oasis:names:tc:SAML:2.0:status:"
	switch a.Who.StatusReason {
	case statusPrefix + "AuthnFailed":
		return "nobody.failed"
	case statusPrefix + "RequestDenied":
		return "nobody.denied"
	}
	return "nobody.other"
}

// arrive lets in the browser that asked, or tells it that nobody was identified.
func (s *site) arrive(w http.ResponseWriter, r *http.Request) {
	vale, now := r.FormValue("vale"), s.cfg.Now()
	answer, ok := s.answered.get(vale, now)
	if !ok || answer.Browser != s.cookie(r, "navegador") {
		s.fail(w, r, http.StatusForbidden, "stale")
		return
	}
	if answer.Who.NIF == "" {
		s.show(w, r, http.StatusOK, "nobody", answer)
		return
	}
	if _, ok := s.answered.take(vale, now); !ok {
		s.fail(w, r, http.StatusForbidden, "stale")
		return
	}
	session := rand.Text() // always a new one: a session's name known before the login is of no use after it
	s.visits.put(session, visit{answer.Procedure, answer.Who}, now)
	s.setCookie(w, "sesion", session)
	http.Redirect(w, r, "/mi-carpeta", http.StatusSeeOther)
}

func (s *site) leave(w http.ResponseWriter, r *http.Request) {
	s.visits.take(s.cookie(r, "sesion"), s.cfg.Now())
	s.setCookie(w, "sesion", "")
	http.Redirect(w, r, "/?adios=1", http.StatusSeeOther)
}

func findProcedure(name string) (procedure, bool) {
	for _, p := range procedures {
		if p.Name == name {
			return p, true
		}
	}
	return procedure{}, false
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

func (s *site) secure() bool { return strings.HasPrefix(s.cfg.Origin, "https://") }

// cookieName has the prefix with which a browser promises that no neighbouring host set the cookie; it needs https.
func (s *site) cookieName(name string) string {
	if s.secure() {
		return "__Host-sede_" + name
	}
	return "sede_" + name
}
