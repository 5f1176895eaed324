// Package saml speaks SAML 2.0, in the profile of Cl@ve 2.0 and eIDAS, with the services that were integrated with Cl@ve: Parse turns a request's bytes
// into a login.Request, Respond and Fail turn the outcome into the form that takes the answer to the service. It knows no HTTP.
//
// A service is known by the ProviderName of its request, and believed when the certificate registered for it signed that request; Issuer is optional in
// this profile and says nothing. The answer is one signed Response with a plain Assertion, in the very shape that services integrated with Cl@ve read:
// some of them look up prefixes, or texts that SAML leaves to taste.
package saml

import (
	"crypto"
	"crypto/x509"
	"errors"
	"time"

	"clave/internal/relying"
)

// Protocol is the name under which a login.Request says that this package must answer it.
const Protocol = "saml"

// Path is where services post their requests, below our origin: the address of Cl@ve 2.0, so that those integrated with it
// need another host name and nothing else.
const Path = "/Proxy2/ServiceProvider"

// Gateway is our side of the protocol. It keeps nothing between calls.
type Gateway struct {
	Destination string        // the address that requests are posted to; theirs must name exactly this one
	Issuer      string        // our name in answers
	Signer      crypto.Signer // RSA: the profile's clients verify nothing else
	Certificate *x509.Certificate
	Parties     relying.Registry
	Now         func() time.Time
	Skew        time.Duration // how far a request's clock may be from ours, either way
}

// Form is what the person's browser must post to the service.
type Form struct {
	Action string // the service's registered address
	Fields []Field
}

// Field is one hidden field. Values are as they must arrive: escape them for the page.
type Field struct{ Name, Value string }

// Error is why a request is refused: a stable word, fit to label a metric, that repeats nothing of the request.
type Error string

// The refusals. Show the person a page that says so, and send nothing anywhere: with most of them it is not known whose the request is. Only what is
// refused with ErrPassive is sound, and may be answered.
const (
	ErrSize        Error = "size"           // the message, or one of the texts that a login must carry along, is too long
	ErrEncoding    Error = "encoding"       // not base64, or a relay state that no form can carry
	ErrXML         Error = "xml"            // not of the XML that xmlsig accepts
	ErrMessage     Error = "message"        // not an AuthnRequest of SAML 2.0, or with contents that it cannot have
	ErrParty       Error = "party"          // its ProviderName is not registered
	ErrSignature   Error = "signature"      // not signed by its service
	ErrDestination Error = "destination"    // meant for somebody else
	ErrStale       Error = "stale"          // issued too long ago, or in the future
	ErrReturn      Error = "return"         // its return address is not registered
	ErrBinding     Error = "binding"        // asks for an answer by other means than a form
	ErrLevel       Error = "level"          // asks for other than a minimum level of eIDAS
	ErrNameID      Error = "name-id-format" // asks for a form of identifier that we do not issue
	ErrPassive     Error = "passive"        // wants an answer without asking the person: Fail with Passive
)

func (e Error) Error() string { return "saml: request refused: " + string(e) }

// Code is the stable word of a refusal; "internal" when the error is not about the request, "" without error.
func Code(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[Error](err); ok {
		return string(e)
	}
	return "internal"
}
