package xmlsig

import (
	"crypto"
	"encoding/base64"
	"strings"

	"github.com/beevik/etree"
)

// A signature is what the ds:Signature element says, once its shape is the only one we accept.
type signature struct {
	element    *etree.Element
	signedInfo *etree.Element
	infoList   []string // PrefixList for SignedInfo
	method     method
	uri        string
	list       []string // PrefixList for the content
	digest     crypto.Hash
	digested   []byte
	value      []byte
}

// find returns the only signature of the document, which is a child of the root. A second one anywhere, or one elsewhere, is an attempt at wrapping.
func find(root *etree.Element) (*etree.Element, error) {
	found := signatures(root, nil)
	switch {
	case len(found) == 0:
		return nil, ErrUnsigned
	case len(found) > 1 || found[0].Parent() != root:
		return nil, ErrPlace
	}
	return found[0], nil
}

func signatures(e *etree.Element, found []*etree.Element) []*etree.Element {
	if is(e, dsigNamespace, "Signature") {
		found = append(found, e)
	}
	for _, t := range e.Child {
		if child, ok := t.(*etree.Element); ok {
			found = signatures(child, found)
		}
	}
	return found
}

// readSignature takes SignedInfo, SignatureValue and KeyInfo, in this order and nothing else: an Object could hold a copy of the message to refer to.
func readSignature(e *etree.Element) (*signature, error) {
	parts, err := elements(e)
	if err != nil {
		return nil, err
	}
	if len(parts) == 3 && is(parts[2], dsigNamespace, "KeyInfo") {
		parts = parts[:2]
	}
	if !are(parts, "SignedInfo", "SignatureValue") {
		return nil, ErrShape
	}
	s := &signature{element: e, signedInfo: parts[0]}
	if s.value, err = decoded(parts[1]); err != nil {
		return nil, err
	}
	return s, s.readInfo()
}

func (s *signature) readInfo() error {
	parts, err := elements(s.signedInfo)
	if err != nil {
		return err
	}
	if !are(parts, "CanonicalizationMethod", "SignatureMethod", "Reference") {
		return ErrShape
	}
	if s.infoList, err = exclusiveList(parts[0]); err != nil {
		return err
	}
	uri, err := algorithm(parts[1])
	if err != nil {
		return err
	}
	if s.method, err = methodNamed(uri); err != nil {
		return err
	}
	return s.readReference(parts[2])
}

func (s *signature) readReference(ref *etree.Element) (err error) {
	parts, err := elements(ref)
	if err != nil {
		return err
	}
	if !are(parts, "Transforms", "DigestMethod", "DigestValue") {
		return ErrShape
	}
	if s.uri, err = soleAttribute(ref, "URI"); err != nil {
		return err
	}
	if err := s.readTransforms(parts[0]); err != nil {
		return err
	}
	uri, err := algorithm(parts[1])
	if err != nil {
		return err
	}
	var ok bool
	if s.digest, ok = digests[uri]; !ok {
		return ErrAlgorithm
	}
	s.digested, err = decoded(parts[2])
	return err
}

// readTransforms takes enveloped-signature, then exclusive canonicalisation: XPath and XSLT choose or rewrite what is digested.
func (s *signature) readTransforms(e *etree.Element) error {
	parts, err := elements(e)
	if err != nil {
		return err
	}
	if !are(parts, "Transform", "Transform") {
		return ErrShape
	}
	first, err := algorithm(parts[0])
	if err != nil {
		return err
	}
	if first != enveloped {
		return ErrAlgorithm
	}
	s.list, err = exclusiveList(parts[1])
	return err
}

// exclusiveList reads a canonicalisation method, which must be the exclusive one without comments, and its PrefixList.
func exclusiveList(e *etree.Element) ([]string, error) {
	switch uri, err := soleAttribute(e, "Algorithm"); {
	case err != nil:
		return nil, err
	case uri != exclusive:
		return nil, ErrAlgorithm
	}
	parts, err := elements(e)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	if len(parts) > 1 || !is(parts[0], exclusive, "InclusiveNamespaces") || len(parts[0].Child) > 0 {
		return nil, ErrShape
	}
	text, err := soleAttribute(parts[0], "PrefixList")
	list := strings.Fields(text)
	if len(list) > maxNamespaces {
		return nil, ErrTooMany
	}
	return list, err
}

// algorithm reads an element that names an algorithm and has no parameters (no HMACOutputLength, no XPath).
func algorithm(e *etree.Element) (string, error) {
	if parts, err := elements(e); err != nil || len(parts) > 0 {
		return "", ErrShape
	}
	return soleAttribute(e, "Algorithm")
}

// decoded reads base64 content; signers break it into lines.
func decoded(e *etree.Element) ([]byte, error) {
	var text strings.Builder
	for _, t := range e.Child {
		data, ok := t.(*etree.CharData)
		if !ok {
			return nil, ErrShape
		}
		for part := range strings.FieldsSeq(data.Data) {
			text.WriteString(part)
		}
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text.String())
	if err != nil || len(b) == 0 {
		return nil, ErrShape
	}
	return b, nil
}
