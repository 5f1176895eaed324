package saml

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"clave/internal/relying"
	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

// keys takes the certificates that sign, and the one that an assertion is encrypted for if its reader says that it reads what we write. A weak one is
// refused and not passed over: somebody believes in it.
func (m *metadata) keys() error {
	for _, e := range m.service.ChildElements() {
		if !is(e, metadataNS, "KeyDescriptor") {
			continue
		}
		list, err := certificatesOf(e)
		if err != nil {
			return err
		}
		for _, c := range list {
			if err := m.key(e, c); err != nil {
				return err
			}
		}
	}
	switch {
	case len(m.saml.Certificates) == 0:
		return ErrMetadataKey
	case len(m.saml.Certificates) > maxListed:
		return ErrMetadataSize
	}
	return nil
}

func (m *metadata) key(descriptor *etree.Element, c *x509.Certificate) error {
	if m.now.After(c.NotAfter) {
		return nil
	}
	if err := xmlsig.CheckKey(c.PublicKey); err != nil {
		return metadataError(ErrMetadataKey, err)
	}
	switch attribute(descriptor, "use") {
	case "", "signing":
		if !slices.ContainsFunc(m.saml.Certificates, c.Equal) {
			m.saml.Certificates = append(m.saml.Certificates, c)
		}
	case "encryption":
		if _, isRSA := c.PublicKey.(*rsa.PublicKey); isRSA && m.saml.Encrypt == nil && !m.now.Before(c.NotBefore) && reads(descriptor) {
			m.saml.Encrypt = c
		}
	default:
		return ErrMetadata
	}
	return nil
}

func certificatesOf(descriptor *etree.Element) (list []*x509.Certificate, err error) {
	for _, info := range descriptor.ChildElements() {
		if !is(info, dsigNS, "KeyInfo") {
			continue
		}
		for _, e := range info.FindElements("X509Data/X509Certificate") {
			c, err := certificate(word(e))
			if err != nil {
				return nil, err
			}
			list = append(list, c)
		}
	}
	return list, nil
}

func certificate(text string) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, ErrMetadataKey
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, ErrMetadataKey
	}
	return c, nil
}

// What we encrypt with (xmlsig.OAEP).
const (
	ourContent   = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
	ourTransport = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
	transportRSA = "#rsa-"
)

// reads tells whether a reader's list of methods, if it has one, has ours.
func reads(descriptor *etree.Element) bool {
	var contents, transports []string
	for _, e := range descriptor.ChildElements() {
		if !is(e, metadataNS, "EncryptionMethod") {
			continue
		}
		if uri := attribute(e, "Algorithm"); strings.Contains(uri, transportRSA) {
			transports = append(transports, uri)
		} else {
			contents = append(contents, uri)
		}
	}
	return (len(contents) == 0 || slices.Contains(contents, ourContent)) && (len(transports) == 0 || slices.Contains(transports, ourTransport))
}

func speaks(e *etree.Element) bool {
	return slices.Contains(strings.Fields(attribute(e, "protocolSupportEnumeration")), protocolNS)
}

// addresses takes those that forms are posted to. The rest of what SAML knows, artifacts and redirects, we do not speak.
func (m *metadata) addresses() error {
	for _, e := range m.service.ChildElements() {
		if e.NamespaceURI() != metadataNS || attribute(e, "Binding") != postBinding {
			continue
		}
		if err := m.address(e); err != nil {
			return err
		}
	}
	switch {
	case len(m.saml.ReturnTo) == 0:
		return ErrMetadata
	case len(m.saml.ReturnTo) > maxListed:
		return ErrMetadataSize
	}
	return nil
}

func (m *metadata) address(e *etree.Element) error {
	location := attribute(e, "Location")
	switch e.Tag {
	case "AssertionConsumerService":
		if !slices.Contains(m.saml.ReturnTo, location) {
			m.saml.ReturnTo = append(m.saml.ReturnTo, location)
		}
		return target(location)
	case "SingleLogoutService":
		if m.saml.Logout != "" {
			return ErrMetadata
		}
		back := location
		if answer := attribute(e, "ResponseLocation"); answer != "" {
			back = answer
		}
		m.saml.Logout, m.saml.LogoutReturn = location, []string{back}
		if err := target(back); err != nil {
			return err
		}
		return target(location)
	}
	return nil
}

// target refuses an address that cannot be registered, and the asterisk that would register a whole folder. Plain http is for loopback only, where a
// party for tests may be.
func target(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" || len(address) > maxReturn || strings.ContainsAny(address, "#*\\ \t\r\n") {
		return ErrMetadataTarget
	}
	if !(relying.Party{Test: true}).Secure(u) {
		return ErrMetadataTarget
	}
	return nil
}
