package saml

import (
	"crypto/x509"
	"encoding/base64"
	"maps"
	"slices"
	"time"

	"github.com/beevik/etree"
)

// MetadataType is the media type of Metadata (SAML metadata §A).
const MetadataType = "application/samlmetadata+xml"

// Organization is who runs the gateway, as its metadata says it; nothing is said without names and address.
type Organization struct {
	Names   map[string]string // by language code
	URL     string
	Support string // the e-mail address that helps services; empty: none
}

const (
	metadataNS = "urn:oasis:names:tc:SAML:2.0:metadata"
	dsigNS     = "http://www.w3.org/2000/09/xmldsig#"
)

// Metadata describes us to services, signed (SAML metadata §2.4): one address for logins and logouts, and the certificates that sign, the present one
// first. A service that reads it once a day knows every coming certificate before it signs. Anybody may ask for it, and a signature costs: one serves
// for a minute, as long as the certificates are the same.
func (g *Gateway) Metadata() ([]byte, error) {
	now := g.Now()
	present, err := g.Signing(now)
	if err != nil {
		return nil, err
	}
	certificates, err := g.certificates(present.Certificate, now)
	if err != nil {
		return nil, err
	}
	return g.published.of(certificates, now, func() ([]byte, error) { return g.signedMetadata(certificates) })
}

func (g *Gateway) signedMetadata(certificates []*x509.Certificate) ([]byte, error) {
	root := dress(etree.NewElement("md:EntityDescriptor"), "xmlns:md", metadataNS, "ID", newID(), "entityID", g.Issuer,
		"validUntil", instant(certificates[0].NotAfter), "cacheDuration", "P1D")
	provider := add(root, "md:IDPSSODescriptor", "protocolSupportEnumeration", protocolNS, "WantAuthnRequestsSigned", "true")
	for _, c := range certificates {
		info := add(add(provider, "md:KeyDescriptor", "use", "signing"), "ds:KeyInfo", "xmlns:ds", dsigNS)
		add(add(info, "ds:X509Data"), "ds:X509Certificate").SetText(base64.StdEncoding.EncodeToString(c.Raw))
	}
	add(provider, "md:SingleLogoutService", "Binding", postBinding, "Location", g.Destination)
	for _, format := range slices.Sorted(maps.Keys(nameIDFormats)) {
		add(provider, "md:NameIDFormat").SetText(format)
	}
	add(provider, "md:SingleSignOnService", "Binding", postBinding, "Location", g.Destination)
	g.Organization.describe(root)
	if err := g.sign(root); err != nil {
		return nil, err
	}
	return written(root)
}

// certificates are all that services must know and that are not over.
func (g *Gateway) certificates(first *x509.Certificate, now time.Time) ([]*x509.Certificate, error) {
	signings, err := g.Signings()
	if err != nil {
		return nil, err
	}
	list := []*x509.Certificate{first}
	for _, s := range signings {
		if !s.Certificate.Equal(first) && now.Before(s.Certificate.NotAfter) {
			list = append(list, s.Certificate)
		}
	}
	return list, nil
}

func (o Organization) describe(root *etree.Element) {
	if len(o.Names) > 0 && o.URL != "" {
		organization := add(root, "md:Organization")
		for _, name := range []string{"md:OrganizationName", "md:OrganizationDisplayName"} {
			for _, lang := range slices.Sorted(maps.Keys(o.Names)) {
				add(organization, name, "xml:lang", lang).SetText(o.Names[lang])
			}
		}
		for _, lang := range slices.Sorted(maps.Keys(o.Names)) {
			add(organization, "md:OrganizationURL", "xml:lang", lang).SetText(o.URL)
		}
	}
	if o.Support != "" {
		add(add(root, "md:ContactPerson", "contactType", "support"), "md:EmailAddress").SetText("mailto:" + o.Support)
	}
}
