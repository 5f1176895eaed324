package xmlsig

import (
	"unicode/utf8"

	"github.com/beevik/etree"
)

// Bytes writes a tree so that every parser reads back the same: line ends and tabs that matter leave as references, which etree's own writer does not
// do. Signed trees must leave by it. It refuses comments, instructions and characters that XML cannot carry.
func Bytes(root *etree.Element) ([]byte, error) {
	w := writer{out: make([]byte, 0, 8<<10)}
	err := w.element(root)
	return w.out, err
}

// A writer appends markup, escaped as Canonical XML 1.0 §2.3 says.
type writer struct{ out []byte }

func (w *writer) element(e *etree.Element) error {
	w.open(e)
	for _, a := range e.Attr {
		if err := w.attribute(a.Space, a.Key, a.Value); err != nil {
			return err
		}
	}
	w.out = append(w.out, '>')
	for _, t := range e.Child {
		if err := w.token(t); err != nil {
			return err
		}
	}
	w.close(e)
	return nil
}

func (w *writer) token(t etree.Token) error {
	switch t := t.(type) {
	case *etree.Element:
		return w.element(t)
	case *etree.CharData:
		return w.text(t.Data)
	}
	return ErrMalformed
}

func (w *writer) open(e *etree.Element) {
	w.out = append(w.out, '<')
	w.name(e.Space, e.Tag)
}

func (w *writer) close(e *etree.Element) {
	w.out = append(w.out, '<', '/')
	w.name(e.Space, e.Tag)
	w.out = append(w.out, '>')
}

func (w *writer) name(prefix, local string) {
	if prefix != "" {
		w.out = append(append(w.out, prefix...), ':')
	}
	w.out = append(w.out, local...)
}

func (w *writer) attribute(prefix, key, value string) error {
	w.out = append(w.out, ' ')
	w.name(prefix, key)
	w.out = append(w.out, '=', '"')
	err := w.escape(value, &attributeEscapes)
	w.out = append(w.out, '"')
	return err
}

func (w *writer) text(s string) error { return w.escape(s, &textEscapes) }

// escapes maps an ASCII character to what replaces it; "" leaves it as it is.
type escapes [utf8.RuneSelf]string

var (
	textEscapes      = escapes{'&': "&amp;", '<': "&lt;", '>': "&gt;", '\r': "&#xD;"}
	attributeEscapes = escapes{'&': "&amp;", '<': "&lt;", '"': "&quot;", '\t': "&#x9;", '\n': "&#xA;", '\r': "&#xD;"}
)

func (w *writer) escape(s string, table *escapes) error {
	if _, err := inXML(s); err != nil {
		return err
	}
	last := 0
	for i := range len(s) {
		if c := s[i]; c < utf8.RuneSelf && table[c] != "" {
			w.out = append(append(w.out, s[last:i]...), table[c]...)
			last = i + 1
		}
	}
	w.out = append(w.out, s[last:]...)
	return nil
}
