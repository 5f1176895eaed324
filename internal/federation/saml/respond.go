package saml

import (
	"encoding/base64"
	"errors"
	"time"

	"clave/internal/login"
	"clave/internal/secret"
	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

// window is how long a service may take an assertion for valid. Services do not tolerate a later clock.
const window = 900 * time.Second

// ErrResult means that an answer was asked for a sign-in that is not complete, or not this protocol's.
var ErrResult = errors.New("saml: nothing to answer")

// Respond tells the service who the person is. Errors: ErrResult, and what stops us from signing.
func (g *Gateway) Respond(r login.Result) (Form, error) {
	if !answerable(r.Login.Request) || !complete(r) {
		return Form{}, ErrResult
	}
	now := g.Now()
	root := g.response(r.Login.Request, now)
	root.CreateAttr("Consent", consent)
	state := add(root, "saml2p:Status")
	add(state, "saml2p:StatusCode", "Value", statusName+"Success")
	add(state, "saml2p:StatusMessage").SetText(statusName + "Success") // one client fails without it
	g.assertion(root, r, now)
	return g.form(root, r.Login.Request)
}

// answerable refuses a request that Parse did not make.
func answerable(req login.Request) bool {
	return req.Protocol == Protocol && req.ID != "" && req.ReturnTo != "" && nameIDFormats[req.Echo[echoNameID]]
}

// complete refuses a result with a hole in it, which a service could read as anybody or as any level.
func complete(r login.Result) bool {
	return !r.Citizen.NIF.IsZero() && selected[r.Method] != "" && r.Level > 0 && r.Level >= r.Login.Request.Level && !r.At.IsZero()
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

// assertion binds what it says to this request, this service and this person's address (SAML profiles §4.1.4.2).
func (g *Gateway) assertion(root *etree.Element, r login.Result, now time.Time) {
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

	attributes(add(a, "saml2:AttributeStatement"), r)
}

// attributes are always the same, asked or not; the state comes back only if it was sent as an attribute.
func attributes(statement *etree.Element, r login.Result) {
	c, req := r.Citizen, r.Login.Request
	tell(statement, "PersonIdentifier", naturalNS+"/PersonIdentifier", "eidas-natural:PersonIdentifierType", c.NIF.String())
	tell(statement, "FirstName", naturalNS+"/CurrentGivenName", "eidas-natural:CurrentGivenNameType", c.GivenName)
	tell(statement, "FamilyName", naturalNS+"/CurrentFamilyName", "eidas-natural:CurrentFamilyNameType", c.FamilyName())
	tell(statement, "FirstSurname", claveName+"FirstSurname", "xs:string", c.FirstSurname)
	tell(statement, "SelectedIdP", claveName+"SelectedIdP", "xs:string", selected[r.Method])
	state, asked := req.Echo[echoRelay]
	if _, same := req.Echo[echoRelaySame]; same {
		state, asked = req.RelayState, true
	}
	if asked {
		tell(statement, "RelayState", relayAttribute, "eidas-natural:PersonIdentifierType", state)
	}
}

func tell(statement *etree.Element, friendly, name, kind, value string) {
	a := add(statement, "saml2:Attribute", "FriendlyName", friendly, "Name", name, "NameFormat", uriName)
	add(a, "saml2:AttributeValue", "xmlns:xsi", instanceNS, "xsi:type", kind).SetText(value)
}

// form signs the answer. The listed prefixes are those that only values of xsi:type use, which exclusive canonicalisation would not see.
func (g *Gateway) form(root *etree.Element, req login.Request) (Form, error) {
	options := xmlsig.SignOptions{Signer: g.Signer, Certificate: g.Certificate, PrefixList: []string{"eidas-natural", "xs"}, After: "Issuer"}
	if err := xmlsig.Sign(root, "ID", options); err != nil {
		return Form{}, err
	}
	message, err := xmlsig.Bytes(root)
	if err != nil {
		return Form{}, err
	}
	message = append([]byte(`<?xml version="1.0" encoding="UTF-8"?>`), message...)
	f := Form{Action: req.ReturnTo, Fields: []Field{{"SAMLResponse", base64.StdEncoding.EncodeToString(message)}}}
	if req.RelayState != "" {
		f.Fields = append(f.Fields, Field{"RelayState", req.RelayState})
	}
	return f, nil
}

// newID is a fresh name, which in XML cannot begin with a digit.
func newID() string { return "_" + secret.Token().Reveal() }

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
