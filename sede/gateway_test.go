package sede_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"clave/sede"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const (
	origin = "http://127.0.0.1:8200"
	issuer = "https://clave.test"
)

// A signer is a key with its certificate.
type signer struct {
	key         *rsa.PrivateKey
	certificate *x509.Certificate
}

var keys = sync.OnceValue(func() map[string]signer {
	made := map[string]signer{}
	for _, name := range []string{"sede", "gateway", "thief"} {
		made[name] = newSigner()
	}
	return made
})

func newSigner() signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return signer{key, certificate}
}

func config() sede.Config {
	return sede.Config{
		Origin:              origin,
		ProviderName:        "P2800000A_L01280000;SEDE",
		Key:                 keys()["sede"].key,
		Certificate:         keys()["sede"].certificate,
		GatewayURL:          "http://localhost:8100/Proxy2/ServiceProvider",
		GatewayIssuer:       issuer,
		GatewayCertificates: []*x509.Certificate{keys()["gateway"].certificate},
		Now:                 func() time.Time { return noon },
		Level:               "low",
	}
}

// An answer is what a gateway may say; good gives one that is beyond reproach, and tests spoil it.
type answer struct {
	InResponseTo, Confirms       string
	Issuer, AssertionIssuer      string
	Destination, Recipient       string
	Audience, Level              string
	Code, Reason, Message        string
	NIF, Given, Family, First    string
	Issued, NotBefore, Until     string
	SignedBy, Method             string
	NoAssertion, NoAudience, Two bool
}

func good(id string) answer {
	at := func(d time.Duration) string { return noon.Add(d).Format(time.RFC3339) }
	acs := origin + "/ReturnPage"
	success := "urn:oasis:names:tc:SAML:2.0:status:Success"
	return answer{
		InResponseTo: id, Confirms: id, Issuer: issuer, AssertionIssuer: issuer, Destination: acs, Recipient: acs, Audience: acs,
		Level: "substantial", Code: success, Message: success,
		NIF: "00000000T", Given: "MARÍA", Family: "GARCÍA LÓPEZ", First: "GARCÍA",
		Issued: at(0), NotBefore: at(0), Until: at(15 * time.Minute),
		SignedBy: "gateway", Method: dsig.RSASHA512SignatureMethod,
	}
}

func declined(id string) answer {
	a := good(id)
	a.Code, a.Reason = "urn:oasis:names:tc:SAML:2.0:status:Responder", "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"
	a.Message, a.NoAssertion = "003002 - Authentication Failed", true
	return a
}

var responseForm = template.Must(template.New("").Parse(strings.ReplaceAll(`<saml2p:Response
 xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"
 xmlns:eidas-natural="http://eidas.europa.eu/attributes/naturalperson" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:xs="http://www.w3.org/2001/XMLSchema" Consent="urn:oasis:names:tc:SAML:2.0:consent:obtained"
 Destination="{{.Destination}}" ID="_r" InResponseTo="{{.InResponseTo}}" IssueInstant="{{.Issued}}" Version="2.0">
<saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">{{.Issuer}}</saml2:Issuer>
<saml2p:Status><saml2p:StatusCode Value="{{.Code}}">{{with .Reason}}<saml2p:StatusCode Value="{{.}}"/>{{end}}</saml2p:StatusCode>
<saml2p:StatusMessage>{{.Message}}</saml2p:StatusMessage></saml2p:Status>
{{define "assertion"}}<saml2:Assertion ID="_s" IssueInstant="{{.Issued}}" Version="2.0"><saml2:Issuer>{{.AssertionIssuer}}</saml2:Issuer>
<saml2:Subject><saml2:NameID NameQualifier="{{.Issuer}}">{{.NIF}}</saml2:NameID>
<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData Address="192.0.2.1"
 InResponseTo="{{.Confirms}}" NotOnOrAfter="{{.Until}}" Recipient="{{.Recipient}}"/></saml2:SubjectConfirmation></saml2:Subject>
<saml2:Conditions NotBefore="{{.NotBefore}}" NotOnOrAfter="{{.Until}}">{{if not .NoAudience}}<saml2:AudienceRestriction><saml2:Audience>
{{- .Audience}}</saml2:Audience></saml2:AudienceRestriction>{{end}}<saml2:OneTimeUse/></saml2:Conditions>
<saml2:AuthnStatement AuthnInstant="{{.Issued}}"><saml2:AuthnContext><saml2:AuthnContextClassRef>http://eidas.europa.eu/LoA/{{.Level}}
{{- ""}}</saml2:AuthnContextClassRef><saml2:AuthnContextDecl/></saml2:AuthnContext></saml2:AuthnStatement>
<saml2:AttributeStatement>
<saml2:Attribute FriendlyName="PersonIdentifier" Name="NATURAL/PersonIdentifier"><saml2:AttributeValue xsi:type="eidas-natural:PersonIdentifierType">{{.NIF}}</saml2:AttributeValue></saml2:Attribute>
<saml2:Attribute FriendlyName="FirstName" Name="NATURAL/CurrentGivenName"><saml2:AttributeValue xsi:type="eidas-natural:CurrentGivenNameType">{{.Given}}</saml2:AttributeValue></saml2:Attribute>
<saml2:Attribute FriendlyName="FamilyName" Name="NATURAL/CurrentFamilyName"><saml2:AttributeValue xsi:type="eidas-natural:CurrentFamilyNameType">{{.Family}}</saml2:AttributeValue></saml2:Attribute>
<saml2:Attribute FriendlyName="FirstSurname" Name="http://es.minhafp.clave/FirstSurname"><saml2:AttributeValue xsi:type="xs:string">{{.First}}</saml2:AttributeValue></saml2:Attribute>
<saml2:Attribute FriendlyName="SelectedIdP" Name="http://es.minhafp.clave/SelectedIdP"><saml2:AttributeValue xsi:type="xs:string">PIN24H</saml2:AttributeValue></saml2:Attribute>
</saml2:AttributeStatement></saml2:Assertion>{{end -}}
{{if not .NoAssertion}}{{template "assertion" .}}{{end}}{{if .Two}}{{template "assertion" .}}{{end}}</saml2p:Response>`,
	"NATURAL", "http://eidas.europa.eu/attributes/naturalperson")))

func (a answer) unsigned(t testing.TB) *etree.Document {
	t.Helper()
	var text strings.Builder
	if err := responseForm.Execute(&text, a); err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text.String()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// signed signs the whole response, as the gateway does.
func (a answer) signed(t testing.TB) *etree.Document {
	t.Helper()
	return signAs(t, a.unsigned(t), a.SignedBy, a.Method)
}

// signAs signs a message, after its issuer.
func signAs(t testing.TB, doc *etree.Document, name, method string) *etree.Document {
	t.Helper()
	by := keys()[name]
	context, err := dsig.NewSigningContext(by.key, [][]byte{by.certificate.Raw})
	if err != nil {
		t.Fatal(err)
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := context.SetSignatureMethod(method); err != nil {
		t.Fatal(err)
	}
	signature, err := context.ConstructSignature(doc.Root(), true)
	if err != nil {
		t.Fatal(err)
	}
	doc.Root().InsertChildAt(doc.Root().FindElement("./Issuer").Index()+1, signature)
	return doc
}

func encode(t testing.TB, doc *etree.Document) string {
	t.Helper()
	raw, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}
