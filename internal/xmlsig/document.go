package xmlsig

import (
	"bytes"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// MaxSize is the largest document that Parse reads, in bytes. A Cl@ve request has about 4 KB, an answer with a certificate's data about 20 KB.
const MaxSize = 128 << 10

// Bounds on the work that a stranger can cause; real messages stay under a quarter of each.
const (
	maxDepth      = 32
	maxElements   = 4096
	maxAttributes = 32 // of one element, namespace declarations included
	maxNamespaces = 64 // in scope at one place
)

// A Document is XML that passed Parse: one root element, and only elements and text below it.
type Document struct{ root *etree.Element }

// Root returns the whole document, signed or not; decide nothing from it but whose certificates to verify it with.
func (d *Document) Root() *etree.Element { return d.root }

// Parse reads a document from a stranger, or says with one of the package's errors why it will not.
func Parse(b []byte) (*Document, error) { return parse(b, nil) }

// parse declares anew, at the root, what is in force around it.
func parse(b []byte, around scope) (*Document, error) {
	body, err := bare(b)
	if err != nil {
		return nil, err
	}
	root, err := read(body, around)
	if err != nil {
		return nil, err
	}
	if err := roundTrips(root); err != nil {
		return nil, err
	}
	return &Document{root}, nil
}

var byteOrderMark = []byte("\ufeff")

// The declaration may name UTF-8 only: a parser that obeys another name reads other text than we do.
var declaration = regexp.MustCompile(`^<\?xml[ \t\r\n]+version=(?:"1\.0"|'1\.0')` +
	`(?:[ \t\r\n]+encoding=(?:"(?i:utf-8)"|'(?i:utf-8)'))?` +
	`(?:[ \t\r\n]+standalone=(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>`)

// bare checks size and encoding, and takes off the byte order mark and the XML declaration.
func bare(b []byte) ([]byte, error) {
	switch {
	case len(b) > MaxSize:
		return nil, ErrTooLarge
	case !utf8.Valid(b):
		return nil, ErrEncoding
	}
	b = bytes.TrimPrefix(b, byteOrderMark)
	if !bytes.HasPrefix(b, []byte("<?xml")) {
		return b, nil
	}
	if head := declaration.Find(b); head != nil {
		return b[len(head):], nil
	}
	return nil, ErrEncoding
}

// read builds the tree and checks it.
func read(body []byte, around scope) (*etree.Element, error) {
	doc, err := build(body)
	if err != nil {
		return nil, err
	}
	root, err := onlyRoot(doc)
	if err != nil {
		return nil, err
	}
	around.declare(root)
	return root, check(root)
}

// onlyRoot refuses a second root, which some parsers drop and others read first, and text beside the root.
func onlyRoot(doc *etree.Document) (*etree.Element, error) {
	children, err := elements(&doc.Element)
	if err != nil || len(children) != 1 {
		return nil, ErrMalformed
	}
	return children[0], nil
}

// roundTrips writes the tree, reads it back and writes it again: what does not come back the same was read in a way that another parser need not share
// (CVE-2020-29509, -29510 and -29511, CVE-2020-27846).
func roundTrips(root *etree.Element) error {
	once, err := Bytes(root)
	if err != nil {
		return err
	}
	again, err := read(once, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRoundTrip, err)
	}
	twice, err := Bytes(again)
	if err != nil || !bytes.Equal(once, twice) {
		return ErrRoundTrip
	}
	return nil
}
