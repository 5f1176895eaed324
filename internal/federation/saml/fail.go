package saml

import "clave/internal/login"

// Failure is why a sign-in ends without an identity.
type Failure string

// The failures that a service is told.
const (
	Cancelled Failure = "cancelled" // the person gave up
	Failed    Failure = "failed"    // the person could not prove who they are
	TimedOut  Failure = "timed-out"
	Denied    Failure = "denied"  // no method is left that reaches the level asked, or the person's level does not
	Passive   Failure = "passive" // it asked us not to ask the person
)

type status struct{ code, reason, message string }

// failed is the one code and text that services of Cl@ve know; what exactly went wrong is the person's affair.
var failed = status{"Responder", "AuthnFailed", "003002 - Authentication Failed"}

var statuses = map[Failure]status{
	Cancelled: failed,
	Failed:    failed,
	TimedOut:  failed,
	Denied:    {"Requester", "RequestDenied", "Request Denied"},
	Passive:   {"Responder", "NoPassive", "The person must be asked"},
}

// Fail tells the service that nobody was identified: signed, with no assertion. Errors: ErrResult, and what stops us from signing.
func (g *Gateway) Fail(req login.Request, why Failure) (Form, error) {
	s, known := statuses[why]
	if !known || !answerable(req) {
		return Form{}, ErrResult
	}
	root := g.response(req, g.Now())
	state := add(root, "saml2p:Status")
	add(add(state, "saml2p:StatusCode", "Value", statusName+s.code), "saml2p:StatusCode", "Value", statusName+s.reason)
	add(state, "saml2p:StatusMessage").SetText(s.message)
	return g.form(root, req)
}
