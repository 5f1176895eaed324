package xmlsig

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Verify returns the root element as it was signed by one of the certificates, several of which may be registered while they change; the signature
// itself is left out. It is read from the digested bytes, so prefixes that only attribute values use are declared in it only if the signer listed them.
// On any doubt there is no element, and the error is one of the package's.
func Verify(d *Document, certs []*x509.Certificate, now time.Time) (*etree.Element, error) {
	s, err := signatureOf(d)
	if err != nil {
		return nil, err
	}
	keys, err := s.keys(certs, now)
	if err != nil {
		return nil, err
	}
	if err := s.checkInfo(keys); err != nil {
		return nil, err
	}
	return s.content(d.root)
}

// signatureOf finds the signature, and that it refers to the root.
func signatureOf(d *Document) (*signature, error) {
	if d == nil || d.root == nil {
		return nil, ErrUnsigned
	}
	e, err := find(d.root)
	if err != nil {
		return nil, err
	}
	s, err := readSignature(e)
	if err != nil {
		return nil, err
	}
	if id := rootID(d.root); !plainName(id) || s.uri != "#"+id {
		return nil, ErrReference
	}
	return s, nil
}

// rootID returns the identifier of an element that has exactly one, else "".
func rootID(root *etree.Element) (id string) {
	for i := range root.Attr {
		a := &root.Attr[i]
		if _, declared := declares(a); declared || !strings.EqualFold(a.Key, "id") {
			continue
		}
		if id != "" || a.Space != "" {
			return ""
		}
		id = a.Value
	}
	return id
}

// keys returns the keys that may have signed: of certificates valid now, of the method's kind, long enough.
func (s *signature) keys(certs []*x509.Certificate, now time.Time) (keys []crypto.PublicKey, err error) {
	err = ErrCertificate
	for _, c := range certs {
		if c == nil || now.Before(c.NotBefore) || now.After(c.NotAfter) {
			continue
		}
		if misfit := s.method.fits(c.PublicKey); misfit != nil {
			err = misfit
			continue
		}
		keys = append(keys, c.PublicKey)
	}
	if len(keys) == 0 {
		return nil, err
	}
	return keys, nil
}

// checkInfo verifies the signature over SignedInfo (XML Signature 1.1 §3.2.2).
func (s *signature) checkInfo(keys []crypto.PublicKey) error {
	signed, err := canonical(s.signedInfo, s.infoList, nil)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if s.method.verifies(k, signed, s.value) {
			return nil
		}
	}
	return ErrSignature
}

// content validates the reference (§3.2.1) and returns what was digested.
func (s *signature) content(root *etree.Element) (*etree.Element, error) {
	signed, err := canonical(root, s.list, s.element)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(sum(s.digest, signed), s.digested) {
		return nil, ErrDigest
	}
	return reread(signed)
}

// reread parses canonical bytes, and refuses a tree that would not have been digested to them.
func reread(signed []byte) (*etree.Element, error) {
	root, err := read(signed, nil)
	if err != nil {
		return nil, err
	}
	again, err := Bytes(root)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, signed) {
		return nil, ErrRoundTrip
	}
	return root, nil
}
