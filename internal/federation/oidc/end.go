package oidc

import (
	"net/http"
	"net/url"
	"time"
)

// Logout is a checked request of a service to end the person's session (OpenID Connect RP-Initiated Logout 1.0).
type Logout struct {
	Party         string // who asks; empty when nobody said
	Participation string // the service's share of the session that is to end; empty when it did not say
	ReturnTo      string // its registered address to go back to; empty: stay with us
	State         string // goes back with it
	Once          string // names the proof: it is good for one logout; empty when there is none
	Fresh         bool   // it is proven that the service asks, and about which session; otherwise the person must confirm
	Locales       string // the languages it prefers, as in ui_locales
}

// Location is where the person goes back to; empty when they stay.
func (l Logout) Location() string {
	u, err := url.Parse(l.ReturnTo)
	if l.ReturnTo == "" || err != nil || l.State == "" {
		return l.ReturnTo
	}
	query := u.Query()
	query.Set("state", l.State)
	u.RawQuery = query.Encode()
	return u.String()
}

// hintFresh is how old an ID token may be to prove a request to log out: it went through the person's browser and the
// service's logs, and whoever finds it later must not end anything without a question.
const hintFresh = time.Hour

const maxState = 1024 // bytes

func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxQuery)
	values, ok := authorizeValues(r)
	if !ok || len(values.Get("state")) > maxState {
		p.Problem(w, r, "unreadable request")
		return
	}
	out, reason, err := p.ends(r, values)
	switch {
	case err != nil:
		p.broken(w, err)
	case reason != "":
		p.Problem(w, r, reason)
	default:
		p.End(w, r, out)
	}
}

// ends checks a request to log out. What does not fit together is shown to the person, and sends them nowhere.
func (p *Provider) ends(r *http.Request, values url.Values) (out Logout, reason string, err error) {
	out = Logout{Party: values.Get("client_id"), State: values.Get("state"), Locales: values.Get("ui_locales")}
	if token := values.Get("id_token_hint"); token != "" {
		h, err := p.readHint(token)
		if err != nil || len(h.Audience) != 1 || out.Party != "" && !h.meant(out.Party) {
			return out, "id_token_hint is none of ours", nil
		}
		out.Party, out.Participation, out.Once = h.Audience[0], h.Session, h.ID
		out.Fresh = h.Session != "" && wall().Sub(h.Issued) < hintFresh
	}
	address := values.Get("post_logout_redirect_uri")
	if out.Party == "" && address == "" {
		return out, "", nil
	}
	party, known, err := p.speaks(r.Context(), out.Party)
	switch {
	case err != nil:
		return out, "", err
	case !known:
		return out, "unknown client", nil
	case address != "" && !party.Redirects(party.OIDC.LogoutReturn, address):
		return out, "unregistered post_logout_redirect_uri", nil
	}
	out.ReturnTo = address
	return out, "", nil
}
