package saml

import (
	"context"
	"time"

	"clave/internal/relying"

	"github.com/beevik/etree"
)

// Logout is a service's wish that a person's session end: signed by it, fresh and meant for us. Whether its ID was used before, and whether the browser
// that brings it has a session with that service, is for the caller to say. It travels in the browser, sealed.
type Logout struct {
	Party        string    // relying.Party.ID
	ID           string    // unique within the party; until NotOnOrAfter it is remembered
	ReturnTo     string    // the registered address to answer to
	RelayState   string    // echoed
	Subject      string    // whom it wants out, as our assertions name them; empty from those who name themselves instead
	Answer       []string  // the fields that the answer goes back in
	NotOnOrAfter time.Time // from when on the same request is refused as too old
}

var logoutRequest = kind{
	name: "LogoutRequest",
	parts: map[string]bool{
		assertionNS + " Issuer":      true,
		protocolNS + " Extensions":   true,
		assertionNS + " NameID":      true,
		protocolNS + " SessionIndex": true, // we issue none: there is nothing that it could narrow
	},
	claim: claimLogout,
}

// claimLogout reads whose a request to log out is. Three forms are known, and in all of them Issuer is the address to return to:
//
//   - the kits of Cl@ve, and RedIRIS, put their ProviderName where SAML puts the person's name, and the return address again into SPNameQualifier;
//   - a client for Node.js puts the person's identifier there, so that nothing but the return address tells whose it is.
func claimLogout(root *etree.Element) (claim, error) {
	issuer, name := child(root, assertionNS, "Issuer"), child(root, assertionNS, "NameID")
	if issuer == nil || name == nil {
		return claim{}, ErrMessage
	}
	c := claim{address: word(issuer)}
	c.party, _ = provider(word(name))
	if len(word(name)) > maxProvider || len(c.address) > maxReturn {
		return claim{}, ErrSize
	}
	if c.party == "" || c.address == "" {
		return claim{}, ErrMessage
	}
	if qualifier := attribute(name, "SPNameQualifier"); qualifier != "" && qualifier != c.address {
		return claim{}, ErrReturn
	}
	return c, nil
}

// ParseLogout reads a service's request to log out, whichever of the known fields it came in; in several it must be the very same. The error is an
// Error, or what the registry of parties said.
func (g *Gateway) ParseLogout(ctx context.Context, fields map[string]string) (Logout, error) {
	message, err := carried(fields, logoutCarriers)
	if err != nil {
		return Logout{}, err
	}
	if err := carries(fields["RelayState"]); err != nil {
		return Logout{}, err
	}
	party, content, err := g.verify(ctx, message, logoutRequest)
	if err != nil {
		return Logout{}, err
	}
	l := Logout{Party: party.ID, ID: attribute(content.Element, "ID"), RelayState: fields["RelayState"], Answer: answersIn(fields)}
	if l.ReturnTo, l.Subject, err = g.leaving(content, party); err != nil {
		return Logout{}, err
	}
	if err := g.addressed(content); err != nil {
		return Logout{}, err
	}
	if l.NotOnOrAfter, err = g.lasts(content); err != nil {
		return Logout{}, err
	}
	if err := fits(l.ReturnTo, l); err != nil {
		return Logout{}, err
	}
	return l, nil
}

// leaving reads where to answer, and who is to leave.
func (g *Gateway) leaving(content signed, party relying.Party) (returnTo, subject string, err error) {
	issuer, name := child(content.Element, assertionNS, "Issuer"), child(content.Element, assertionNS, "NameID")
	if len(issuer.ChildElements()) > 0 || len(name.ChildElements()) > 0 {
		return "", "", ErrMessage
	}
	returnTo = word(issuer)
	if err := party.LogoutReturns(returnTo); err != nil {
		return "", "", because(ErrReturn, err)
	}
	if named, _ := provider(word(name)); named != party.ID {
		subject = word(name)
	}
	return returnTo, subject, nil
}

// lasts is until when a fresh request may still come: what it says itself (SAML core §3.7.1), but no longer than fresh takes it.
func (g *Gateway) lasts(content signed) (time.Time, error) {
	at, err := g.fresh(g.Now(), content)
	if err != nil {
		return time.Time{}, err
	}
	until := at.Add(g.Skew + time.Nanosecond) // fresh takes the last instant too
	if said := attribute(content.Element, "NotOnOrAfter"); said != "" {
		limit, err := moment(said)
		if err != nil {
			return time.Time{}, err
		}
		if limit.Before(until) {
			until = limit
		}
	}
	if !g.Now().Before(until) {
		return time.Time{}, ErrStale
	}
	return until, nil
}

// answersIn are the fields that the answer to a form goes back in: those that services read who send such forms.
func answersIn(fields map[string]string) []string {
	var names []string
	if hasAny(fields, logoutRequests) {
		names = logoutAnswers
	}
	if _, ok := fields[samlRequest]; ok {
		names = append(names[:len(names):len(names)], samlResponse)
	}
	return names
}
