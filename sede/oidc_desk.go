package sede

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The help desk asks a citizen on the telephone to confirm at Cl@ve that it is they who call (OpenID Connect Client-Initiated
// Backchannel Authentication, poll mode). The citizen reads out nothing: no code ever answers a caller.
//
// In a real service only its staff reaches these pages.

// call is one question to a citizen.
type call struct {
	Browser string // of the desk
	NIF     string
	Message string // that the citizen sees at Cl@ve
	Began   time.Time
	Until   time.Time

	mu       sync.Mutex // held while the gateway is asked
	request  string     // auth_req_id
	interval time.Duration
	next     time.Time // when the gateway may be asked again
	state    string    // waiting, confirmed, denied, expired or refused
	who      told
}

// Masked is the NIF as the desk's screen shows it.
func (c *call) Masked() string { return masked(c.NIF) }

// deskPage is the form, as it was filled in.
type deskPage struct {
	NIF, Message string
	Wrong        map[string]string // the key of what is wrong, by field
	Wait         int               // minutes until the gateway takes another question; zero: it does now
}

func (o *office) desk(w http.ResponseWriter, r *http.Request) {
	o.show(w, r, http.StatusOK, "desk", deskPage{})
}

var plainNIF = regexp.MustCompile(`^[0-9XYZ][0-9]{7}[A-Z]$`)

// maxMessage is the longest message, in characters, that the gateway takes.
const maxMessage = 60

// call asks the gateway to ask the citizen.
func (o *office) call(w http.ResponseWriter, r *http.Request) {
	form := deskPage{NIF: r.PostFormValue("nif"), Message: strings.TrimSpace(r.PostFormValue("mensaje")), Wrong: map[string]string{}}
	nif := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "").Replace(form.NIF))
	if !plainNIF.MatchString(nif) {
		form.Wrong["nif"] = "desk.nif.wrong"
	}
	if n := len([]rune(form.Message)); n == 0 || n > maxMessage {
		form.Wrong["mensaje"] = "desk.message.wrong"
	}
	if len(form.Wrong) > 0 {
		o.show(w, r, http.StatusUnprocessableEntity, "desk", form)
		return
	}
	c := &call{Browser: o.browser(w, r), NIF: nif, Message: form.Message, Began: o.now(), state: "waiting"}
	switch err := o.begin(r.Context(), c); {
	case err == nil:
		key := rand.Text()
		o.calls.put(key, c, c.Began)
		o.redirect(w, r, "/ventanilla/"+key)
	case form.takes(err):
		o.show(w, r, http.StatusUnprocessableEntity, "desk", form)
	default:
		o.broken(w, r, err)
	}
}

// takes says which field the gateway refused, if it was one that the desk can mend.
func (p *deskPage) takes(err error) bool {
	var said oauthError
	if !errors.As(err, &said) {
		return false
	}
	switch {
	case said.Code == "unknown_user_id":
		p.Wrong["nif"] = "desk.nif.wrong"
	case said.Code == "invalid_binding_message":
		p.Wrong["mensaje"] = "desk.message.wrong"
	case said.wait > 0:
		p.Wait = int((said.wait + time.Minute - 1) / time.Minute)
	default:
		return false
	}
	return true
}

// begin sends the question. Whether there is such a citizen, the gateway tells nobody.
func (o *office) begin(ctx context.Context, c *call) error {
	g, err := o.discover(ctx)
	if err != nil {
		return err
	}
	var said struct {
		Request  string `json:"auth_req_id"`
		Expires  int    `json:"expires_in"`
		Interval int    `json:"interval"`
	}
	err = o.post(ctx, g.more.CIBA, map[string]string{
		"scope": strings.Join(g.oauth.Scopes, " "), "login_hint": c.NIF, "binding_message": c.Message, "acr_values": levelPrefix + "low",
	}, &said)
	if err != nil {
		return err
	}
	if said.Request == "" || said.Expires <= 0 {
		return errors.New("the gateway did not take the question")
	}
	c.request, c.interval = said.Request, time.Duration(max(said.Interval, 5))*time.Second // CIBA §7.3
	c.next, c.Until = c.Began.Add(c.interval), c.Began.Add(time.Duration(said.Expires)*time.Second)
	return nil
}

// callPage is what became of a question; loading it asks the gateway, as often as it allows.
type callPage struct {
	Call  *call
	State string
	Every string // seconds until the page looks again by itself
	Who   told
}

func (o *office) callPage(w http.ResponseWriter, r *http.Request) {
	c, ok := o.calls.get(r.PathValue("key"), o.now())
	if !ok || c.Browser != o.cookie(r, "navegador") {
		o.missing(w, r)
		return
	}
	if err := o.look(r.Context(), c); err != nil {
		slog.Error("outcome of a question", "reason", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o.show(w, r, http.StatusOK, "call", callPage{c, c.state, strconv.Itoa(int(c.interval / time.Second)), c.who})
}
