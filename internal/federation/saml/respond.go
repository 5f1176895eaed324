package saml

import (
	"context"
	"errors"
	"slices"
	"time"

	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/secret"
	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

// window is how long a service may take an assertion for valid. Services do not tolerate a later clock.
const window = 900 * time.Second

// ErrResult means that an answer was asked for a sign-in that is not complete, or not this protocol's.
var ErrResult = errors.New("saml: nothing to answer")

// Respond tells the service who the person is. Errors: ErrResult, relying.ErrUnknown, and what stops us from signing.
func (g *Gateway) Respond(ctx context.Context, r login.Result) (Form, error) {
	if !answerable(r.Login.Request) || !complete(r) {
		return Form{}, ErrResult
	}
	party, err := g.Parties.Party(ctx, r.Login.Request.Party)
	if err != nil {
		return Form{}, err
	}
	if party.Returns(r.Login.Request.ReturnTo) != nil || !party.Releases(relying.NIF) {
		return Form{}, ErrResult // struck off, or moved, while the person typed
	}
	now := g.Now()
	root := g.response(r.Login.Request, now)
	root.CreateAttr("Consent", consent)
	succeeds(root)
	if err := g.assert(root, party, r, now); err != nil {
		return Form{}, err
	}
	return g.form(root, r.Login.Request.ReturnTo, r.Login.Request.RelayState, samlResponse)
}

// answerable refuses a request that Parse did not make.
func answerable(req login.Request) bool {
	return req.Protocol == Protocol && req.ID != "" && req.ReturnTo != "" && nameIDFormats[req.Echo[echoNameID]]
}

// complete refuses a result with a hole in it, which a service could read as anybody or as any level, and one that must not name the person.
func complete(r login.Result) bool {
	req := r.Login.Request
	return !r.Citizen.NIF.IsZero() && slices.Contains(req.Released, relying.NIF) && selected[r.Method] != "" && r.Level > 0 && r.Level >= req.Level && !r.At.IsZero()
}

// response is the frame of every answer, without its signature. The prefixes, and that eidas and eidas-natural are one namespace here, are what services
// have seen so far.
func (g *Gateway) response(req login.Request, now time.Time) *etree.Element {
	root := dress(etree.NewElement("saml2p:Response"),
		"xmlns:saml2p", protocolNS, "xmlns:eidas", naturalNS, "xmlns:eidas-natural", naturalNS, "xmlns:saml2", assertionNS,
		"Destination", req.ReturnTo, "ID", newID(), "InResponseTo", req.ID, "IssueInstant", instant(now), "Version", "2.0")
	g.issuer(root)
	return root
}

func (g *Gateway) issuer(parent *etree.Element) {
	add(parent, "saml2:Issuer", "Format", entity).SetText(g.Issuer)
}

// succeeds says so twice: one client fails without the text.
func succeeds(root *etree.Element) *etree.Element {
	state := add(root, "saml2p:Status")
	code := add(state, "saml2p:StatusCode", "Value", statusName+"Success")
	add(state, "saml2p:StatusMessage").SetText(statusName + "Success")
	return code
}

// assert adds the assertion in the form that the party registered. Whoever decrypts it, or has software that asks for it, gets it signed by itself too.
func (g *Gateway) assert(root *etree.Element, party relying.Party, r login.Result, now time.Time) error {
	a := g.assertion(root, r, now)
	identity(add(a, "saml2:AttributeStatement"), party, r)
	if party.SAML.Encrypt == nil && !party.SAML.Untyped {
		return nil
	}
	if err := g.sign(a, typePrefixes...); err != nil {
		return err
	}
	if party.SAML.Encrypt == nil {
		return nil
	}
	data, err := xmlsig.Encrypt(a, xmlsig.EncryptOptions{Certificate: party.SAML.Encrypt, PrefixList: typePrefixes})
	if err != nil {
		return err
	}
	root.RemoveChild(a)
	add(root, "saml2:EncryptedAssertion").AddChild(data)
	return nil
}

// assertion binds what it says to this request, this service and this person's address (SAML profiles §4.1.4.2).
func (g *Gateway) assertion(root *etree.Element, r login.Result, now time.Time) *etree.Element {
	req, from, until := r.Login.Request, instant(now), instant(now.Add(window))
	a := add(root, "saml2:Assertion", "xmlns:xs", schemaNS, "ID", newID(), "IssueInstant", from, "Version", "2.0")
	g.issuer(a)

	subject := add(a, "saml2:Subject")
	add(subject, "saml2:NameID", "Format", req.Echo[echoNameID], "NameQualifier", g.Issuer).SetText(r.Citizen.NIF.String())
	confirmation := add(add(subject, "saml2:SubjectConfirmation", "Method", bearer), "saml2:SubjectConfirmationData")
	if r.From != "" {
		confirmation.CreateAttr("Address", r.From)
	}
	dress(confirmation, "InResponseTo", req.ID, "NotOnOrAfter", until, "Recipient", req.ReturnTo)

	conditions := add(a, "saml2:Conditions", "NotBefore", from, "NotOnOrAfter", until)
	add(add(conditions, "saml2:AudienceRestriction"), "saml2:Audience").SetText(req.ReturnTo)
	add(conditions, "saml2:OneTimeUse")

	context := add(add(a, "saml2:AuthnStatement", "AuthnInstant", instant(r.At)), "saml2:AuthnContext")
	add(context, "saml2:AuthnContextClassRef").SetText(levelName + r.Level.String())
	add(context, "saml2:AuthnContextDecl")
	return a
}

// newID is a fresh name, which in XML cannot begin with a digit.
func newID() string { return "_" + secret.Token().Reveal() }

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
