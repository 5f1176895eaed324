package saml

import (
	"strings"

	"github.com/beevik/etree"
)

// is tells whether an element has this namespace and local name, whatever its prefix.
func is(e *etree.Element, namespace, local string) bool {
	return e.Tag == local && e.NamespaceURI() == namespace
}

// attribute returns the value of an attribute without prefix, or "".
func attribute(e *etree.Element, key string) string {
	for _, a := range e.Attr {
		if a.Space == "" && a.Key == key {
			return a.Value
		}
	}
	return ""
}

// boolean reads an optional xs:boolean; absent is false.
func boolean(e *etree.Element, key string) (bool, error) {
	switch attribute(e, key) {
	case "true", "1":
		return true, nil
	case "false", "0", "":
		return false, nil
	}
	return false, ErrMessage
}

func child(e *etree.Element, namespace, local string) *etree.Element {
	for _, c := range e.ChildElements() {
		if is(c, namespace, local) {
			return c
		}
	}
	return nil
}

// word is the text of an element, for values in which white space means nothing.
func word(e *etree.Element) string { return strings.Trim(e.Text(), " \t\r\n") }

// add puts an element at the end of another, with attributes given as name and value in turn.
func add(parent *etree.Element, name string, attributes ...string) *etree.Element {
	return dress(parent.CreateElement(name), attributes...)
}

func dress(e *etree.Element, attributes ...string) *etree.Element {
	for i := 0; i+1 < len(attributes); i += 2 {
		e.CreateAttr(attributes[i], attributes[i+1])
	}
	return e
}
