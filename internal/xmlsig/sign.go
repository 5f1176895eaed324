package xmlsig

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"strings"

	"github.com/beevik/etree"
)

// SignOptions say who signs, and how the signature looks.
type SignOptions struct {
	Signer      crypto.Signer
	Certificate *x509.Certificate // of the signer; written into KeyInfo. Nil writes no KeyInfo.
	Algorithm   Algorithm         // RSASHA512 unless said otherwise
	PrefixList  []string          // InclusiveNamespaces, for prefixes that only values such as xsi:type use
	After       string            // local name of the child that the signature follows, e.g. "Issuer"; empty makes it the first child
}

// Sign puts an enveloped signature over root into it, referring to the ID in its attribute idAttr. A tree that Parse would refuse is not signed. On
// error the tree is as before. Write the signed tree with Bytes.
func Sign(root *etree.Element, idAttr string, o SignOptions) error {
	m, err := o.method()
	if err != nil {
		return err
	}
	id, _ := attribute(root, idAttr)
	if !plainName(id) {
		return ErrReference
	}
	if err := check(root); err != nil {
		return err
	}
	place, err := o.place(root)
	if err != nil {
		return err
	}
	content, err := canonical(root, o.PrefixList, nil)
	if err != nil {
		return err
	}
	sig := o.skeleton(m, id, sum(m.hash, content))
	root.InsertChildAt(place, sig)
	if err := o.complete(m, sig); err != nil {
		root.RemoveChild(sig)
		return err
	}
	return nil
}

// method refuses a signer whose key does not fit the algorithm, or is not the certificate's.
func (o SignOptions) method() (method, error) {
	if o.Algorithm < 0 || int(o.Algorithm) >= len(methods) {
		return method{}, ErrAlgorithm
	}
	if o.Signer == nil {
		return method{}, ErrKey
	}
	m, public := methods[o.Algorithm], o.Signer.Public()
	if o.Certificate != nil {
		k, ok := public.(interface{ Equal(crypto.PublicKey) bool })
		if !ok || !k.Equal(o.Certificate.PublicKey) {
			return method{}, ErrKey
		}
	}
	return m, m.fits(public)
}

// place returns the index at which the signature is put; a root has one signature at most.
func (o SignOptions) place(root *etree.Element) (int, error) {
	place := -1
	if o.After == "" {
		place = 0
	}
	for i, t := range root.Child {
		e, ok := t.(*etree.Element)
		if !ok {
			continue
		}
		if is(e, dsigNamespace, "Signature") {
			return 0, ErrPlace
		}
		if place < 0 && e.Tag == o.After {
			place = i + 1
		}
	}
	if place < 0 {
		return 0, ErrPlace
	}
	return place, nil
}

// skeleton builds the signature but for its value.
func (o SignOptions) skeleton(m method, id string, digest []byte) *etree.Element {
	sig := etree.NewElement("ds:Signature")
	sig.CreateAttr("xmlns:ds", dsigNamespace)
	info := sig.CreateElement("ds:SignedInfo")
	named(info, "CanonicalizationMethod", exclusive)
	named(info, "SignatureMethod", m.uri)
	ref := info.CreateElement("ds:Reference")
	ref.CreateAttr("URI", "#"+id)
	transforms := ref.CreateElement("ds:Transforms")
	named(transforms, "Transform", enveloped)
	o.list(named(transforms, "Transform", exclusive))
	named(ref, "DigestMethod", digestURI(m.hash))
	ref.CreateElement("ds:DigestValue").SetText(base64.StdEncoding.EncodeToString(digest))
	return sig
}

func named(parent *etree.Element, local, algorithm string) *etree.Element {
	e := parent.CreateElement("ds:" + local)
	e.CreateAttr("Algorithm", algorithm)
	return e
}

func (o SignOptions) list(transform *etree.Element) {
	if len(o.PrefixList) == 0 {
		return
	}
	e := transform.CreateElement("ec:InclusiveNamespaces")
	e.CreateAttr("xmlns:ec", exclusive)
	e.CreateAttr("PrefixList", strings.Join(o.PrefixList, " "))
}

// complete signs SignedInfo where it stands, and adds value and certificate.
func (o SignOptions) complete(m method, sig *etree.Element) error {
	signed, err := canonical(sig.ChildElements()[0], nil, nil)
	if err != nil {
		return err
	}
	value, err := m.sign(o.Signer, signed)
	if err != nil {
		return err
	}
	sig.CreateElement("ds:SignatureValue").SetText(base64.StdEncoding.EncodeToString(value))
	if o.Certificate != nil {
		data := sig.CreateElement("ds:KeyInfo").CreateElement("ds:X509Data")
		data.CreateElement("ds:X509Certificate").SetText(base64.StdEncoding.EncodeToString(o.Certificate.Raw))
	}
	return nil
}
