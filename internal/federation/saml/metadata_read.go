package saml

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"clave/internal/relying"
	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

// Why the metadata of a service is refused.
var (
	ErrMetadata       = errors.New("saml: metadata: not that of one service that speaks SAML 2.0 by forms")
	ErrMetadataOver   = errors.New("saml: metadata: its time is over")
	ErrMetadataOpen   = errors.New("saml: metadata: says that the service does not sign its requests; nobody is believed who does not")
	ErrMetadataKey    = errors.New("saml: metadata: no signing certificate, one that cannot be read, or only ones that are over")
	ErrMetadataTarget = errors.New("saml: metadata: an address that is not plain https")
	ErrMetadataSize   = errors.New("saml: metadata: too much of something")
)

// Bounds of what metadata may list.
const (
	maxListed = 16  // certificates, addresses or names
	maxName   = 200 // bytes
)

// ReadMetadata reads what a service says of itself, for an operator to register it from: its certificates, addresses and, by language, names. It is not
// asked to be signed, because whoever gives the file answers for it; a signature in it means nothing here. It cannot ask for less than the gateway asks
// of all, nor for addresses wider than they are written. Errors: xmlsig's and those above.
func ReadMetadata(data []byte, now time.Time) (relying.SAML, map[string]string, error) {
	doc, err := xmlsig.Parse(data)
	if err != nil {
		return relying.SAML{}, nil, err
	}
	m := metadata{now: now, root: doc.Root()}
	for _, step := range []func() error{m.find, m.times, m.signs, m.keys, m.addresses} {
		if err := step(); err != nil {
			return relying.SAML{}, nil, err
		}
	}
	names, err := m.names()
	if err != nil {
		return relying.SAML{}, nil, err
	}
	return m.saml, names, nil
}

// metadata is a file being read, one question at a time.
type metadata struct {
	now     time.Time
	root    *etree.Element // the entity
	service *etree.Element // its role as a service
	saml    relying.SAML
}

func (m *metadata) find() error {
	if !is(m.root, metadataNS, "EntityDescriptor") || attribute(m.root, "entityID") == "" || len(attribute(m.root, "entityID")) > maxReturn {
		return ErrMetadata
	}
	for _, e := range m.root.ChildElements() {
		if !is(e, metadataNS, "SPSSODescriptor") {
			continue
		}
		if m.service != nil || !speaks(e) {
			return ErrMetadata
		}
		m.service = e
	}
	if m.service == nil {
		return ErrMetadata
	}
	return nil
}

// times refuses what is over: who took it from there may have changed keys since.
func (m *metadata) times() error {
	for _, e := range []*etree.Element{m.root, m.service} {
		until := attribute(e, "validUntil")
		if until == "" {
			continue
		}
		at, err := moment(until)
		if err != nil {
			return ErrMetadata
		}
		if !m.now.Before(at) {
			return ErrMetadataOver
		}
	}
	return nil
}

// signs lets nothing be said against signed requests. Silence is not taken for the "false" that SAML takes it for: kits of Cl@ve sign and do not say so.
func (m *metadata) signs() error {
	if attribute(m.service, "AuthnRequestsSigned") == "" {
		return nil
	}
	signed, err := boolean(m.service, "AuthnRequestsSigned")
	switch {
	case err != nil:
		return ErrMetadata
	case !signed:
		return ErrMetadataOpen
	}
	return nil
}

// names are those that people know it by: of its pages, of its organization, of the service.
func (m *metadata) names() (map[string]string, error) {
	for _, tag := range []string{"DisplayName", "OrganizationDisplayName", "ServiceName", "OrganizationName"} {
		names := map[string]string{}
		for _, e := range m.root.FindElements(".//" + tag) {
			lang, text := language(e), strings.Join(strings.Fields(e.Text()), " ")
			if lang == "" || text == "" || len(text) > maxName || names[lang] != "" {
				continue
			}
			names[lang] = text
		}
		switch {
		case len(names) > maxListed:
			return nil, ErrMetadataSize
		case len(names) > 0:
			return names, nil
		}
	}
	return map[string]string{}, nil
}

// language is the two letters that xml:lang begins with.
func language(e *etree.Element) string {
	for _, a := range e.Attr {
		if a.Space == "xml" && a.Key == "lang" && (len(a.Value) == 2 || len(a.Value) > 2 && a.Value[2] == '-') {
			return strings.ToLower(a.Value[:2])
		}
	}
	return ""
}

func metadataError(why, cause error) error { return fmt.Errorf("%w: %w", why, cause) }
