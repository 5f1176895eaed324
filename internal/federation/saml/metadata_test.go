package saml_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"

	"clave/internal/federation/saml"
	"clave/internal/keyring"
	"clave/internal/xmlsig"

	saml2 "github.com/russellhaering/gosaml2"
	"github.com/russellhaering/gosaml2/types"
	dsig "github.com/russellhaering/goxmldsig"
)

func TestMetadataGolden(t *testing.T) {
	golden(t, "testdata/metadata.golden.xml", steady(must(newGateway(noon).Metadata())))
}

// Anybody may ask for the metadata as often as they like: it is signed once in a minute, and at once when a key is added.
func TestMetadataIsSignedSeldom(t *testing.T) {
	now := noon
	g := newGateway(noon)
	g.Now = func() time.Time { return now }
	first := string(must(g.Metadata()))
	if string(must(g.Metadata())) != first {
		t.Error("it is signed for each who asks")
	}
	now = now.Add(time.Minute)
	if string(must(g.Metadata())) == first {
		t.Error("it is never signed again")
	}
	g.Signings = func() ([]keyring.Signing, error) { return []keyring.Signing{{Certificate: successor().cert}}, nil }
	if coming := base64.StdEncoding.EncodeToString(successor().cert.Raw); !strings.Contains(string(must(g.Metadata())), coming) {
		t.Error("a key that was added is told of later")
	}
}

