package saml

import (
	"clave/internal/assurance"
)

// Namespaces and names of SAML 2.0, of the eIDAS profile and of Cl@ve's own attributes.
const (
	protocolNS  = "urn:oasis:names:tc:SAML:2.0:protocol"
	assertionNS = "urn:oasis:names:tc:SAML:2.0:assertion"
	requestNS   = "http://eidas.europa.eu/saml-extensions"
	naturalNS   = "http://eidas.europa.eu/attributes/naturalperson"
	schemaNS    = "http://www.w3.org/2001/XMLSchema"
	instanceNS  = "http://www.w3.org/2001/XMLSchema-instance"

	claveName   = "http://es.minhafp.clave/"
	levelName   = "http://eidas.europa.eu/LoA/"
	postBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
	entity      = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
	uriName     = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
	consent     = "urn:oasis:names:tc:SAML:2.0:consent:obtained"
	bearer      = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	statusName  = "urn:oasis:names:tc:SAML:2.0:status:"
)

// unspecified is the form of identifier of those who ask for none (SAML core §3.4.1.1).
const unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"

// nameIDFormats are those that services ask for. The identifier is the NIF whatever they ask: the format is only repeated.
var nameIDFormats = map[string]bool{
	unspecified: true,
	"urn:oasis:names:tc:SAML:2.0:nameid-format:unspecified": true,
	"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent":  true,
	"urn:oasis:names:tc:SAML:2.0:nameid-format:transient":   true,
}

// hides gives the method that a requested attribute takes away: in this profile to request AEATIdP is to hide the PIN. Cl@ve has more methods than we
// offer; there is nothing to hide of those.
var hides = map[string]assurance.Method{
	claveName + "AEATIdP":     assurance.PIN,
	claveName + "AFirmaIdP":   "",
	claveName + "GISSIdP":     "",
	claveName + "EIDASIdP":    "",
	claveName + "CLVMOVILIdP": "",
}

// selected is the SelectedIdP that tells a service which method was used.
var selected = map[assurance.Method]string{
	assurance.PIN: "PIN24H",
}

// relayAttribute is requested and answered: a second way to carry a state, which one client compares with the first.
const relayAttribute = claveName + "RelayState"

// What a login.Request must have repeated in its answer.
const (
	echoNameID    = "name-id-format"
	echoRelay     = "relay-state-attribute"
	echoRelaySame = "relay-state-attribute-is-relay-state" // its value is the form field's, which the login need not carry twice
	echoApp       = "application"                          // what follows the semicolon of a ProviderName
)
