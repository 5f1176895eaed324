package oidc

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/relying"
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
	byHandle := strings.HasPrefix(values.Get("request_uri"), handlePrefix)
	if values.Get("request_uri") != "" && !byHandle {
		p.refuse(w, r, c, values, wrong{"request_uri_not_supported", "push the request instead (RFC 9126)"})
		return
	}
	if !byHandle && values.Get("request") == "" && !redirects(c.party, c.party.OIDC.Redirects, values.Get("redirect_uri")) {
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
	default:
		held.send(w)
	}
}

// refuse tells the service, at its registered address, or else the person.
func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, c *call, values url.Values, bad wrong) {
	address := values.Get("redirect_uri")
	if !redirects(c.party, c.party.OIDC.Redirects, address) {
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

// handlePrefix begins the request_uri of a pushed request (RFC 9126 §2.2).
const handlePrefix = "urn:ietf:params:oauth:request_uri:"

// prepare checks what the library would pass over, and takes away what it would mix: beside a signed or pushed request no
// other parameter counts (RFC 9101 §6.3, RFC 9126 §4).
func (p *Provider) prepare(c *call, values url.Values) *wrong {
	c.locales = values.Get("ui_locales")
	if values.Get("request") != "" || strings.HasPrefix(values.Get("request_uri"), handlePrefix) {
		keepOnly(values, "client_id", "client_secret", "client_assertion", "client_assertion_type", "request", "request_uri")
		return p.fapiRequest(c.party, values.Get("request"))
	}
	values.Set("scope", knownScopes(values.Get("scope")))
	if age := values.Get("max_age"); age != "" {
		if n, err := strconv.Atoi(age); err != nil || n < 0 {
			return &wrong{"invalid_request", "max_age is no number"}
		}
	}
	if claims := values.Get("claims"); claims != "" && json.Unmarshal([]byte(claims), &goidc.ClaimsObject{}) != nil {
		return &wrong{"invalid_request", "claims cannot be read"}
	}
	if values.Get("registration") != "" {
		return &wrong{"registration_not_supported", ""}
	}
	return p.takeHint(c, values)
}

// takeHint reads whom the service expects, from an ID token of ours that may have expired meanwhile, as the library would
// not allow.
func (p *Provider) takeHint(c *call, values url.Values) *wrong {
	token := values.Get("id_token_hint")
	values.Del("id_token_hint")
	if token == "" {
		return nil
	}
	h, err := p.readHint(token)
	if err != nil || !h.meant(c.party.ID) {
		return &wrong{"invalid_request", "id_token_hint is no ID token of yours"}
	}
	c.hint = h.Subject
	return nil
}

func keepOnly(values url.Values, names ...string) {
	kept := url.Values{}
	for _, name := range names {
		if list, ok := values[name]; ok {
			kept[name] = list
		}
	}
	clear(values)
	for name, list := range kept {
		values[name] = list
	}
}

// knownScopes leaves out what we do not know (OpenID Connect Core §3.1.2.1).
func knownScopes(asked string) string {
	var known []string
	for s := range strings.FieldsSeq(asked) {
		for _, k := range scopes {
			if s == k {
				known = append(known, s)
			}
		}
	}
	return strings.Join(known, " ")
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

// releases are the attributes that a party may be told of those that a request asks for.
func releases(p relying.Party, asked ...relying.Attribute) []relying.Attribute {
	list := []relying.Attribute{}
	for _, a := range asked {
		if p.Releases(a) {
			list = append(list, a)
		}
	}
	return list
}
