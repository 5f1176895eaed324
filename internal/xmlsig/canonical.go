package xmlsig

import (
	"cmp"
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// A canonicaliser writes Exclusive XML Canonicalization 1.0, without comments, in one walk that leaves the tree as it is. goxmldsig's sorts attributes by
// prefix instead of namespace, passes over "#default", and undeclares a default namespace that nobody declared; xmlsec1 and Santuario refuse all three.
type canonicaliser struct {
	writer
	without *etree.Element // the enveloped signature, or nil
	listed  []string       // prefixes of the InclusiveNamespaces PrefixList; "" for #default
	inScope scope          // declared so far in the tree
	shown   scope          // written so far in the output

	prefixes   []string     // scratch of one start tag
	attributes []sortedAttr // scratch of one start tag
}

type sortedAttr struct {
	uri string
	*etree.Attr
}

// canonical returns the canonical bytes of an element in its tree, leaving out one descendant.
func canonical(e *etree.Element, prefixList []string, without *etree.Element) ([]byte, error) {
	outer, err := inherited(e.Parent())
	if err != nil {
		return nil, err
	}
	c := canonicaliser{without: without, inScope: outer, writer: writer{out: make([]byte, 0, 8<<10)}}
	for _, p := range prefixList {
		c.listed = append(c.listed, strings.TrimPrefix(p, "#default"))
	}
	err = c.element(e)
	return c.out, err
}

func (c *canonicaliser) element(e *etree.Element) error {
	inScope, shown := len(c.inScope), len(c.shown)
	if err := c.startTag(e); err != nil {
		return err
	}
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			if err := c.text(t.Data); err != nil {
				return err
			}
		case *etree.Element:
			if t == c.without {
				continue
			}
			if err := c.element(t); err != nil {
				return err
			}
		default:
			return ErrMalformed
		}
	}
	c.close(e)
	c.inScope, c.shown = c.inScope[:inScope], c.shown[:shown]
	return nil
}

func (c *canonicaliser) startTag(e *etree.Element) error {
	if err := c.inScope.enter(e); err != nil {
		return err
	}
	c.open(e)
	if err := c.namespaces(e); err != nil {
		return err
	}
	if err := c.sortedAttributes(e); err != nil {
		return err
	}
	c.out = append(c.out, '>')
	return nil
}

// namespaces writes what the tag itself uses, and what is listed and in scope, unless the output already says so (Exclusive C14N §3, rules 2 and 3).
func (c *canonicaliser) namespaces(e *etree.Element) error {
	c.use(e)
	for _, p := range c.prefixes {
		if p == "xml" { // bound without a declaration
			continue
		}
		uri, ok := c.inScope.lookup(p)
		if !ok {
			return ErrPrefix
		}
		if said, _ := c.shown.lookup(p); said == uri {
			continue
		}
		c.shown = append(c.shown, binding{p, uri})
		space, key := "xmlns", p
		if p == "" {
			space, key = "", "xmlns"
		}
		if err := c.attribute(space, key, uri); err != nil {
			return err
		}
	}
	return nil
}

// use collects the prefixes to consider for one tag, sorted, each once.
func (c *canonicaliser) use(e *etree.Element) {
	c.prefixes = append(c.prefixes[:0], e.Space)
	for i := range e.Attr {
		if _, ok := declares(&e.Attr[i]); !ok && e.Attr[i].Space != "" {
			c.prefixes = append(c.prefixes, e.Attr[i].Space)
		}
	}
	for _, p := range c.listed {
		if _, ok := c.inScope.lookup(p); ok {
			c.prefixes = append(c.prefixes, p)
		}
	}
	slices.Sort(c.prefixes)
	c.prefixes = slices.Compact(c.prefixes)
}

// sortedAttributes writes the attributes by namespace, then by name (Canonical XML 1.0 §2.2).
func (c *canonicaliser) sortedAttributes(e *etree.Element) error {
	c.attributes = c.attributes[:0]
	for i := range e.Attr {
		a := &e.Attr[i]
		if _, ok := declares(a); ok {
			continue
		}
		uri := ""
		if a.Space != "" {
			uri, _ = c.inScope.lookup(a.Space)
		}
		c.attributes = append(c.attributes, sortedAttr{uri, a})
	}
	slices.SortFunc(c.attributes, func(a, b sortedAttr) int {
		return cmp.Or(strings.Compare(a.uri, b.uri), strings.Compare(a.Key, b.Key))
	})
	for _, a := range c.attributes {
		if err := c.attribute(a.Space, a.Key, a.Value); err != nil {
			return err
		}
	}
	return nil
}
