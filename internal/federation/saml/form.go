package saml

import (
	"encoding/base64"

	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

// Form is what the person's browser must post to the service.
type Form struct {
	Action string // the service's registered address
	Fields []Field
}

// Field is one hidden field. Values are as they must arrive: escape them for the page.
type Field struct{ Name, Value string }

// form signs a message and puts it into fields of these names, and the relay state beside it.
func (g *Gateway) form(root *etree.Element, action, relayState string, names ...string) (Form, error) {
	if err := g.sign(root, prefixesOf(root)...); err != nil {
		return Form{}, err
	}
	message, err := written(root)
	if err != nil {
		return Form{}, err
	}
	f := Form{Action: action}
	for _, name := range names {
		f.Fields = append(f.Fields, Field{name, base64.StdEncoding.EncodeToString(message)})
	}
	if relayState != "" {
		f.Fields = append(f.Fields, Field{"RelayState", relayState})
	}
	return f, nil
}

// prefixesOf are the prefixes of types: a Response has them, nothing else that we post.
func prefixesOf(root *etree.Element) []string {
	if root.Tag == "Response" {
		return typePrefixes
	}
	return nil
}

// sign puts our signature after the Issuer, or first where there is none.
func (g *Gateway) sign(e *etree.Element, prefixes ...string) error {
	key, err := g.Signing(g.Now())
	if err != nil {
		return err
	}
	options := xmlsig.SignOptions{Signer: key.Signer, Certificate: key.Certificate, PrefixList: prefixes}
	if child(e, assertionNS, "Issuer") != nil {
		options.After = "Issuer"
	}
	return xmlsig.Sign(e, "ID", options)
}

func written(root *etree.Element) ([]byte, error) {
	message, err := xmlsig.Bytes(root)
	if err != nil {
		return nil, err
	}
	return append([]byte(`<?xml version="1.0" encoding="UTF-8"?>`), message...), nil
}
