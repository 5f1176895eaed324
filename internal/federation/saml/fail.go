package saml

import (
	"clave/internal/login"

	"github.com/beevik/etree"
)

type status struct{ code, reason, message string }

// failed is the one code and text that services of Cl@ve know; what exactly went wrong is the person's affair.
var failed = status{"Responder", "AuthnFailed", "003002 - Authentication Failed"}

// kept is what a service is told whose request to log out the person did not want.
var kept = status{"Responder", "RequestDenied", "Request Denied"}

var statuses = map[login.Failure]status{
	login.Cancelled:  failed,
	login.Failed:     failed,
	login.TimedOut:   failed,
	login.Denied:     {"Requester", "RequestDenied", "Request Denied"},
	login.Passive:    {"Responder", "NoPassive", "The person must be asked"},
	login.Unexpected: failed,
	login.MustAgree:  {"Responder", "NoPassive", "The person must be asked"},
}

// Fail tells the service that nobody was identified: signed, with no assertion. Errors: ErrResult, and what stops us from signing.
func (g *Gateway) Fail(req login.Request, why login.Failure) (Form, error) {
	s, known := statuses[why]
	if !known || !answerable(req) {
		return Form{}, ErrResult
	}
	root := g.response(req, g.Now())
	fails(root, s)
	return g.form(root, req.ReturnTo, req.RelayState, samlResponse)
}

func fails(root *etree.Element, s status) {
	state := add(root, "saml2p:Status")
	add(add(state, "saml2p:StatusCode", "Value", statusName+s.code), "saml2p:StatusCode", "Value", statusName+s.reason)
	add(state, "saml2p:StatusMessage").SetText(s.message)
}
