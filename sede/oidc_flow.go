package sede

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// asking is a request that waits for its answer, in the browser that began it.
type asking struct {
	Browser  string
	Wish     wish
	Nonce    string // comes back in the ID token: it answers this request
	Verifier string // shown with the code: whoever steals the code alone gains nothing (PKCE)
	At       time.Time
}

// ask sends the citizen to the gateway, by a redirect.
func (o *office) ask(w http.ResponseWriter, r *http.Request) {
	wish, ok := o.site.asked(r)
	if !ok {
		o.missing(w, r)
		return
	}
	g, err := o.discover(r.Context())
	if err != nil {
		o.broken(w, r, err)
		return
	}
	state, now := rand.Text(), o.now()
	a := asking{o.browser(w, r), wish, rand.Text(), oauth2.GenerateVerifier(), now}
	o.asked.put(state, a, now)
	options := []oauth2.AuthCodeOption{
		oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier),
		oauth2.SetAuthURLParam("acr_values", levelPrefix+wish.Level), oauth2.SetAuthURLParam("ui_locales", o.lang(w, r)),
	}
	if wish.Fresh {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"))
	}
	http.Redirect(w, r, g.oauth.AuthCodeURL(state, options...), http.StatusSeeOther)
}

// broken says that something of ours or of the gateway's does not work.
func (o *office) broken(w http.ResponseWriter, r *http.Request, err error) {
	slog.Error("gateway not reached", "reason", err)
	o.fail(w, r, http.StatusBadGateway, "broken")
}

// arrive takes the answer that the gateway sends the browser back with. It counts only in the browser that asked, and only
// from the gateway that was asked (RFC 9207).
func (o *office) arrive(w http.ResponseWriter, r *http.Request) {
	query, now := r.URL.Query(), o.now()
	a, ok := o.asked.get(query.Get("state"), now)
	if !ok || a.Browser != o.cookie(r, "navegador") {
		o.fail(w, r, http.StatusForbidden, "stale")
		return
	}
	switch {
	case query.Get("iss") != o.cfg.Issuer:
		o.fail(w, r, http.StatusForbidden, "refused")
		return
	case query.Get("error") != "":
		o.show(w, r, http.StatusOK, "nobody", nobodyPage{a.Wish, declinedBy(query), whyNot(query.Get("error"))})
		return
	}
	if _, ok := o.asked.take(query.Get("state"), now); !ok {
		o.fail(w, r, http.StatusForbidden, "stale")
		return
	}
	t, err := o.exchange(r, a, query.Get("code"))
	if err != nil {
		slog.Warn("answer of the gateway", "reason", err)
		o.fail(w, r, http.StatusForbidden, "refused")
		return
	}
	o.enter(w, r, visit{Wish: a.Wish, Who: t.Who, Mark: t.Session, Facts: t.Facts, Raw: t.Raw, Token: t.Token})
}

// exchange turns the code into who it is.
func (o *office) exchange(r *http.Request, a asking, code string) (told, error) {
	ctx := o.reach(r.Context())
	g, err := o.discover(ctx)
	if err != nil {
		return told{}, err
	}
	proof, err := o.cfg.assertion()
	if err != nil {
		return told{}, err
	}
	options := []oauth2.AuthCodeOption{oauth2.VerifierOption(a.Verifier)}
	for name, value := range proof {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	token, err := g.oauth.Exchange(ctx, code, options...)
	if err != nil {
		return told{}, err
	}
	want := expected{Nonce: a.Nonce, Level: a.Wish.Level}
	if a.Wish.Fresh {
		want.Since = a.At
	}
	return o.identify(ctx, g, token, want)
}

func declinedBy(query url.Values) Identity {
	return Identity{StatusCode: query.Get("error"), StatusMessage: query.Get("error_description")}
}

// whyNot names the text that explains what happened to a visitor whom the gateway did not identify.
func whyNot(code string) string {
	switch code {
	case "access_denied", "login_required":
		return "nobody.failed"
	case "unmet_authentication_requirements":
		return "nobody.denied"
	}
	return "nobody.other"
}
