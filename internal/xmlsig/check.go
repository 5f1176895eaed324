package xmlsig

import (
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// A checker walks a tree once and holds it to the package's limits.
type checker struct {
	scope    scope
	ids      map[string]bool
	elements int
	seen     []expanded // scratch of one start tag
}

// An expanded name (Namespaces in XML 1.0 §2.1) has the namespace in place of the prefix.
type expanded struct{ uri, local string }

func check(root *etree.Element) error {
	outer, err := inherited(root.Parent())
	if err != nil {
		return err
	}
	c := checker{scope: outer, ids: map[string]bool{}}
	return c.element(root)
}

func (c *checker) element(e *etree.Element) error {
	mark := len(c.scope)
	if err := c.tag(e); err != nil {
		return err
	}
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.Element:
			if err := c.element(t); err != nil {
				return err
			}
		case *etree.CharData:
		default:
			return ErrMalformed
		}
	}
	c.scope = c.scope[:mark]
	return nil
}

// tag checks one start tag: counts, names, prefixes, attributes.
func (c *checker) tag(e *etree.Element) error {
	c.elements++
	if c.elements > maxElements || len(e.Attr) > maxAttributes {
		return ErrTooMany
	}
	if err := c.scope.enter(e); err != nil {
		return err
	}
	if len(c.scope) > maxNamespaces {
		return ErrTooMany
	}
	if _, err := c.expand(e.Space, e.Tag); err != nil {
		return err
	}
	return c.attributes(e)
}

// attributes refuses the same attribute twice, of which parsers keep the first, or the last, or neither.
func (c *checker) attributes(e *etree.Element) error {
	c.seen = c.seen[:0]
	for i := range e.Attr {
		name, err := c.attribute(&e.Attr[i])
		if err != nil {
			return err
		}
		if slices.Contains(c.seen, name) {
			return ErrMalformed
		}
		c.seen = append(c.seen, name)
	}
	return nil
}

// attribute returns an attribute's expanded name. One without prefix is in no namespace; declarations are in their own.
func (c *checker) attribute(a *etree.Attr) (expanded, error) {
	if prefix, ok := declares(a); ok {
		if a.Space != "" && !plainName(prefix) {
			return expanded{}, ErrName
		}
		return expanded{xmlnsNamespace, prefix}, nil
	}
	if err := c.id(a); err != nil {
		return expanded{}, err
	}
	name, err := c.expand(a.Space, a.Key)
	if a.Space == "" {
		name.uri = ""
	}
	return name, err
}

// id refuses an identifier seen before under any spelling of the attribute's name (ID, Id, id, xml:id, wsu:Id): a reference to it could be led to
// another element than the one digested.
func (c *checker) id(a *etree.Attr) error {
	if !strings.EqualFold(a.Key, "id") {
		return nil
	}
	if c.ids[a.Value] {
		return ErrDuplicateID
	}
	c.ids[a.Value] = true
	return nil
}

func (c *checker) expand(prefix, local string) (expanded, error) {
	if !plainName(local) || prefix != "" && !plainName(prefix) {
		return expanded{}, ErrName
	}
	uri, ok := c.scope.lookup(prefix)
	if !ok {
		return expanded{}, ErrPrefix
	}
	return expanded{uri, local}, nil
}

// plainName accepts the ASCII part of NCName (Namespaces in XML 1.0 §4). No SAML or eIDAS name needs more, and the editions of XML differ beyond it.
func plainName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}
