package sede

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	levelPrefix   = "http://eidas.europa.eu/LoA/"
	clavePrefix   = "http://es.minhafp.clave/"
	naturalPrefix = "http://eidas.europa.eu/attributes/naturalperson/"
	uriNameFormat = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
)

// levels orders the eIDAS assurance levels by their names.
var levels = map[string]int{"low": 1, "substantial": 2, "high": 3}

// Ask is what a request asks for.
type Ask struct {
	RelayState string
	Level      string // the least: "low", "substantial" or "high"
	Fresh      bool   // the citizen must show who they are now, whatever session they have (ForceAuthn)
}

// BuildRequest writes and signs an AuthnRequest of the Cl@ve 2.0 profile, and says its ID, which the answer must repeat.
//
// gosaml2 builds requests too, but not these: ours have no Issuer (ProviderName says who asks), have eIDAS extensions, and
// want the signature before them.
func BuildRequest(cfg Config, ask Ask, now time.Time) (xml, id string, err error) {
	if levels[ask.Level] == 0 {
		return "", "", fmt.Errorf("sede: unknown level %q", ask.Level)
	}
	id = "_" + rand.Text()
	request := authnRequest(cfg, id, ask.Fresh, now)
	addExtensions(request, ask.RelayState)
	addPolicies(request, ask.Level)
	if err := sign(cfg, request, 0); err != nil {
		return "", "", fmt.Errorf("sign request: %w", err)
	}
	xml, err = etree.NewDocumentWithRoot(request).WriteToString()
	return xml, id, err
}

func authnRequest(cfg Config, id string, fresh bool, now time.Time) *etree.Element {
	return element("saml2p:AuthnRequest",
		"xmlns:saml2p", "urn:oasis:names:tc:SAML:2.0:protocol",
		"xmlns:saml2", "urn:oasis:names:tc:SAML:2.0:assertion",
		"xmlns:eidas", "http://eidas.europa.eu/saml-extensions",
		"xmlns:eidas-natural", "http://eidas.europa.eu/attributes/naturalperson",
		"xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance",
		"ID", id,
		"Version", "2.0",
		"IssueInstant", now.UTC().Format(time.RFC3339),
		"ForceAuthn", strconv.FormatBool(fresh),
		"IsPassive", "false",
		"Destination", cfg.GatewayURL,
		"AssertionConsumerServiceURL", cfg.acs(),
		"ProviderName", cfg.ProviderName,
		"Consent", "urn:oasis:names:tc:SAML:2.0:consent:unspecified")
}

// addExtensions says that we are a public body. Identity data come unasked. To hide a method, its attribute would be
// requested here: in this profile, asking for AFirmaIdP takes the certificate away from the chooser.
func addExtensions(request *etree.Element, relayState string) {
	extensions := request.CreateElement("saml2p:Extensions")
	extensions.CreateElement("eidas:SPType").SetText("public")

	attribute := element("eidas:RequestedAttribute",
		"FriendlyName", "RelayState", "Name", clavePrefix+"RelayState", "NameFormat", uriNameFormat, "isRequired", "false")
	extensions.CreateElement("eidas:RequestedAttributes").AddChild(attribute)

	value := element("eidas:AttributeValue", "xsi:type", "eidas-natural:PersonIdentifierType")
	value.SetText(relayState)
	attribute.AddChild(value)
}

func addPolicies(request *etree.Element, level string) {
	request.AddChild(element("saml2p:NameIDPolicy",
		"AllowCreate", "true", "Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"))

	least := element("saml2p:RequestedAuthnContext", "Comparison", "minimum")
	least.CreateElement("saml2:AuthnContextClassRef").SetText(levelPrefix + level)
	request.AddChild(least)
}

// sign puts the signature where the schema wants it: after the Issuer or, where there is none, first.
func sign(cfg Config, message *etree.Element, at int) error {
	context, err := dsig.NewSigningContext(cfg.Key, [][]byte{cfg.Certificate.Raw})
	if err != nil {
		return err
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := context.SetSignatureMethod(dsig.RSASHA512SignatureMethod); err != nil {
		return err
	}
	signature, err := context.ConstructSignature(message, true)
	if err != nil {
		return err
	}
	message.InsertChildAt(at, signature)
	return nil
}

// element makes an element from its name and its attributes, given in pairs.
func element(name string, attributes ...string) *etree.Element {
	e := etree.NewElement(name)
	for i := 0; i < len(attributes); i += 2 {
		e.CreateAttr(attributes[i], attributes[i+1])
	}
	return e
}
