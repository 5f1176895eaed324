// Package saml speaks SAML 2.0, in the profile of Cl@ve 2.0 and eIDAS, with the services that were integrated with Cl@ve: Parse turns a request's bytes
// into a login.Request, Respond and Fail turn the outcome into the form that takes the answer to the service. It knows no HTTP.
//
// A service is known by the ProviderName of its request, and believed when a certificate registered for it signed that request; Issuer is optional in
// this profile and says nothing. The answer is one signed Response with a plain Assertion, in the very shape that services integrated with Cl@ve read:
// some of them look up prefixes, or texts that SAML leaves to taste. A service may register that its assertions are encrypted, or that its attributes
// have no types but plain text; both then are signed by themselves too.
//
// Sessions end by the same address. ParseLogout reads a service's wish and LogoutResponse answers it; LogoutRequest tells a service that a session has
// ended and ParseLogoutAnswer reads what it says to that. PurposeOf tells which of the readers a form is for; each of them takes its own kind of message
// and no other. Metadata is what we publish of ourselves, ReadMetadata what an operator may register a service from.
package saml

import (
	"context"
	"errors"
	"time"

	"clave/internal/keyring"
	"clave/internal/relying"
)

// Protocol is the name under which a login.Request says that this package must answer it.
const Protocol = "saml"

// Path is where services post their requests, below our origin: the address of Cl@ve 2.0, so that those integrated with it
// need another host name and nothing else.
const Path = "/Proxy2/ServiceProvider"

// MetadataPath is where services find our Metadata, below our origin.
const MetadataPath = "/saml/metadata"

// Gateway is our side of the protocol. It keeps nothing between calls but the metadata that it signed last.
type Gateway struct {
	Destination  string // the address that requests are posted to; theirs must name exactly this one
	Issuer       string // our name in answers
	Parties      relying.Registry
	Organization Organization // told in the metadata
	Now          func() time.Time
	Skew         time.Duration // how far a message's clock may be from ours, either way

	// Signing gives the key that signs now: RSA, because the profile's clients verify nothing else. Signings are all that services must know, those
	// to come among them; the metadata lists them.
	Signing  func(now time.Time) (keyring.Signing, error)
	Signings func() ([]keyring.Signing, error)

	// Returning finds the parties that registered an address to return to from a logout: so those are known who name the person in a request to log
	// out and not themselves. Nil refuses that form.
	Returning func(ctx context.Context, address string) ([]relying.Party, error)

	published published
}

// Error is why a request is refused: a stable word, fit to label a metric, that repeats nothing of the request.
type Error string

// The refusals. Show the person a page that says so, and send nothing anywhere: with most of them it is not known whose the request is.
const (
	ErrSize        Error = "size"           // the message, or one of the texts that a login must carry along, is too long
	ErrEncoding    Error = "encoding"       // not base64, or a relay state that no form can carry
	ErrXML         Error = "xml"            // not of the XML that xmlsig accepts
	ErrDeflated    Error = "deflated"       // compressed, as for the redirect binding, which this profile has not
	ErrMessage     Error = "message"        // not a message of SAML 2.0 of the kind expected, or with contents that it cannot have
	ErrParty       Error = "party"          // whose it says it is is not registered, or could be two
	ErrReleased    Error = "released"       // its service may not be told the NIF, without which this protocol names nobody
	ErrSignature   Error = "signature"      // not signed by its service
	ErrDestination Error = "destination"    // meant for somebody else
	ErrStale       Error = "stale"          // issued too long ago, in the future, or over; a Skewed says by how much
	ErrReturn      Error = "return"         // its return address is not registered
	ErrBinding     Error = "binding"        // asks for an answer by other means than a form
	ErrLevel       Error = "level"          // asks for other than a minimum level of eIDAS
	ErrNameID      Error = "name-id-format" // asks for a form of identifier that we do not issue
)

func (e Error) Error() string { return "saml: request refused: " + string(e) }

// Skewed is ErrStale with how far the message's clock is behind ours, or ahead when it is negative: no secret, and what its service has to look at.
type Skewed struct{ Behind time.Duration }

func (e Skewed) Error() string { return ErrStale.Error() }

func (e Skewed) Unwrap() error { return ErrStale }

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
