package xmlsig

import (
	"slices"

	"github.com/beevik/etree"
)

// A scope holds the namespace bindings in force at one place of the tree, the innermost last.
type scope []binding

type binding struct{ prefix, uri string }

// lookup returns the namespace of a prefix; the empty prefix means the default namespace, which is none ("") until declared.
func (s scope) lookup(prefix string) (uri string, ok bool) {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].prefix == prefix {
			return s[i].uri, true
		}
	}
	if prefix == "xml" {
		return xmlNamespace, true
	}
	return "", prefix == ""
}

// enter adds what the element declares.
func (s *scope) enter(e *etree.Element) error {
	for i := range e.Attr {
		if prefix, ok := declares(&e.Attr[i]); ok {
			b := binding{prefix, e.Attr[i].Value}
			if !b.lawful() {
				return ErrPrefix
			}
			*s = append(*s, b)
		}
	}
	return nil
}

// declare writes the bindings into an element that does not say otherwise itself.
func (s scope) declare(e *etree.Element) {
	var own scope
	for i := range e.Attr {
		if prefix, ok := declares(&e.Attr[i]); ok {
			own = append(own, binding{prefix: prefix})
		}
	}
	for i := len(s) - 1; i >= 0; i-- {
		b := s[i]
		if slices.ContainsFunc(own, func(o binding) bool { return o.prefix == b.prefix }) {
			continue
		}
		own = append(own, b)
		e.Attr = append(e.Attr, b.attribute())
	}
}

func (b binding) attribute() etree.Attr {
	if b.prefix == "" {
		return etree.Attr{Key: "xmlns", Value: b.uri}
	}
	return etree.Attr{Space: "xmlns", Key: b.prefix, Value: b.uri}
}

// inherited returns the bindings in force around an element's children.
func inherited(e *etree.Element) (scope, error) {
	if e == nil {
		return nil, nil
	}
	s, err := inherited(e.Parent())
	if err != nil {
		return nil, err
	}
	return s, s.enter(e)
}

// declares tells whether an attribute is a namespace declaration, and of which prefix.
func declares(a *etree.Attr) (prefix string, ok bool) {
	switch {
	case a.Space == "xmlns":
		return a.Key, true
	case a.Space == "" && a.Key == "xmlns":
		return "", true
	}
	return "", false
}

// lawful holds Namespaces in XML 1.0 §2.2 and §3: the reserved names stay as they are, and a prefix cannot be undeclared.
func (b binding) lawful() bool {
	reserved := b.prefix == "xml" || b.prefix == "xmlns" || b.uri == xmlNamespace || b.uri == xmlnsNamespace
	return !reserved && (b.prefix == "" || b.uri != "")
}
