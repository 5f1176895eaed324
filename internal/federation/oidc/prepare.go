package oidc

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

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
	if kind := values.Get("response_type"); kind != "" && kind != string(goidc.ResponseTypeCode) {
		return &wrong{"unsupported_response_type", "only code"}
	}
	if mode := values.Get("response_mode"); mode != "" && mode != string(goidc.ResponseModeQuery) {
		return &wrong{"invalid_request", "response_mode is always query"}
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
		if slices.Contains(scopes, s) {
			known = append(known, s)
		}
	}
	return strings.Join(known, " ")
}
