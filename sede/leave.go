package sede

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/http"
)

// leaveAll ends the session here at once, whatever comes of the rest, and asks the gateway to end its own and those of all
// other services. It serves also whoever has left here already.
func (h *hall) leaveAll(w http.ResponseWriter, r *http.Request) {
	h.forget(w, r)
	now, relayState := h.now(), rand.Text()
	request, id, err := BuildLogoutRequest(h.cfg, now)
	if err != nil {
		slog.Error("request not built", "reason", err)
		h.fail(w, r, http.StatusInternalServerError, "broken")
		return
	}
	h.leaving.put(relayState, id, now)
	message := base64.StdEncoding.EncodeToString([]byte(request))
	h.send(w, r, sendPage{Why: "bye", Action: h.cfg.GatewayURL, Fields: []field{
		{"logoutRequest", message}, {"samlRequestLogout", message}, {"RelayState", relayState}, {"country", "ES"},
	}})
}

// receiveLeft takes the gateway's answer, which comes without our cookies, and shows it on a page of our own.
func (h *hall) receiveLeft(w http.ResponseWriter, r *http.Request) {
	now := h.now()
	id, ok := h.leaving.take(r.PostFormValue("RelayState"), now)
	if !ok {
		h.fail(w, r, http.StatusForbidden, "stale")
		return
	}
	message := cmp.Or(r.PostFormValue("logoutResponse"), r.PostFormValue("samlResponseLogout"))
	outcome, err := read(r.Context(), h, func() (LogoutOutcome, error) {
		return ReadLogoutResponse(h.believing(h.cfg.Level), message, id, now)
	})
	if err != nil {
		slog.Warn("answer of the gateway to a logout", "reason", err)
		h.fail(w, r, http.StatusForbidden, "refused")
		return
	}
	vale := rand.Text()
	h.gone.put(vale, string(outcome), now)
	h.redirect(w, r, "/fuera?vale="+vale)
}

// left shows what became of a logout. The address holds no outcome: else anyone could tell a citizen that they are out.
func (h *hall) left(w http.ResponseWriter, r *http.Request) {
	outcome, ok := h.gone.get(r.FormValue("vale"), h.now())
	if !ok {
		h.redirect(w, r, "/")
		return
	}
	h.show(w, r, http.StatusOK, "left", "left."+outcome)
}

// closeFor does what the gateway orders when the citizen leaves at Cl@ve or at another service: it ends every session that
// they have here, for the order names the person and no browser (SAML core §3.7.3.2), and answers so.
func (h *hall) closeFor(w http.ResponseWriter, r *http.Request) {
	now, message := h.now(), r.PostFormValue("SAMLRequest")
	order, err := read(r.Context(), h, func() (Closing, error) { return ReadLogoutRequest(h.believing(h.cfg.Level), message, now) })
	if err != nil || !h.told.add(order.ID, true, now) {
		slog.Warn("order of the gateway to log out", "reason", err)
		h.fail(w, r, http.StatusForbidden, "refused")
		return
	}
	h.close(func(v visit) bool { return v.Mark == order.NameID })
	answer, err := BuildLogoutResponse(h.cfg, order.ID, now)
	if err != nil {
		slog.Error("answer not built", "reason", err)
		h.fail(w, r, http.StatusInternalServerError, "broken")
		return
	}
	h.send(w, r, sendPage{Why: "closing", Action: h.cfg.GatewayURL, Fields: []field{
		{"SAMLResponse", base64.StdEncoding.EncodeToString([]byte(answer))}, {"RelayState", r.PostFormValue("RelayState")},
	}})
}
