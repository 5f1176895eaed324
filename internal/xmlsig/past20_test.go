package xmlsig_test

import (
	"errors"
	"strings"
	"testing"

	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

// refused holds the rule that a failure has an error of ours and no element, so that a caller who overlooks the error has nothing to go on with.
func refused(t *testing.T, message []byte, want error) {
	t.Helper()
	root, err := verify(message, rsaSigner().certs(), noon)
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if root != nil {
		t.Error("an element came back with the error")
	}
}

// A wrap moves what was signed elsewhere and puts the attacker's message where the service looks.
type wrap struct {
	name string
	make func(signed, evil *etree.Element) *etree.Element // both are the service's Response, evil without signature and with other IDs
	want error
}

// XSW1 to XSW8 as SAML Raider numbers them, on a signed Response.
var responseWraps = []wrap{
	{"XSW1: original inside the signature", func(signed, evil *etree.Element) *etree.Element {
		sig := detach(signed)
		sig.AddChild(signed)
		return withSignature(evil, sig)
	}, xmlsig.ErrShape},
	{"XSW2: original beside the signature", func(signed, evil *etree.Element) *etree.Element {
		sig := detach(signed)
		evil.InsertChildAt(0, signed)
		return withSignature(evil, sig)
	}, xmlsig.ErrReference},
	{"XSW3: evil assertion before the original", func(signed, evil *etree.Element) *etree.Element {
		signed.InsertChildAt(assertion(signed).Index(), assertion(evil))
		return signed
	}, xmlsig.ErrDigest},
	{"XSW4: original inside the evil assertion", func(signed, evil *etree.Element) *etree.Element {
		wrapper, inner := assertion(evil), assertion(signed)
		signed.AddChild(wrapper)
		wrapper.AddChild(inner)
		return signed
	}, xmlsig.ErrDigest},
	{"XSW5: evil assertion in place, original at the end", func(signed, evil *etree.Element) *etree.Element {
		first := assertion(signed)
		signed.InsertChildAt(first.Index(), assertion(evil))
		signed.AddChild(first)
		return signed
	}, xmlsig.ErrDigest},
	{"XSW6: original assertion inside the signature", func(signed, evil *etree.Element) *etree.Element {
		signature(signed).AddChild(assertion(signed))
		signed.AddChild(assertion(evil))
		return signed
	}, xmlsig.ErrShape},
	{"XSW7: evil assertion in Extensions", func(signed, evil *etree.Element) *etree.Element {
		signed.CreateElement("saml2p:Extensions").AddChild(assertion(evil))
		return signed
	}, xmlsig.ErrDigest},
	{"XSW8: original assertion in an Object", func(signed, evil *etree.Element) *etree.Element {
		signature(signed).CreateElement("ds:Object").AddChild(assertion(signed))
		signed.AddChild(assertion(evil))
		return signed
	}, xmlsig.ErrShape},
	{"original in the evil Extensions", func(signed, evil *etree.Element) *etree.Element {
		evil.CreateElement("saml2p:Extensions").AddChild(signed)
		return evil
	}, xmlsig.ErrPlace},
	{"original in Extensions, signature moved up", func(signed, evil *etree.Element) *etree.Element {
		sig := detach(signed)
		evil.CreateElement("saml2p:Extensions").AddChild(signed)
		return withSignature(evil, sig)
	}, xmlsig.ErrReference},
	{"original in an Object", func(signed, evil *etree.Element) *etree.Element {
		sig := detach(signed)
		sig.CreateElement("ds:Object").AddChild(signed)
		return withSignature(evil, sig)
	}, xmlsig.ErrShape},
	{"original in KeyInfo, same ID", func(signed, evil *etree.Element) *etree.Element {
		sig := detach(signed)
		sig.SelectElement("KeyInfo").AddChild(signed)
		evil.CreateAttr("ID", "_r")
		return withSignature(evil, sig)
	}, xmlsig.ErrDuplicateID},
	{"original in KeyInfo, no ID on the root", func(signed, evil *etree.Element) *etree.Element {
		sig := detach(signed)
		sig.SelectElement("KeyInfo").AddChild(signed)
		evil.RemoveAttr("ID")
		return withSignature(evil, sig)
	}, xmlsig.ErrReference},
	{"the ID under two spellings", func(signed, evil *etree.Element) *etree.Element {
		sig := detach(signed)
		evil.AddChild(signed)
		evil.RemoveAttr("ID")
		evil.CreateAttr("Id", "_r")
		return withSignature(evil, sig)
	}, xmlsig.ErrDuplicateID},
	{"two IDs on the root", func(signed, _ *etree.Element) *etree.Element {
		signed.CreateAttr("Id", "_evil")
		return signed
	}, xmlsig.ErrReference},
	{"a second signature", func(signed, evil *etree.Element) *etree.Element {
		signed.AddChild(signature(signed).Copy())
		return signed
	}, xmlsig.ErrPlace},
	{"a second signature deep down", func(signed, evil *etree.Element) *etree.Element {
		assertion(signed).AddChild(signature(signed).Copy())
		return signed
	}, xmlsig.ErrPlace},
	{"a signature as root", func(signed, _ *etree.Element) *etree.Element { return detach(signed) }, xmlsig.ErrPlace},
	{"signature stripped", func(_, evil *etree.Element) *etree.Element { return evil }, xmlsig.ErrUnsigned},
	{"signature in another namespace", func(signed, _ *etree.Element) *etree.Element {
		signature(signed).CreateAttr("xmlns:ds", "urn:other")
		return signed
	}, xmlsig.ErrUnsigned},
	{"a fake SignedInfo of another namespace", func(signed, _ *etree.Element) *etree.Element {
		fake := signature(signed).SelectElement("SignedInfo").Copy()
		fake.CreateAttr("xmlns:ds", "urn:other")
		signature(signed).InsertChildAt(0, fake)
		return signed
	}, xmlsig.ErrShape},
	{"prefix of the content bound anew", func(signed, _ *etree.Element) *etree.Element {
		signed.CreateAttr("xmlns:eidas-natural", "urn:other")
		return signed
	}, xmlsig.ErrDigest},
}

func TestPast20WrappedResponse(t *testing.T) {
	for _, w := range responseWraps {
		t.Run(w.name, func(t *testing.T) {
			signed := parsed(t, rsaSigner().signed(t, "response.xml", xmlsig.RSASHA256)).Root()
			refused(t, written(t, w.make(signed, evilResponse(t))), w.want)
		})
	}
}

// The same on a Response in which only the assertion is signed: it is never enough, wrapped or not.
func TestPast20WrappedAssertion(t *testing.T) {
	for _, name := range []string{"plain", "XSW3", "XSW4", "XSW5", "XSW6", "XSW7", "XSW8"} {
		t.Run(name, func(t *testing.T) {
			root := parsed(t, fixture(t, "response.xml")).Root()
			o := rsaSigner().options(xmlsig.RSASHA256)
			if err := xmlsig.Sign(assertion(root), "ID", o); err != nil {
				t.Fatal(err)
			}
			wrapAssertion(name, root, assertion(evilResponse(t)))
			refused(t, written(t, root), xmlsig.ErrPlace)
		})
	}
}

func wrapAssertion(name string, root, evil *etree.Element) {
	original := assertion(root)
	switch name {
	case "XSW3":
		root.InsertChildAt(original.Index(), evil)
	case "XSW4":
		root.AddChild(evil)
		evil.AddChild(original)
	case "XSW5":
		evil.InsertChildAt(1, detach(original))
		root.InsertChildAt(original.Index(), evil)
	case "XSW6":
		sig := detach(original)
		evil.InsertChildAt(1, sig)
		sig.AddChild(original)
		root.AddChild(evil)
	case "XSW7":
		root.CreateElement("saml2p:Extensions").AddChild(evil)
	case "XSW8":
		sig := detach(original)
		evil.InsertChildAt(1, sig)
		sig.CreateElement("ds:Object").AddChild(original)
		root.AddChild(evil)
	}
}

func TestPast20TwoRoots(t *testing.T) {
	signed := rsaSigner().signed(t, "response.xml", xmlsig.RSASHA256)
	evil := written(t, evilResponse(t))
	refused(t, append(signed, evil...), xmlsig.ErrMalformed)
	refused(t, append(evil, signed...), xmlsig.ErrMalformed)
}

// A genuine signature still verifies under other prefixes, and what comes back is what was signed.
func TestPast20OnlySignedContentComesBack(t *testing.T) {
	signed := rsaSigner().signed(t, "response.xml", xmlsig.RSASHA256)
	smuggled := strings.Replace(string(signed), "<ds:KeyInfo>", `<ds:KeyInfo><saml2:NameID>11111111H</saml2:NameID>`, 1)
	root, err := verify([]byte(smuggled), rsaSigner().certs(), noon)
	if err != nil {
		t.Fatal(err)
	}
	if got := root.FindElements(".//NameID"); len(got) != 1 || got[0].Text() != "00000000T" {
		t.Error("unsigned content came back")
	}
}

// evilResponse is the attacker's message: other person, other IDs, no signature.
func evilResponse(t testing.TB) *etree.Element {
	t.Helper()
	text := string(fixture(t, "response.xml"))
	text = strings.NewReplacer("00000000T", "11111111H", `ID="_r"`, `ID="_evil"`, `ID="_s"`, `ID="_evil2"`).Replace(text)
	return parsed(t, []byte(text)).Root()
}

func signature(e *etree.Element) *etree.Element { return e.SelectElement("Signature") }

func assertion(e *etree.Element) *etree.Element { return e.SelectElement("Assertion") }

func detach(signed *etree.Element) *etree.Element {
	return signed.RemoveChild(signature(signed)).(*etree.Element)
}

func withSignature(evil, sig *etree.Element) *etree.Element {
	evil.InsertChildAt(1, sig)
	return evil
}
