// Package xmlsig reads XML that strangers send, and signs and verifies it: what Verify returns is what a registered key signed, and nothing else.
//
// Parse accepts a small, unambiguous part of XML on which all parsers agree. Verify takes one enveloped signature over the root element (XML Signature
// 1.1, exclusive canonicalisation) by a certificate registered beforehand; whatever the message says about its own key is ignored. Its result is parsed
// again from the very bytes that were digested, so that nothing unsigned, and nothing read differently, reaches the caller. Sign makes such signatures,
// and Bytes writes the signed tree so that every parser reads back what was signed. Encrypt hides an element from all but one reader (XML Encryption
// 1.1), and Decrypt is how a reader opens it.
package xmlsig

import "errors"

// Why Parse refuses a document.
var (
	ErrTooLarge    = errors.New("xmlsig: document too large")
	ErrTooDeep     = errors.New("xmlsig: elements nested too deeply")
	ErrTooMany     = errors.New("xmlsig: too many elements, attributes or namespaces")
	ErrEncoding    = errors.New("xmlsig: not UTF-8")
	ErrMalformed   = errors.New("xmlsig: not well-formed")
	ErrDoctype     = errors.New("xmlsig: document type declaration")
	ErrEntity      = errors.New("xmlsig: entity reference")
	ErrInstruction = errors.New("xmlsig: processing instruction")
	ErrComment     = errors.New("xmlsig: comment")
	ErrCDATA       = errors.New("xmlsig: CDATA section")
	ErrName        = errors.New("xmlsig: name outside the accepted set")
	ErrPrefix      = errors.New("xmlsig: namespace prefix undeclared or misused")
	ErrDuplicateID = errors.New("xmlsig: two elements with one ID")
	ErrRoundTrip   = errors.New("xmlsig: parsers would read this differently")
)

// Why Verify, Sign, Encrypt or Decrypt refuses.
var (
	ErrUnsigned    = errors.New("xmlsig: no signature")
	ErrPlace       = errors.New("xmlsig: signature missing its place, or more than one")
	ErrShape       = errors.New("xmlsig: unexpected content in the signature")
	ErrAlgorithm   = errors.New("xmlsig: algorithm not allowed")
	ErrReference   = errors.New("xmlsig: the signature does not cover the root element")
	ErrCertificate = errors.New("xmlsig: no registered certificate is valid now")
	ErrKey         = errors.New("xmlsig: key does not fit the algorithm or the certificate")
	ErrWeakKey     = errors.New("xmlsig: key too short")
	ErrSignature   = errors.New("xmlsig: no registered key made this signature")
	ErrDigest      = errors.New("xmlsig: content changed since it was signed")
	ErrDecrypt     = errors.New("xmlsig: not encrypted for this key, or not as we read it")
)

const (
	dsigNamespace  = "http://www.w3.org/2000/09/xmldsig#"
	xmlNamespace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsNamespace = "http://www.w3.org/2000/xmlns/"
	exclusive      = "http://www.w3.org/2001/10/xml-exc-c14n#"
	enveloped      = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
)
