package oidc

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/assurance"
	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/secret"
)

// levels are the eIDAS levels as a service asks for them and is told.
var levels = []struct {
	uri   string
	level assurance.Level
}{
	{"http://eidas.europa.eu/LoA/low", assurance.Low},
	{"http://eidas.europa.eu/LoA/substantial", assurance.Substantial},
	{"http://eidas.europa.eu/LoA/high", assurance.High},
}

// What an answer needs of its request, in the login's Echo.
const (
	echoNonce     = "nonce"
	echoChallenge = "challenge"
	echoScope     = "scope"
	echoKey       = "jkt"  // thumbprint of the key that the code is bound to
	echoID        = "id"   // claims asked for one by one, for the ID token
	echoUser      = "user" // and for the userinfo endpoint
	echoLevels    = "acr"  // the only levels that may be told
	echoSubject   = "sub"  // whom the service expects
)

// EchoLocales is the Echo that holds the languages a service prefers for the pages, as in ui_locales: "ca es".
const EchoLocales = "ui_locales"

// maxRequest is the longest request taken, in bytes of JSON: it travels in a cookie.
const maxRequest = 2000

// policy is where the library asks who the person is: it hands the request over, and never gets an answer. The answer is
// the login's (Answer), which cannot be had twice by calling again.
func (p *Provider) policy() goidc.AuthnPolicy {
	always := func(*http.Request, *goidc.AuthnSession, *goidc.Client) bool { return true }
	return goidc.NewPolicy("login", always, func(_ http.ResponseWriter, r *http.Request, as *goidc.AuthnSession, _ *goidc.Client) (goidc.Status, error) {
		c := callOf(r.Context())
		if !c.party.Redirects(c.party.OIDC.Redirects, as.RedirectURI) {
			c.problem = "unregistered redirect_uri"
			return goidc.StatusFailure, nil
		}
		request, bad := p.request(c, as)
		if bad != nil {
			return goidc.StatusFailure, goidc.NewError(goidc.ErrorCode(bad.Code), bad.Text)
		}
		c.begin = &request
		return goidc.StatusPending, nil
	})
}

// request turns a request that the library has checked into a login's.
func (p *Provider) request(c *call, as *goidc.AuthnSession) (login.Request, *wrong) {
	r := login.Request{
		Protocol: Protocol, Party: c.party.ID, ID: secret.ID(wall()), ReturnTo: as.RedirectURI, RelayState: as.State, Echo: map[string]string{},
	}
	if as.PushedAuthReqID != "" {
		r.ID = keyOf(pushedKind, as.PushedAuthReqID) // a pushed request is answered once
	}
	for _, step := range []func(*login.Request, *call, *goidc.AuthnSession) *wrong{asksForCode, asksFor, asksHow, asksLevel, asksWhom} {
		if bad := step(&r, c, as); bad != nil {
			return r, bad
		}
	}
	if data, err := json.Marshal(r); err != nil || len(data) > maxRequest || len(r.RelayState) > login.MaxRelay {
		return r, &wrong{"invalid_request", "the request is too long"}
	}
	return r, nil
}

// challenge is a SHA-256 in base64url (RFC 7636 §4.2).
var challenge = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// asksForCode allows the code flow in the query, with PKCE by S256 said in so many words: a method left out means "plain".
func asksForCode(r *login.Request, _ *call, as *goidc.AuthnSession) *wrong {
	switch {
	case as.ResponseType != goidc.ResponseTypeCode:
		return &wrong{"unsupported_response_type", ""}
	case as.ResponseMode != "" && as.ResponseMode != goidc.ResponseModeQuery:
		return &wrong{"invalid_request", "response_mode is always query"}
	case as.CodeChallengeMethod != goidc.CodeChallengeMethodSHA256 || !challenge.MatchString(as.CodeChallenge):
		return &wrong{"invalid_request", "code_challenge by S256 is required"}
	}
	r.Echo[echoChallenge] = as.CodeChallenge
	keep(r, echoNonce, as.Nonce)
	keep(r, echoKey, cmp.Or(as.JWKThumbprint, as.DPoPJKT))
	return nil
}

func keep(r *login.Request, name, value string) {
	if value != "" {
		r.Echo[name] = value
	}
}

