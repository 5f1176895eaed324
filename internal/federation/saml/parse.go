package saml

import (
	"context"
	"encoding/json"
	"strings"

	"clave/internal/crowd"
	"clave/internal/login"
	"clave/internal/relying"

	"github.com/beevik/etree"
)

// Bounds of what a login or a logout carries in its cookie, in bytes. Sealed and in base64, with what the broker adds, maxKept stays under 3 KB.
const (
	maxID       = 128
	maxReturn   = 512
	maxProvider = 256
	maxKept     = 2000 // the request as JSON
)

var authnRequest = kind{
	name: "AuthnRequest",
	// A Subject or Conditions would bind the answer in ways that we do not serve; an assertion, encrypted or not, has no place here at all.
	parts: map[string]bool{
		assertionNS + " Issuer":               true,
		protocolNS + " Extensions":            true,
		protocolNS + " NameIDPolicy":          true,
		protocolNS + " RequestedAuthnContext": true,
		protocolNS + " Scoping":               true,
	},
	claim: func(root *etree.Element) (claim, error) {
		if len(attribute(root, "ProviderName")) > maxProvider {
			return claim{}, ErrSize
		}
		id, _ := provider(attribute(root, "ProviderName"))
		return claim{party: id}, nil
	},
}

// Parse reads what a service's form says: samlRequest, base64, and the relay state to give back. The error is an Error, or what the registry of parties
// said.
//
// Nothing here stops a replay: a request may be begun many times and is answered once, by whom the broker lets complete it.
func (g *Gateway) Parse(ctx context.Context, samlRequest, relayState string) (login.Request, error) {
	message, err := decode(samlRequest)
	if err != nil {
		return login.Request{}, err
	}
	if err := carries(relayState); err != nil {
		return login.Request{}, err
	}
	party, content, err := g.verify(ctx, message, authnRequest)
	if err != nil {
		return login.Request{}, err
	}
	return g.read(crowd.Arrival(ctx, g.Now()), content, party, relayState)
}

// provider cuts the ProviderName {NIF}_{DIR3};{application}. The application is optional and the service's own affair.
func provider(name string) (party, application string) {
	party, application, _ = strings.Cut(name, ";")
	return party, application
}

// told is what of a person the party's answers may say. There is no answer of this protocol without the NIF.
func told(party relying.Party) ([]relying.Attribute, error) {
	if !party.Releases(relying.NIF) {
		return nil, ErrReleased
	}
	return party.Told(relying.Attributes), nil
}

// fits keeps what a cookie carries within what browsers and proxies take.
func fits(returnTo string, whole any) error {
	kept, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	if len(returnTo) > maxReturn || len(kept) > maxKept {
		return ErrSize
	}
	return nil
}
