package oidc

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

const maxQuery = 16 << 10 // bytes of a request to authorize

// authorize takes a request that comes through the browser. It reads no cookie, writes nothing and decides nothing: what
// it makes of a good request is handed to our own pages.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxQuery)
	values, ok := authorizeValues(r)
	if !ok {
		p.Problem(w, r, "unreadable request")
		return
	}
	party, known, err := p.speaks(r.Context(), values.Get("client_id"))
	if err != nil {
		p.broken(w, err)
		return
	}
	if !known {
		p.Problem(w, r, "unknown client")
		return
	}
	p.authorizeFor(w, r, &call{path: authorizePath, party: party}, values)
}

// authorizeValues are the parameters, each once; a second one could be read by whoever checks, and the first by whoever
// uses.
func authorizeValues(r *http.Request) (url.Values, bool) {
	if len(r.URL.RawQuery) > maxQuery || r.ParseForm() != nil {
		return nil, false
	}
	values := r.PostForm
	if r.Method == http.MethodGet {
		values = r.URL.Query()
	}
	return values, once(values) == nil
}

func (p *Provider) authorizeFor(w http.ResponseWriter, r *http.Request, c *call, values url.Values) {
	if values.Get("request_uri") != "" && values.Get("request") != "" { // OpenID Connect Core §6.1
		p.Problem(w, r, "request beside request_uri")
		return
	}
	byHandle := strings.HasPrefix(values.Get("request_uri"), handlePrefix)
	if values.Get("request_uri") != "" && !byHandle {
		p.refuse(w, r, c, values, wrong{"request_uri_not_supported", "push the request instead (RFC 9126)"})
		return
	}
	if !byHandle && values.Get("request") == "" && !c.party.Redirects(c.party.OIDC.Redirects, values.Get("redirect_uri")) {
		p.Problem(w, r, "unregistered redirect_uri")
		return
	}
	if bad := p.prepare(c, values); bad != nil {
		p.refuse(w, r, c, values, *bad)
		return
	}
	keys, err := p.keysFor(r.Context(), c.party, values)
	if err != nil {
		p.Problem(w, r, "the keys of the service cannot be read")
		return
	}
	c.client = clientOf(c.party, keys)
	p.authorizeBy(w, r, c, values)
}

// authorizeBy lets the library check the request. Its policy leaves what it became in the call.
func (p *Provider) authorizeBy(w http.ResponseWriter, r *http.Request, c *call, values url.Values) {
	asked := r.Clone(context.WithValue(r.Context(), callKey{}, c))
	asked.Method, asked.Body, asked.RequestURI = http.MethodGet, http.NoBody, authorizePath
	asked.URL = &url.URL{Path: authorizePath, RawQuery: values.Encode()}
	asked.Form, asked.PostForm = nil, nil
	held := newAnswer()
	p.library.ServeHTTP(held, asked)
	switch {
	case c.failed != nil:
		p.broken(w, c.failed)
	case c.begin != nil:
		p.Begin(w, r, *c.begin)
	case c.problem != "":
		p.Problem(w, r, c.problem)
	case !c.answers(held):
		p.Problem(w, r, "no registered address to answer to in the query")
	default:
		held.send(w)
	}
}

// answers tells whether an answer goes to a registered address, in the query: whatever way a signed request asks for its
// errors, we have one, and where it named no address the library's answer would lead to ourselves.
func (c *call) answers(a *answer) bool {
	to, _, _ := strings.Cut(a.header.Get("Location"), "?")
	if a.status != http.StatusSeeOther || strings.Contains(a.header.Get("Location"), "#") {
		return false
	}
	return slices.ContainsFunc(c.party.OIDC.Redirects, func(registered string) bool {
		address, _, _ := strings.Cut(registered, "?")
		return address == to && c.party.Redirects(c.party.OIDC.Redirects, registered)
	})
}

// refuse tells the service, at its registered address, or else the person.
func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, c *call, values url.Values, bad wrong) {
	address := values.Get("redirect_uri")
	if !c.party.Redirects(c.party.OIDC.Redirects, address) {
		p.Problem(w, r, bad.Code)
		return
	}
	http.Redirect(w, r, p.location(address, values.Get("state"), url.Values{"error": {bad.Code}, "error_description": {bad.Text}}), http.StatusSeeOther)
}

// location is a service's address with an answer, which always names us: a service that talks to several providers cannot
// be made to send one's code to another (RFC 9207).
func (p *Provider) location(address, state string, answer url.Values) string {
	u, err := url.Parse(address)
	if err != nil { // it was registered
		return p.Issuer
	}
	query := u.Query()
	for name, list := range answer {
		query[name] = list
	}
	query.Set("iss", p.Issuer)
	if state != "" {
		query.Set("state", state)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// renderProblem leaves what cannot be told to the service to be told to the person.
func renderProblem(_ http.ResponseWriter, r *http.Request, err error) error {
	c := callOf(r.Context())
	c.problem = "refused request"
	if bad, ok := err.(goidc.Error); ok && bad.Description != "" {
		c.problem = bad.Description
	}
	return nil
}
