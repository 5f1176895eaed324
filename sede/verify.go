package sede

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/beevik/etree"
	rtvalidator "github.com/mattermost/xml-roundtrip-validator"
	dsig "github.com/russellhaering/goxmldsig"
)

// errSignature: none of the known certificates has signed it.
var errSignature = errors.New("signature")

// verify gives back what the gateway's key signed, parsed anew from the very bytes that were hashed. The document that
// arrived is never looked at again: a forger may have put anything around the signed part.
func verify(cfg Config, message string, now time.Time) (*etree.Element, error) {
	raw, err := base64.StdEncoding.DecodeString(message)
	if err != nil {
		return nil, err
	}
	doc, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if err := signedOnceAndStrongly(doc); err != nil {
		return nil, err
	}
	context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: cfg.GatewayCertificates})
	context.Clock = dsig.NewFakeClockAt(now)
	verified, err := context.Validate(doc.Root())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSignature, err)
	}
	return verified, nil
}

// parse reads XML. What Go's parser would write differently than it read could be signed as one thing and read as another.
func parse(raw []byte) (*etree.Document, error) {
	if err := rtvalidator.Validate(bytes.NewReader(raw)); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		return nil, err
	}
	if doc.Root() == nil {
		return nil, errors.New("empty document")
	}
	return doc, nil
}

// strong lists the algorithms that are accepted; goxmldsig alone would take SHA-1 as well.
var strong = map[string]bool{
	dsig.RSASHA256SignatureMethod:                   true,
	dsig.RSASHA384SignatureMethod:                   true,
	dsig.RSASHA512SignatureMethod:                   true,
	"http://www.w3.org/2001/04/xmlenc#sha256":       true,
	"http://www.w3.org/2001/04/xmldsig-more#sha384": true,
	"http://www.w3.org/2001/04/xmlenc#sha512":       true,
}

// signedOnceAndStrongly leaves no room for signature wrapping: one signature in the whole document, the message's own.
func signedOnceAndStrongly(doc *etree.Document) error {
	signatures := doc.FindElements("//Signature")
	if len(signatures) != 1 || signatures[0].Parent() != doc.Root() {
		return fmt.Errorf("%d signatures, or not the message's own", len(signatures))
	}
	for _, name := range []string{"SignatureMethod", "DigestMethod"} {
		methods := doc.FindElements("//" + name)
		if len(methods) != 1 || !strong[methods[0].SelectAttrValue("Algorithm", "")] {
			return fmt.Errorf("%s is not one that we accept", name)
		}
	}
	return nil
}