// asksFor reads which data the service wants, by scope or one by one.
func asksFor(r *login.Request, c *call, as *goidc.AuthnSession) *wrong {
	r.Echo[echoScope] = as.Scopes
	wanted := claimsOf(strings.Fields(as.Scopes))
	if as.Claims != nil {
		one, other := singled(as.Claims.IDToken), singled(as.Claims.UserInfo)
		keep(r, echoID, strings.Join(one, " "))
		keep(r, echoUser, strings.Join(other, " "))
		wanted = slices.Concat(wanted, one, other)
	}
	var asked []relying.Attribute
	for _, name := range wanted {
		asked = append(asked, attributeOf[name])
	}
	r.Released = c.party.Told(asked)
	return nil
}

// singled are the claims about a person that are asked for one by one.
func singled(asked map[string]goidc.ClaimObjectInfo) (names []string) {
	for _, name := range claimNames {
		if _, ok := asked[name]; ok && attributeOf[name] != "" {
			names = append(names, name)
		}
	}
	return names
}

// asksHow reads what the person may be asked.
func asksHow(r *login.Request, c *call, as *goidc.AuthnSession) *wrong {
	prompts := strings.Fields(string(as.Prompt))
	for _, prompt := range prompts {
		switch goidc.PromptType(prompt) {
		case goidc.PromptTypeNone:
			r.Passive = true
		case goidc.PromptTypeLogin:
			r.ForceAuthn = true
		case goidc.PromptTypeConsent, goidc.PromptTypeSelectAccount: // our page asks both, always
		default:
			return &wrong{"invalid_request", "unknown prompt"}
		}
	}
	if r.Passive && len(prompts) > 1 {
		return &wrong{"invalid_request", "prompt none stands alone"}
	}
	if age := as.MaxAuthnAgeSecs; age != nil {
		if *age < 0 {
			return &wrong{"invalid_request", "max_age is no number"}
		}
		r.MaxAge = time.Duration(min(*age, maxAge)) * time.Second
		r.ForceAuthn = r.ForceAuthn || *age == 0
	}
	if locales, ok := as.Store["locales"].(string); ok {
		c.locales = locales
	}
	keep(r, EchoLocales, c.locales)
	return nil
}

const maxAge = 366 * 24 * 60 * 60 // seconds; more is as good as no limit

// asksLevel takes the lowest level named as the least: acr_values, or the acr claim.
func asksLevel(r *login.Request, _ *call, as *goidc.AuthnSession) *wrong {
	r.Level = lowest(strings.Fields(as.ACRValues))
	if as.Claims == nil {
		return nil
	}
	acr, ok := as.Claims.IDTokenClaim(goidc.ClaimACR)
	if !ok {
		return nil
	}
	values := acr.Values
	if acr.Value != "" {
		values = append(slices.Clone(values), acr.Value)
	}
	r.Level = max(r.Level, lowest(values))
	if !acr.IsEssential || len(values) == 0 {
		return nil
	}
	if lowest(values) == 0 {
		return &wrong{"unmet_authentication_requirements", "no such level"}
	}
	keep(r, echoLevels, named(values))
	return nil
}

// lowest is the lowest level named; zero when none is.
func lowest(uris []string) assurance.Level {
	for _, l := range levels {
		if slices.Contains(uris, l.uri) {
			return l.level
		}
	}
	return 0
}

// named are the levels among the URIs, by their short names.
func named(uris []string) string {
	var names []string
	for _, l := range levels {
		if slices.Contains(uris, l.uri) {
			names = append(names, l.level.String())
		}
	}
	return strings.Join(names, " ")
}

// asksWhom reads whom the service expects: by a hint, or by the sub claim (OpenID Connect Core §5.5.1).
func asksWhom(r *login.Request, c *call, as *goidc.AuthnSession) *wrong {
	whom := []string{c.hint}
	if hint, ok := as.Store["hint"].(string); ok {
		whom = append(whom, hint)
	}
	if as.IDTokenHintClaims != nil {
		whom = append(whom, as.IDTokenHintClaims.Subject)
	}
	if as.Claims != nil {
		if sub, ok := as.Claims.IDTokenClaim(goidc.ClaimSubject); ok {
			whom = append(whom, sub.Value)
		}
	}
	for _, subject := range whom {
		if before := r.Echo[echoSubject]; before != "" && subject != "" && subject != before {
			return &wrong{"invalid_request", "two persons are expected"}
		}
		keep(r, echoSubject, subject)
	}
	return nil
}