// A service that configures itself from our metadata, and from nothing else, is served: its requests go to the right place, our answers are believed.
func TestMetadataConfiguresAService(t *testing.T) {
	message := must(newGateway(noon).Metadata())
	if out, err := xmlsec1(t, "metadata:EntityDescriptor", string(message)); err != nil {
		t.Fatal(out)
	}
	var entity types.EntityDescriptor
	if err := xml.Unmarshal(message, &entity); err != nil {
		t.Fatal(err)
	}
	idp := entity.IDPSSODescriptor
	if !idp.WantAuthnRequestsSigned || len(idp.SingleSignOnServices) != 1 || len(idp.SingleLogoutServices) != 1 || len(idp.NameIDFormats) != 4 {
		t.Errorf("%+v", idp)
	}
	sp := goService()
	sp.IdentityProviderIssuer, sp.IdentityProviderSSOURL = entity.EntityID, idp.SingleSignOnServices[0].Location
	sp.IDPCertificateStore = storeOf(t, idp.KeyDescriptors)
	doc := must(sp.BuildAuthRequestDocumentNoSig())
	doc.Root().CreateAttr("ProviderName", partyID)
	req, err := newGateway(noon).Parse(t.Context(), field(text(must(sp.SignAuthnRequest(doc.Root())))), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sp.RetrieveAssertionInfo(must(newGateway(noon).Respond(t.Context(), newResult(req))).Fields[0].Value); err != nil {
		t.Error(err)
	}
}

func storeOf(t *testing.T, keys []types.KeyDescriptor) *dsig.MemoryX509CertificateStore {
	t.Helper()
	store := &dsig.MemoryX509CertificateStore{}
	for _, k := range keys {
		for _, c := range k.KeyInfo.X509Data.X509Certificates {
			store.Roots = append(store.Roots, must(x509.ParseCertificate(must(base64.StdEncoding.DecodeString(c.Data)))))
		}
	}
	return store
}

// A certificate that is over is listed no more, and a ring that fails stops the metadata.
func TestMetadataCertificates(t *testing.T) {
	g := newGateway(time.Date(2048, 12, 31, 0, 0, 0, 0, time.UTC))
	past := keyring.Signing{Certificate: curve().cert} // until 2046
	g.Signings = func() ([]keyring.Signing, error) {
		return []keyring.Signing{past, {Certificate: gatewayKey().cert}}, nil
	}
	if listed := strings.Count(string(must(g.Metadata())), `use="signing"`); listed != 1 {
		t.Errorf("%d certificates", listed)
	}
	g.Signings = func() ([]keyring.Signing, error) { return nil, errBroken }
	if _, err := g.Metadata(); !errors.Is(err, errBroken) {
		t.Errorf("error %v", err)
	}
	g.Signing = func(time.Time) (keyring.Signing, error) { return keyring.Signing{}, errBroken }
	for name, try := range map[string]func() error{
		"metadata": func() error { _, err := g.Metadata(); return err },
		"logout":   func() error { _, err := g.LogoutResponse(wantedLogout(), saml.Ended); return err },
	} {
		if err := try(); !errors.Is(err, errBroken) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestMetadataSaysNothingUnconfigured(t *testing.T) {
	g := newGateway(noon)
	g.Organization = saml.Organization{}
	if message := string(must(g.Metadata())); strings.Contains(message, "Organization") || strings.Contains(message, "ContactPerson") {
		t.Error("invents an organization")
	}
}

// Metadata that other software writes of itself is read, whole.
func TestReadMetadataOfOthers(t *testing.T) {
	node := startNodeService(t)
	options := nodeOptions(sealedParty)
	options["decryptionPvk"], options["decryptionCert"], options["logoutCallbackUrl"] = service().keyPEM(), service().certPEM(), slo
	options["metadataOrganization"] = map[string]any{
		"OrganizationName":        []any{map[string]any{"@xml:lang": "es", "#text": "Sede"}},
		"OrganizationDisplayName": []any{map[string]any{"@xml:lang": "es", "#text": "Sede electrónica"}, map[string]any{"@xml:lang": "en-GB", "#text": "Online services"}},
		"OrganizationURL":         []any{map[string]any{"@xml:lang": "es", "#text": "https://sp.test"}},
	}
	node.say(t, options)
	byNode := node.say(t, map[string]any{"metadata": true})["metadata"].(string)
	s, names, err := saml.ReadMetadata([]byte(byNode), noon)
	if err != nil {
		t.Fatalf("%v\n%s", err, byNode)
	}
	if len(s.Certificates) != 1 || !s.Certificates[0].Equal(service().cert) || s.Encrypt == nil || s.ReturnTo[0] != back || s.Logout != slo || s.LogoutReturn[0] != slo {
		t.Errorf("%+v", s)
	}
	if names["es"] != "Sede electrónica" || names["en"] != "Online services" {
		t.Errorf("names %v", names)
	}

	sp := goService()
	sp.ServiceProviderSLOURL, sp.SPKeyStore = slo, nil
	s, _, err = saml.ReadMetadata(must(xml.Marshal(goMetadata(sp))), noon)
	if err != nil || len(s.Certificates) != 1 || s.Encrypt == nil || s.ReturnTo[0] != back || s.Logout != slo {
		t.Errorf("%+v, %v", s, err)
	}
}

func goMetadata(sp *saml2.SAMLServiceProvider) *types.EntityDescriptor {
	entity := must(sp.MetadataWithSLO(1))
	entity.ValidUntil = noon.AddDate(0, 0, 7)
	return entity
}

// spMetadata is metadata of a service as an operator may be given it.
func spMetadata(bend ...string) string {
	s := `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://sp.test/metadata" validUntil="2026-02-01T00:00:00Z">` +
		`<md:SPSSODescriptor AuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol">` +
		keyDescriptor("signing", service().cert) + keyDescriptor("signing", successor().cert) +
		strings.Replace(keyDescriptor("encryption", service().cert), "</md:KeyDescriptor>", `<md:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>`+
			`<md:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/></md:KeyDescriptor>`, 1) +
		`<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://sp.test/redirected"/>` +
		`<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.test/slo" ResponseLocation="https://sp.test/goodbye"/>` +
		`<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.test/ReturnPage" index="0"/>` +
		`<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact" Location="https://sp.test/artifact" index="1"/>` +
		`</md:SPSSODescriptor><md:Organization><md:OrganizationDisplayName xml:lang="es">Sede</md:OrganizationDisplayName></md:Organization></md:EntityDescriptor>`
	return strings.NewReplacer(bend...).Replace(s)
}

func keyDescriptor(use string, c *x509.Certificate) string {
	return `<md:KeyDescriptor use="` + use + `"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>` + base64Of(c) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`
}

func TestReadMetadata(t *testing.T) {
	s, names, err := saml.ReadMetadata([]byte(spMetadata()), noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Certificates) != 2 || !s.Encrypt.Equal(service().cert) || strings.Join(s.ReturnTo, " ") != back || s.Logout != slo || strings.Join(s.LogoutReturn, " ") != goodbye {
		t.Errorf("%+v", s)
	}
	if len(names) != 1 || names["es"] != "Sede" {
		t.Errorf("names %v", names)
	}
}

// What a reader says that it can read decides whether we encrypt for it at all.
func TestReadMetadataEncryption(t *testing.T) {
	const (
		content   = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
		transport = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
		info      = `</ds:X509Certificate></ds:X509Data></ds:KeyInfo><md:EncryptionMethod`
	)
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"ours":         {spMetadata(), true},
		"no list":      {spMetadata(`<md:EncryptionMethod Algorithm="`+content+`"/>`, "", `<md:EncryptionMethod Algorithm="`+transport+`"/>`, ""), true},
		"only CBC":     {spMetadata(content, "http://www.w3.org/2001/04/xmlenc#aes256-cbc"), false},
		"only RSA 1.5": {spMetadata(transport, "http://www.w3.org/2001/04/xmlenc#rsa-1_5"), false},
		"a curve":      {spMetadata(base64Of(service().cert)+info, base64Of(curve().cert)+info), false},
	} {
		s, _, err := saml.ReadMetadata([]byte(c.text), noon)
		if err != nil || (s.Encrypt != nil) != c.want {
			t.Errorf("%s: %v, %v", name, s.Encrypt != nil, err)
		}
	}
}

// Row 23 of the past (CVE-2026-16443): metadata cannot switch off what the gateway asks of all, nor register more than it shows.
func TestPast23MetadataDisablesNothing(t *testing.T) {
	const role = `<md:SPSSODescriptor AuthnRequestsSigned="true"`
	weak := weakIdentity()
	for _, c := range []struct {
		name string
		text string
		want error
	}{
		{"requests not signed", spMetadata(`AuthnRequestsSigned="true"`, `AuthnRequestsSigned="false"`), saml.ErrMetadataOpen},
		{"requests not signed, in a digit", spMetadata(`AuthnRequestsSigned="true"`, `AuthnRequestsSigned="0"`), saml.ErrMetadataOpen},
		{"requests perhaps signed", spMetadata(`AuthnRequestsSigned="true"`, `AuthnRequestsSigned="perhaps"`), saml.ErrMetadata},
		{"no key", spMetadata(`use="signing"`, `use="encryption"`), saml.ErrMetadataKey},
		{"a key for something else", spMetadata(`use="signing"`, `use="anything"`), saml.ErrMetadata},
		{"a short key beside a good one", spMetadata(base64Of(successor().cert), base64Of(weak)), xmlsig.ErrWeakKey},
		{"no certificate", spMetadata(base64Of(successor().cert), "AAAA"), saml.ErrMetadataKey},
		{"not base64", spMetadata(base64Of(successor().cert), "!"), saml.ErrMetadataKey},
		{"a folder", spMetadata(back, "https://sp.test/*"), saml.ErrMetadataTarget},
		{"a folder to leave by", spMetadata(goodbye, "https://sp.test/*"), saml.ErrMetadataTarget},
		{"plain http", spMetadata(back, "http://sp.test/ReturnPage"), saml.ErrMetadataTarget},
		{"a script", spMetadata(back, "javascript:alert(1)"), saml.ErrMetadataTarget},
		{"a user in the address", spMetadata(back, "https://sp.test@evil.test/"), saml.ErrMetadataTarget},
		{"a fragment", spMetadata(slo, slo+"#x"), saml.ErrMetadataTarget},
		{"no address", spMetadata("bindings:HTTP-POST", "bindings:PAOS"), saml.ErrMetadata},
		{"a long address", spMetadata(back, back+strings.Repeat("a", 512)), saml.ErrMetadataTarget},
		{"two ways out", spMetadata("bindings:HTTP-Redirect", "bindings:HTTP-POST"), saml.ErrMetadata},
		{"over", spMetadata("2026-02-01T00:00:00Z", "2026-01-01T12:00:00Z"), saml.ErrMetadataOver},
		{"the role over", spMetadata(role, role+` validUntil="2025-12-31T00:00:00Z"`), saml.ErrMetadataOver},
		{"a time that is none", spMetadata("2026-02-01T00:00:00Z", "tomorrow"), saml.ErrMetadata},
		{"another protocol", spMetadata(`SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol`, `SAML:1.1:protocol`), saml.ErrMetadata},
		{"no name", spMetadata(`entityID="https://sp.test/metadata"`, `entityID=""`), saml.ErrMetadata},
		{"an identity provider", spMetadata("SPSSODescriptor", "IDPSSODescriptor"), saml.ErrMetadata},
		{"many entities", `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">` + spMetadata() + `</md:EntitiesDescriptor>`, saml.ErrMetadata},
		{"two roles", spMetadata("</md:SPSSODescriptor>", `</md:SPSSODescriptor><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/>`), saml.ErrMetadata},
		{"another namespace", spMetadata("SAML:2.0:metadata\"", "SAML:3.0:metadata\""), saml.ErrMetadata},
		{"many addresses", spMetadata("</md:SPSSODescriptor>", manyAddresses()+"</md:SPSSODescriptor>"), saml.ErrMetadataSize},
		{"document type", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + spMetadata(), xmlsig.ErrDoctype},
		{"comment", spMetadata("Sede", "Se<!-- -->de"), xmlsig.ErrComment},
		{"too large", spMetadata() + strings.Repeat(" ", xmlsig.MaxSize), xmlsig.ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, names, err := saml.ReadMetadata([]byte(c.text), noon)
			if !errors.Is(err, c.want) || len(s.Certificates) > 0 || s.ReturnTo != nil || names != nil {
				t.Errorf("%+v, %v, error %v, want %v", s, names, err, c.want)
			}
		})
	}
}

func manyAddresses() string {
	var b strings.Builder
	for i := range 17 {
		b.WriteString(`<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.test/` + strings.Repeat("a", i+1) + `" index="9"/>`)
	}
	return b.String()
}

// A certificate that is over is passed over; when nothing else is left, the metadata is refused.
func TestReadMetadataExpiredCertificates(t *testing.T) {
	late := time.Date(2049, 1, 2, 0, 0, 0, 0, time.UTC)
	if _, _, err := saml.ReadMetadata([]byte(spMetadata("2026-02-01T00:00:00Z", "2050-01-01T00:00:00Z")), late); !errors.Is(err, saml.ErrMetadataKey) {
		t.Errorf("error %v", err)
	}
	s, _, err := saml.ReadMetadata([]byte(spMetadata(base64Of(successor().cert), base64Of(expired()))), noon)
	if err != nil || len(s.Certificates) != 1 {
		t.Errorf("%d certificates, error %v", len(s.Certificates), err)
	}
}
