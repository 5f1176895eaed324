package saml_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"clave/internal/xmlsig"
)

// A request is an AuthnRequest that a test sends, in pieces of text that can be bent one by one.
type request struct {
	attributes []string // name and value in turn
	issuer     string   // the element, or nothing
	extensions string
	policy     string
	context    string
	algorithm  xmlsig.Algorithm
	after      string // the signature's place
	by         *identity
}

const claveName = "http://es.minhafp.clave/"

// newRequest is what Cl@ve's Java kit sends.
func newRequest() request {
	return request{
		attributes: []string{
			"AssertionConsumerServiceURL", "https://sp.test/ReturnPage", "Consent", "urn:oasis:names:tc:SAML:2.0:consent:unspecified",
			"Destination", "https://clave.test/Proxy2/ServiceProvider", "ForceAuthn", "true", "ID", "_a1", "IsPassive", "false",
			"IssueInstant", "2026-01-01T12:00:00.000Z", "ProviderName", "S0000000A_E00000000;DEMO", "Version", "2.0",
		},
		extensions: extensions(asks("AEATIdP"), asksValue("RelayState", "_x8")),
		policy:     policy("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
		context:    authnContext("minimum", "http://eidas.europa.eu/LoA/low"),
	}
}

func extensions(asked ...string) string {
	return `<saml2p:Extensions><eidas:SPType>public</eidas:SPType><eidas:RequestedAttributes>` + strings.Join(asked, "") +
		`</eidas:RequestedAttributes></saml2p:Extensions>`
}

func asks(name string) string {
	return fmt.Sprintf(`<eidas:RequestedAttribute FriendlyName="%s" Name="%s" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri" isRequired="false"/>`,
		name, claveName+name)
}

func asksValue(name, value string) string {
	return strings.TrimSuffix(asks(name), "/>") +
		`><eidas:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="eidas-natural:PersonIdentifierType">` + value +
		`</eidas:AttributeValue></eidas:RequestedAttribute>`
}

func policy(format string) string {
	return `<saml2p:NameIDPolicy AllowCreate="true" Format="` + format + `"/>`
}

func authnContext(comparison string, classes ...string) string {
	var refs strings.Builder
	for _, class := range classes {
		refs.WriteString(`<saml2:AuthnContextClassRef>` + class + `</saml2:AuthnContextClassRef>`)
	}
	return `<saml2p:RequestedAuthnContext Comparison="` + comparison + `">` + refs.String() + `</saml2p:RequestedAuthnContext>`
}

// set changes an attribute or adds it; drop takes one away.
func (r request) set(name, value string) request {
	r = r.drop(name)
	r.attributes = append(r.attributes, name, value)
	return r
}

func (r request) drop(name string) request {
	var kept []string
	for i := 0; i < len(r.attributes); i += 2 {
		if r.attributes[i] != name {
			kept = append(kept, r.attributes[i], r.attributes[i+1])
		}
	}
	r.attributes = kept
	return r
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\n", "&#xA;")

// unsigned is the text of the request.
func (r request) unsigned() string {
	var b strings.Builder
	b.WriteString(`<saml2p:AuthnRequest xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"` +
		` xmlns:eidas="http://eidas.europa.eu/saml-extensions" xmlns:eidas-natural="http://eidas.europa.eu/attributes/naturalperson"` +
		` xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"`)
	for i := 0; i < len(r.attributes); i += 2 {
		fmt.Fprintf(&b, ` %s="%s"`, r.attributes[i], escaper.Replace(r.attributes[i+1]))
	}
	b.WriteString(">" + r.issuer + r.extensions + r.policy + r.context + "</saml2p:AuthnRequest>")
	return b.String()
}

// signed is the request signed by its service, or by whom it says.
func (r request) signed(t testing.TB) string {
	t.Helper()
	doc, err := xmlsig.Parse([]byte(r.unsigned()))
	if err != nil {
		t.Fatal(err)
	}
	by := service()
	if r.by != nil {
		by = *r.by
	}
	o := xmlsig.SignOptions{Signer: by.key, Certificate: by.cert, Algorithm: r.algorithm, After: r.after, PrefixList: []string{"eidas-natural"}}
	if err := xmlsig.Sign(doc.Root(), "ID", o); err != nil {
		t.Fatal(err)
	}
	message, err := xmlsig.Bytes(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	return string(message)
}

// field is the message as the form carries it.
func field(message string) string { return base64.StdEncoding.EncodeToString([]byte(message)) }
