package sede

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
)

// leaveAll ends the session here at once, and asks the gateway to end its own and those of all other services (OpenID
// Connect RP-Initiated Logout). The ID token, which says which session it is, is posted: in an address it would stay in
// histories and logs.
func (o *office) leaveAll(w http.ResponseWriter, r *http.Request) {
	v := o.forget(w, r)
	g, err := o.discover(r.Context())
	if err != nil {
		o.broken(w, r, err)
		return
	}
	state := rand.Text()
	o.leaving.put(state, true, o.now())
	fields := []field{
		{"client_id", o.cfg.ClientID}, {"post_logout_redirect_uri", o.cfg.logoutReturn()}, {"state", state}, {"ui_locales", o.lang(w, r)},
	}
	if v.Token != "" {
		fields = append(fields, field{"id_token_hint", v.Token})
	}
	o.send(w, r, sendPage{Why: "bye", Action: g.more.EndSession, Fields: fields})
}

// left is where the gateway sends the citizen back to. It says nothing of what became of its session: its own page did.
func (o *office) left(w http.ResponseWriter, r *http.Request) {
	if _, ok := o.leaving.get(r.URL.Query().Get("state"), o.now()); !ok {
		o.redirect(w, r, "/")
		return
	}
	o.show(w, r, http.StatusOK, "left", "left.back")
}

// closeFor takes the gateway's word, without a browser, that a session is over (OpenID Connect Back-Channel Logout §2.5).
func (o *office) closeFor(w http.ResponseWriter, r *http.Request) {
	token, err := o.readLogoutToken(r.Context(), r.PostFormValue("logout_token"))
	if err != nil {
		slog.Warn("logout token refused", "reason", err)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_request"}`))
		return
	}
	o.close(func(v visit) bool { return v.Mark == token.SessionID })
}

// readLogoutToken believes a logout token that is the gateway's, for us, new, used for the first time, and about a session.
// go-oidc checks signature, issuer, audience, expiry, the event, and that there is no nonce: an ID token is no logout token.
func (o *office) readLogoutToken(ctx context.Context, text string) (*oidc.LogoutToken, error) {
	g, err := o.discover(ctx)
	if err != nil {
		return nil, err
	}
	token, err := g.verifier.VerifyLogout(ctx, text)
	if err != nil {
		return nil, err
	}
	var c struct {
		Events map[string]json.RawMessage `json:"events"`
	}
	if err := token.Claims(&c); err != nil {
		return nil, err
	}
	var event map[string]any
	now := o.now()
	switch {
	case json.Unmarshal(c.Events["http://schemas.openid.net/event/backchannel-logout"], &event) != nil || event == nil:
		return nil, errors.New("the event is no object")
	case token.SessionID == "":
		return nil, errors.New("names no session")
	case now.Sub(token.IssuedAt).Abs() > logoutAge:
		return nil, errors.New("not of now")
	case len(token.Audience) != 1:
		return nil, errors.New("meant for others too")
	case !o.told.add(token.TokenID, true, now):
		return nil, errors.New("used before")
	}
	return token, nil
}
