package xmlsig

import (
	"bytes"

	"github.com/beevik/etree"
)

// A reader builds a tree from the part of XML 1.0 on which parsers agree: tags, attributes, text, characters by reference. There is no code in it for
// what carries attacks (document types, entities: XXE, expansion, SSRF) or what parsers drop (comments, instructions: text cut in two, CVE-2018-0489), and
// "<" begins a tag, always. Go's encoding/xml takes more than XML and changes some of it; the fuzz test holds that it reads what we accept as we do.
type reader struct {
	rest  []byte
	at    *etree.Element
	depth int
}

// build reads all of the body, whose encoding has been checked, into a document.
func build(body []byte) (*etree.Document, error) {
	doc := etree.NewDocument()
	r := reader{rest: body, at: &doc.Element}
	for len(r.rest) > 0 {
		if err := r.next(); err != nil {
			return nil, err
		}
	}
	if r.depth > 0 {
		return nil, ErrMalformed
	}
	return doc, nil
}

func (r *reader) next() error {
	if r.rest[0] != '<' {
		return r.text()
	}
	if err := forbidden(r.rest); err != nil {
		return err
	}
	if r.skip("</") {
		return r.endTag()
	}
	r.skip("<")
	return r.startTag()
}

// forbidden names the markup that is not a tag.
func forbidden(b []byte) error {
	switch {
	case bytes.HasPrefix(b, []byte("<!--")):
		return ErrComment
	case bytes.HasPrefix(b, []byte("<![CDATA[")):
		return ErrCDATA
	case bytes.HasPrefix(b, []byte("<!")):
		return ErrDoctype
	case bytes.HasPrefix(b, []byte("<?")):
		return ErrInstruction
	}
	return nil
}

func (r *reader) text() error {
	raw := r.rest
	if i := bytes.IndexByte(raw, '<'); i >= 0 {
		raw = raw[:i]
	}
	if bytes.Contains(raw, []byte("]]>")) {
		return ErrMalformed
	}
	s, err := unescape(raw)
	if err != nil {
		return err
	}
	r.rest = r.rest[len(raw):]
	r.at.CreateText("").SetData(s) // which, unlike CreateText, marks white space as such
	return nil
}

func (r *reader) startTag() error {
	if r.depth == maxDepth {
		return ErrTooDeep
	}
	name, err := r.name()
	if err != nil {
		return err
	}
	e := r.at.CreateElement(name)
	for {
		apart := r.space()
		switch {
		case r.skip("/>"):
			return nil
		case r.skip(">"):
			r.at, r.depth = e, r.depth+1
			return nil
		case !apart:
			return ErrMalformed
		}
		if err := r.attribute(e); err != nil {
			return err
		}
	}
}

func (r *reader) endTag() error {
	name, err := r.name()
	if err != nil {
		return err
	}
	r.space()
	if r.depth == 0 || name != r.at.FullTag() || !r.skip(">") {
		return ErrMalformed
	}
	r.at, r.depth = r.at.Parent(), r.depth-1
	return nil
}

// attribute refuses one that the element has already, of which parsers keep the first, or the last, or neither.
func (r *reader) attribute(e *etree.Element) error {
	name, err := r.name()
	if err != nil {
		return err
	}
	r.space()
	if !r.skip("=") {
		return ErrMalformed
	}
	r.space()
	value, err := r.quoted()
	if err != nil {
		return err
	}
	n := len(e.Attr)
	if n == maxAttributes {
		return ErrTooMany
	}
	if e.CreateAttr(name, value); len(e.Attr) == n {
		return ErrMalformed
	}
	return nil
}

// quoted reads an attribute's value. XML 1.0 §3.3.3 turns literal tabs and line ends in it into spaces, which not all parsers do.
func (r *reader) quoted() (string, error) {
	if len(r.rest) == 0 || r.rest[0] != '"' && r.rest[0] != '\'' {
		return "", ErrMalformed
	}
	n := bytes.IndexByte(r.rest[1:], r.rest[0])
	if n < 0 {
		return "", ErrMalformed
	}
	raw := r.rest[1 : n+1]
	r.rest = r.rest[n+2:]
	switch {
	case bytes.IndexByte(raw, '<') >= 0:
		return "", ErrMalformed
	case bytes.ContainsAny(raw, "\t\r\n"):
		return "", ErrRoundTrip
	}
	return unescape(raw)
}

// name reads up to what cannot be in a name; check looks closer, but for the empty parts that etree overlooks (CVE-2020-29509, CVE-2020-29511).
func (r *reader) name() (string, error) {
	n := bytes.IndexAny(r.rest, " \t\r\n/>=<")
	if n <= 0 {
		return "", ErrMalformed
	}
	if r.rest[0] == ':' || r.rest[n-1] == ':' {
		return "", ErrName
	}
	name := string(r.rest[:n])
	r.rest = r.rest[n:]
	return name, nil
}

// space passes over white space and tells whether there was any.
func (r *reader) space() bool {
	n := len(r.rest)
	r.rest = bytes.TrimLeft(r.rest, " \t\r\n")
	return len(r.rest) < n
}

func (r *reader) skip(s string) bool {
	if !bytes.HasPrefix(r.rest, []byte(s)) {
		return false
	}
	r.rest = r.rest[len(s):]
	return true
}
