package xmlsig

import (
	"strings"

	"github.com/beevik/etree"
)

// is tells whether an element has this namespace and local name, whatever its prefix.
func is(e *etree.Element, namespace, local string) bool {
	return e.Tag == local && e.NamespaceURI() == namespace
}

// are tells whether elements are those of XML Signature with these names, in this order.
func are(es []*etree.Element, names ...string) bool {
	if len(es) != len(names) {
		return false
	}
	for i, name := range names {
		if !is(es[i], dsigNamespace, name) {
			return false
		}
	}
	return true
}

// elements returns the child elements of one that has no text of its own.
func elements(e *etree.Element) ([]*etree.Element, error) {
	var out []*etree.Element
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.Element:
			out = append(out, t)
		case *etree.CharData:
			if strings.Trim(t.Data, " \t\r\n") != "" {
				return nil, ErrShape
			}
		default:
			return nil, ErrShape
		}
	}
	return out, nil
}

// attribute returns the value of an attribute without prefix.
func attribute(e *etree.Element, key string) (string, bool) {
	for i := range e.Attr {
		if e.Attr[i].Space == "" && e.Attr[i].Key == key {
			return e.Attr[i].Value, true
		}
	}
	return "", false
}

// soleAttribute returns the value of an attribute that must be there, beside no other.
func soleAttribute(e *etree.Element, key string) (string, error) {
	v, ok := attribute(e, key)
	if !ok {
		return "", ErrShape
	}
	for i := range e.Attr {
		a := &e.Attr[i]
		if _, declared := declares(a); !declared && a.FullKey() != key {
			return "", ErrShape
		}
	}
	return v, nil
}
