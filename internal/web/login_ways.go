package web

import (
	"net/http"
	"slices"
	"time"

	"clave/internal/assurance"
	"clave/internal/locale"
	"clave/internal/login"
)

// entrance is how a method begins on our pages.
type entrance struct {
	method       assurance.Method
	title, about locale.Key
	page         string // of the login
}

// entrances are the methods that have pages.
var entrances = []entrance{
	{assurance.PIN, "method.pin", "method.pin-about", "nif"},
}

// choose gives the entrances of the methods allowed: the one last used in this browser first, then in the order in which the
// house offers them.
func choose(from []entrance, allowed []assurance.Method, last string) (list []entrance) {
	for _, m := range allowed {
		if i := slices.IndexFunc(from, func(w entrance) bool { return w.method == m }); i >= 0 {
			list = append(list, from[i])
		}
	}
	slices.SortStableFunc(list, func(a, b entrance) int { return used(b, last) - used(a, last) })
	return list
}

func used(w entrance, last string) int {
	if string(w.method) == last {
		return 1
	}
	return 0
}

// lastCookie names the method last used in this browser, and nobody.
const (
	lastCookie = "last"
	lastLife   = 365 * 24 * time.Hour
)

func (s *Server) lastWay(r *http.Request) string {
	if c, err := r.Cookie(s.cookieName(lastCookie)); err == nil {
		return c.Value
	}
	return ""
}

// loginPage leads to what this login needs next, as its state and the browser's session say: to agree, to prove again who
// they are, to choose a method; with one method left, straight to that.
func (s *Server) loginPage(v *visit) error {
	s.makeRoomFor(v)
	offer, live, err := s.offerFor(v)
	switch {
	case err != nil:
		return err
	case live && offer.Held.Level > 0 && !v.Login.Request.Passive:
		return s.askToContinue(v, offer)
	case v.Login.Request.Passive:
		return s.failPassive(v, live)
	case live && offer.Beyond:
		s.beyond(v, offer)
		return nil
	case live && v.Session == "":
		return s.askStep(v, offer)
	}
	allowed, err := s.Broker.Allowed(v.r.Context(), v.Login)
	if err != nil {
		return err
	}
	list := choose(entrances, allowed, s.lastWay(v.r))
	if len(list) == 1 {
		return s.nifPage(v)
	}
	return s.askWay(v, list)
}

// failPassive answers a service that asked us not to ask the person anything. To enter with a session the person must agree
// (safety rule 17), so nobody is ever identified so.
func (s *Server) failPassive(v *visit, live bool) error {
	why := login.Passive
	if live {
		why = login.MustAgree
	}
	return s.giveUp(v, why)
}

type wayPage struct {
	loginFrame
	Notices []notice
	Ways    []method
}

func (s *Server) askWay(v *visit, list []entrance) error {
	data := wayPage{loginFrame: s.inLogin(v), Notices: s.beforeTyping(v)}
	data.Ways = data.offered(list, s.lastWay(v.r))
	s.show(v.w, v.r, http.StatusOK, "login-ways.html", data)
	return nil
}

// offered are entrances as the page shows them; the first is the one that Enter takes.
func (p page) offered(list []entrance, last string) (ways []method) {
	for i, w := range list {
		kind, badge := "secondary", ""
		if i == 0 {
			kind = "primary"
		}
		if string(w.method) == last {
			badge = p.T("login.way-last")
		}
		ways = append(ways, method{
			Title: p.T(w.title), About: p.T(w.about), Badge: badge,
			Button: button{Kind: kind, Text: p.T("login.way-take", "method", p.T(w.title)), Name: "way", Value: string(w.method)},
		})
	}
	return ways
}

func (s *Server) takeWay(v *visit) error {
	allowed, err := s.Broker.Allowed(v.r.Context(), v.Login)
	if err != nil {
		return err
	}
	for _, w := range choose(entrances, allowed, "") {
		if string(w.method) == v.r.PostForm.Get("way") {
			return v.redirect(w.page)
		}
	}
	return v.redirect("") // a method that is hidden or too low stays so, whatever is posted
}

// beforeTyping says what the person had better know first: what kind of registration the service wants, and that a session
// ended meanwhile.
func (s *Server) beforeTyping(v *visit) (list []notice) {
	p := s.page(v.r)
	if v.Again {
		list = append(list, notice{Kind: "warning", Title: p.T("login.session-over-title"), Text: []string{p.T("login.session-over")}})
	}
	list = append(list, p.tooLate(v.Login.Request)...)
	if v.Login.Request.Level > assurance.Basic.Binding() {
		list = append(list, notice{Kind: "info", Title: p.T("login.advanced-title"), Text: []string{p.T("login.advanced-text")}})
	}
	return list
}
