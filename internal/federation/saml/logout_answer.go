package saml

import (
	"github.com/beevik/etree"
)

// Outcome is what became of a logout, for the service that asked.
type Outcome string

// The outcomes.
const (
	Ended  Outcome = "ended"
	Partly Outcome = "partly" // the session ended, but not every service has said so
	Kept   Outcome = "kept"   // the person chose to stay
)

// LogoutResponse answers a service's request to log out. Errors: ErrResult, and what stops us from signing.
func (g *Gateway) LogoutResponse(l Logout, o Outcome) (Form, error) {
	if l.ID == "" || l.ReturnTo == "" || len(l.Answer) == 0 {
		return Form{}, ErrResult
	}
	root := g.logout("LogoutResponse", l.ReturnTo, newID())
	root.CreateAttr("InResponseTo", l.ID)
	switch o {
	case Ended:
		succeeds(root)
	case Partly: // SAML core §3.7.3.2: success, for our own session has ended
		add(succeeds(root), "saml2p:StatusCode", "Value", statusName+"PartialLogout")
	case Kept:
		fails(root, kept)
	default:
		return Form{}, ErrResult
	}
	return g.form(root, l.ReturnTo, l.RelayState, l.Answer...)
}

// logout is the frame of both messages of a logout.
func (g *Gateway) logout(name, destination, id string) *etree.Element {
	root := dress(etree.NewElement("saml2p:"+name), "xmlns:saml2p", protocolNS, "xmlns:saml2", assertionNS,
		"Destination", destination, "ID", id, "IssueInstant", instant(g.Now()), "Version", "2.0")
	g.issuer(root)
	return root
}
