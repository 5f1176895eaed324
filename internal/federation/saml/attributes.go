package saml

import (
	"slices"

	"clave/internal/login"
	"clave/internal/relying"

	"github.com/beevik/etree"
)

// Types of attribute values. Services of Cl@ve have read those of eIDAS so far; other software refuses what it has no schema for.
const (
	plainType      = "xs:string"
	identifierType = "eidas-natural:PersonIdentifierType"
	givenNameType  = "eidas-natural:CurrentGivenNameType"
	familyNameType = "eidas-natural:CurrentFamilyNameType"
)

// typePrefixes are those that only values of xsi:type use, which exclusive canonicalisation would not see.
var typePrefixes = []string{"eidas-natural", "xs"}

// statement is the list of attributes of one assertion.
type statement struct {
	*etree.Element
	untyped bool
}

// identity tells the same, asked or not; the names only to a service that is still told them, the state only if it was sent as an attribute.
func identity(list *etree.Element, party relying.Party, r login.Result) {
	s, c, req := statement{list, party.SAML.Untyped}, r.Citizen, r.Login.Request
	s.tell("PersonIdentifier", naturalNS+"/PersonIdentifier", identifierType, c.NIF.String())
	if slices.Contains(req.Released, relying.Names) && party.Releases(relying.Names) {
		s.tell("FirstName", naturalNS+"/CurrentGivenName", givenNameType, c.GivenName)
		s.tell("FamilyName", naturalNS+"/CurrentFamilyName", familyNameType, c.FamilyName())
		s.tell("FirstSurname", claveName+"FirstSurname", plainType, c.FirstSurname)
	}
	s.tell("SelectedIdP", claveName+"SelectedIdP", plainType, selected[r.Method])
	state, asked := req.Echo[echoRelay]
	if _, same := req.Echo[echoRelaySame]; same {
		state, asked = req.RelayState, true
	}
	if asked {
		s.tell("RelayState", relayAttribute, identifierType, state)
	}
}

func (s statement) tell(friendly, name, kind, value string) {
	if s.untyped {
		kind = plainType
	}
	a := add(s.Element, "saml2:Attribute", "FriendlyName", friendly, "Name", name, "NameFormat", uriName)
	add(a, "saml2:AttributeValue", "xmlns:xsi", instanceNS, "xsi:type", kind).SetText(value)
}
