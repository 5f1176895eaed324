package saml_test

import (
	"fmt"
	"strings"
	"testing"

	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

// A bye is a LogoutRequest that a test sends, in pieces that can be bent one by one.
type bye struct {
	root       string   // the element's name
	attributes []string // name and value in turn
	issuer     string   // the address, or nothing at all
	qualifier  string   // SPNameQualifier, or nothing
	name       string   // what NameID says
	rest       string   // elements after it
	by         identity
}

// newBye is what Cl@ve's Java kit sends.
func newBye() bye {
	return bye{
		root: "LogoutRequest",
		attributes: []string{
			"Consent", "urn:oasis:names:tc:SAML:2.0:consent:unspecified", "Destination", destination, "ID", "_b1", "IssueInstant", "2026-01-01T12:00:00.000Z",
			"NotOnOrAfter", "2026-01-01T12:05:00.000Z", "Reason", "urn:oasis:names:tc:SAML:2.0:logout:user", "Version", "2.0",
		},
		issuer: goodbye, qualifier: goodbye, name: partyID + ";DEMO", by: service(),
	}
}

func (b bye) set(name, value string) bye {
	b.attributes = request{attributes: b.attributes}.set(name, value).attributes
	return b
}

func (b bye) drop(name string) bye {
	b.attributes = request{attributes: b.attributes}.drop(name).attributes
	return b
}

func (b bye) from(address string) bye {
	b.issuer, b.qualifier = address, address
	return b
}

func (b bye) names(name string) bye {
	b.name = name
	return b
}

// ofNode is the form that names the person and says nothing else of itself than its address.
func (b bye) ofNode() bye {
	b.name, b.qualifier = "00000000T", ""
	return b
}

func (b bye) unsigned() string {
	var out strings.Builder
	fmt.Fprintf(&out, `<saml2p:%s xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"`, b.root)
	for i := 0; i < len(b.attributes); i += 2 {
		fmt.Fprintf(&out, ` %s="%s"`, b.attributes[i], escaper.Replace(b.attributes[i+1]))
	}
	out.WriteString(">")
	if b.issuer != "" {
		out.WriteString("<saml2:Issuer>" + escaper.Replace(b.issuer) + "</saml2:Issuer>")
	}
	if b.name != "" {
		out.WriteString(`<saml2:NameID Format="` + unspecified + `"`)
		if b.qualifier != "" {
			out.WriteString(` SPNameQualifier="` + escaper.Replace(b.qualifier) + `"`)
		}
		out.WriteString(">" + b.name + "</saml2:NameID>")
	}
	return out.String() + b.rest + "</saml2p:" + b.root + ">"
}

func (b bye) tree(t testing.TB) *etree.Element {
	t.Helper()
	return signedTree(t, b.unsigned(), b.by)
}

// signedTree is a message signed where its schema wants the signature.
func signedTree(t testing.TB, message string, by identity) *etree.Element {
	t.Helper()
	doc, err := xmlsig.Parse([]byte(message))
	if err != nil {
		t.Fatal(err)
	}
	o := xmlsig.SignOptions{Signer: by.key, Certificate: by.cert, Algorithm: xmlsig.RSASHA256}
	if doc.Root().FindElement("Issuer") != nil {
		o.After = "Issuer"
	}
	if err := xmlsig.Sign(doc.Root(), "ID", o); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func (b bye) signed(t testing.TB) string { return text(b.tree(t)) }

// form is what a kit posts.
func (b bye) form(t testing.TB) map[string]string {
	t.Helper()
	return map[string]string{"logoutRequest": field(b.signed(t)), "RelayState": "_x9", "country": "ES"}
}
