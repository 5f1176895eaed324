package xmlsig_test

import (
	"bytes"
	"crypto"
	"errors"
	"io"
	"testing"

	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

// broken is a key whose hardware does not answer.
type broken struct{ crypto.Signer }

var errHardware = errors.New("hardware does not answer")

func (broken) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errHardware }

func TestSignRefuses(t *testing.T) {
	signer := rsaSigner()
	for _, c := range []struct {
		name   string
		change func(root *etree.Element, o *xmlsig.SignOptions)
		want   error
	}{
		{"no signer", func(_ *etree.Element, o *xmlsig.SignOptions) { o.Signer = nil }, xmlsig.ErrKey},
		{"certificate of another key", func(_ *etree.Element, o *xmlsig.SignOptions) { o.Certificate = otherSigner().cert }, xmlsig.ErrKey},
		{"algorithm of another key", func(_ *etree.Element, o *xmlsig.SignOptions) { o.Algorithm = xmlsig.ECDSASHA256 }, xmlsig.ErrKey},
		{"short key", func(_ *etree.Element, o *xmlsig.SignOptions) { *o = shortSigner().options(xmlsig.RSASHA256) }, xmlsig.ErrWeakKey},
		{"short curve", func(_ *etree.Element, o *xmlsig.SignOptions) { *o = shortECSigner().options(xmlsig.ECDSASHA256) }, xmlsig.ErrWeakKey},
		{"unknown algorithm", func(_ *etree.Element, o *xmlsig.SignOptions) { o.Algorithm = 99 }, xmlsig.ErrAlgorithm},
		{"negative algorithm", func(_ *etree.Element, o *xmlsig.SignOptions) { o.Algorithm = -1 }, xmlsig.ErrAlgorithm},
		{"hardware", func(_ *etree.Element, o *xmlsig.SignOptions) { o.Signer = broken{o.Signer} }, errHardware},
		{"no such place", func(_ *etree.Element, o *xmlsig.SignOptions) { o.After = "Nothing" }, xmlsig.ErrPlace},
		{"no ID", func(root *etree.Element, _ *xmlsig.SignOptions) { root.RemoveAttr("ID") }, xmlsig.ErrReference},
		{"ID that reads as XPointer", func(root *etree.Element, _ *xmlsig.SignOptions) { root.CreateAttr("ID", "xpointer(/)") }, xmlsig.ErrReference},
		{"one ID twice", func(root *etree.Element, _ *xmlsig.SignOptions) { root.CreateElement("x").CreateAttr("ID", "_r") }, xmlsig.ErrDuplicateID},
		{"undeclared prefix", func(root *etree.Element, _ *xmlsig.SignOptions) { root.CreateElement("nowhere:x") }, xmlsig.ErrPrefix},
		{"markup as a name", func(root *etree.Element, _ *xmlsig.SignOptions) { root.CreateElement("x><y") }, xmlsig.ErrName},
		{"empty declared prefix", func(root *etree.Element, _ *xmlsig.SignOptions) { root.CreateAttr("xmlns:", "urn:1") }, xmlsig.ErrName},
		{"comment", func(root *etree.Element, _ *xmlsig.SignOptions) { root.CreateComment("x") }, xmlsig.ErrMalformed},
		{"control character", func(root *etree.Element, _ *xmlsig.SignOptions) { root.CreateText("\x1b") }, xmlsig.ErrMalformed},
		{"broken UTF-8", func(root *etree.Element, _ *xmlsig.SignOptions) { root.CreateAttr("x", "\xff") }, xmlsig.ErrMalformed},
		{"not a character", func(root *etree.Element, _ *xmlsig.SignOptions) { root.CreateText("\uFFFF") }, xmlsig.ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := parsed(t, fixture(t, "response.xml")).Root()
			o := signer.options(xmlsig.RSASHA512)
			c.change(root, &o)
			children := len(root.Child)
			if err := xmlsig.Sign(root, "ID", o); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if len(root.Child) != children {
				t.Error("the tree was changed")
			}
		})
	}
}

func TestSignTwice(t *testing.T) {
	root := parsed(t, fixture(t, "response.xml")).Root()
	o := rsaSigner().options(xmlsig.RSASHA512)
	if err := xmlsig.Sign(root, "ID", o); err != nil {
		t.Fatal(err)
	}
	if err := xmlsig.Sign(root, "ID", o); !errors.Is(err, xmlsig.ErrPlace) {
		t.Errorf("got %v, want %v", err, xmlsig.ErrPlace)
	}
}

// The schemas of SAML fix where the signature stands: after Issuer, or first where there is none.
func TestSignPlace(t *testing.T) {
	for after, want := range map[string]int{"Issuer": 1, "": 0, "Status": 2} {
		root := parsed(t, fixture(t, "response.xml")).Root()
		o := ecSigner().options(xmlsig.ECDSASHA256)
		o.After = after
		if err := xmlsig.Sign(root, "ID", o); err != nil {
			t.Fatal(err)
		}
		if got := signature(root).Index(); got != want {
			t.Errorf("after %q: at %d, want %d", after, got, want)
		}
	}
}

func TestSignWithoutCertificateOrList(t *testing.T) {
	root := parsed(t, fixture(t, "response.xml")).Root()
	o := ecSigner().options(xmlsig.ECDSASHA256)
	o.Certificate, o.PrefixList = nil, nil
	if err := xmlsig.Sign(root, "ID", o); err != nil {
		t.Fatal(err)
	}
	message := written(t, root)
	if bytes.Contains(message, []byte("KeyInfo")) || bytes.Contains(message, []byte("InclusiveNamespaces")) {
		t.Error("wrote what was not asked for")
	}
	if _, err := verify(message, ecSigner().certs(), noon); err != nil {
		t.Error(err)
	}
}

// Some services want the assertion signed too. It inherits prefixes from the Response around it.
func TestSignAssertionInsideResponse(t *testing.T) {
	b, signer := newBench(t), rsaSigner()
	root := parsed(t, fixture(t, "response.xml")).Root()
	if err := xmlsig.Sign(assertion(root), "ID", signer.options(xmlsig.RSASHA256)); err != nil {
		t.Fatal(err)
	}
	inner := b.write("inner.xml", written(t, root))
	if out, err := b.xmlsec1("--verify", "assertion:Assertion", "--trusted-pem", b.certificate(signer), inner); err != nil {
		t.Error(out)
	}
	if err := xmlsig.Sign(root, "ID", signer.options(xmlsig.RSASHA256)); err != nil {
		t.Fatal(err)
	}
	both := b.write("both.xml", written(t, root))
	if out, err := b.xmlsec1("--verify", "protocol:Response", "--trusted-pem", b.certificate(signer), both); err != nil {
		t.Error(out)
	}
}
