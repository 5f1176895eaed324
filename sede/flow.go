package sede

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// What a service remembers of a visitor, step by step.
type (
	// question waits for the gateway's answer. It is found by RelayState and not by a cookie: the answer is posted by
	// another site's page, and a SameSite=Lax cookie does not travel with such a post.
	question struct {
		ID, Browser string
		Wish        wish
		At          time.Time
	}
	// answered waits for the browser to come back by itself, now with its cookie.
	answered struct {
		Browser string
		Wish    wish
		Who     Identity
		XML     string // the answer, for integrators
	}
)

// hall is a service that speaks SAML.
type hall struct {
	*site
	cfg      Config
	trust    *trust
	asked    *shelf[question] // by RelayState
	answered *shelf[answered] // by the one-time "vale" in the address
	leaving  *shelf[string]   // the IDs of our LogoutRequests, by RelayState
	gone     *shelf[string]   // what became of them, by the one-time "vale" in the address
	told     *shelf[bool]     // the IDs of the gateway's LogoutRequests, so that each serves once
}

func newHall(cfg Config, which service) *hall {
	return &hall{
		site: newSite(which, cfg.Origin, cfg.Path, cfg.Now), cfg: cfg, trust: newTrust(cfg),
		asked:    newShelf[question](30 * time.Minute),
		answered: newShelf[answered](5 * time.Minute),
		leaving:  newShelf[string](30 * time.Minute),
		gone:     newShelf[string](5 * time.Minute),
		told:     newShelf[bool](2 * logoutAge),
	}
}

// least is the stricter of a level and the service's own.
func (h *hall) least(level string) string {
	if levels[level] > levels[h.cfg.Level] {
		return level
	}
	return h.cfg.Level
}

// believing is the configuration with a level and with the certificates known at the moment.
func (h *hall) believing(level string) Config {
	cfg := h.cfg
	cfg.Level, cfg.GatewayCertificates = h.least(level), h.trust.certificates()
	return cfg
}

// read reads a message of the gateway and, if no known certificate has signed it, once more with those that the gateway
// names now: its keys change.
func read[T any](ctx context.Context, h *hall, message func() (T, error)) (T, error) {
	h.trust.start(ctx, h.now())
	found, err := message()
	if errors.Is(err, errSignature) && h.trust.refresh(ctx, h.now()) {
		return message()
	}
	return found, err
}

// ask sends the citizen to the gateway: a page that posts itself there.
func (h *hall) ask(w http.ResponseWriter, r *http.Request) {
	wish, ok := h.site.asked(r)
	if !ok {
		h.missing(w, r)
		return
	}
	wish.Level = h.least(wish.Level)
	now, relayState := h.now(), rand.Text()
	request, id, err := BuildRequest(h.cfg, Ask{relayState, wish.Level, wish.Fresh}, now)
	if err != nil {
		slog.Error("request not built", "reason", err)
		h.fail(w, r, http.StatusInternalServerError, "broken")
		return
	}
	h.asked.put(relayState, question{id, h.browser(w, r), wish, now}, now)
	h.send(w, r, sendPage{"send", wish.Procedure.Name, h.cfg.GatewayURL, []field{
		{"SAMLRequest", base64.StdEncoding.EncodeToString([]byte(request))}, {"RelayState", relayState},
	}})
}

// receive takes the answer that the gateway has the browser post. It believes it or not, but lets nobody in yet: whoever
// posts an answer need not be who asked. A thief could get a citizen to follow a request of the thief's, or make a citizen
// enter as the thief. So the answer is laid aside for the browser that asked, which is known on our own page only.
func (h *hall) receive(w http.ResponseWriter, r *http.Request) {
	now, response := h.now(), r.PostFormValue("SAMLResponse")
	q, ok := h.asked.take(r.PostFormValue("RelayState"), now)
	if !ok {
		h.fail(w, r, http.StatusForbidden, "stale")
		return
	}
	who, err := read(r.Context(), h, func() (Identity, error) { return ReadResponse(h.believing(q.Wish.Level), response, q.ID, now) })
	if err == nil && q.Wish.Fresh && who.At.Before(q.At.Add(-time.Minute)) {
		err = refused(errors.New("identified before it was asked anew"))
	}
	if err != nil && !errors.Is(err, ErrNobody) {
		slog.Warn("answer of the gateway", "reason", err)
		h.fail(w, r, http.StatusForbidden, "refused")
		return
	}
	vale := rand.Text()
	h.answered.put(vale, answered{q.Browser, q.Wish, who, readableXML(response)}, now)
	h.redirect(w, r, "/vuelta?vale="+vale)
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
func (h *hall) arrive(w http.ResponseWriter, r *http.Request) {
	vale, now := r.FormValue("vale"), h.now()
	answer, ok := h.answered.get(vale, now)
	if !ok || answer.Browser != h.cookie(r, "navegador") {
		h.fail(w, r, http.StatusForbidden, "stale")
		return
	}
	if answer.Who.NIF == "" {
		h.show(w, r, http.StatusOK, "nobody", nobodyPage{answer.Wish, answer.Who, answer.Why()})
		return
	}
	if _, ok := h.answered.take(vale, now); !ok {
		h.fail(w, r, http.StatusForbidden, "stale")
		return
	}
	h.enter(w, r, visit{Wish: answer.Wish, Who: answer.Who, Mark: answer.Who.NIF, Raw: []raw{{"raw.response", answer.XML}}})
}

// nobodyPage tells that nobody was identified, and why.
type nobodyPage struct {
	Wish wish
	Who  Identity // with the status alone
	Why  string   // a text's key
}

// readableXML is a message that was read, as people read it.
func readableXML(message string) string {
	text, err := base64.StdEncoding.DecodeString(message)
	if err != nil {
		return ""
	}
	doc, err := parse(text)
	if err != nil {
		return ""
	}
	doc.Indent(2)
	indented, _ := doc.WriteToString() // it was read from one
	return indented
}
