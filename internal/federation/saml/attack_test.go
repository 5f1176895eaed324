package saml_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"regexp"
	"strings"
	"testing"

	"clave/internal/federation/saml"
	"clave/internal/xmlsig"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// A message in the hands of an attacker: its root, its signature, and copies to bend.
type message struct{ root, signature *etree.Element }

func captured(t testing.TB) message {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(newRequest().signed(t)); err != nil {
		t.Fatal(err)
	}
	return message{doc.Root(), doc.Root().SelectElement("ds:Signature")}
}

// original is the content that the service signed.
func (m message) original() *etree.Element {
	root := m.root.Copy()
	root.RemoveChild(root.SelectElement("ds:Signature"))
	return root
}

// evil is what the attacker wants taken for it: no force, another address of the same service.
func (m message) evil(id string) *etree.Element {
	root := m.original()
	root.CreateAttr("ID", id)
	root.CreateAttr("ForceAuthn", "false")
	root.CreateAttr("AssertionConsumerServiceURL", "https://sp.test/session/evil")
	return root
}

func text(root *etree.Element) string {
	b, err := xmlsig.Bytes(root)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func with(parent *etree.Element, children ...*etree.Element) *etree.Element {
	for _, c := range children {
		parent.AddChild(c)
	}
	return parent
}

func first(parent, child *etree.Element) *etree.Element {
	parent.InsertChildAt(0, child)
	return parent
}

func inside(name string, child *etree.Element) *etree.Element {
	return with(etree.NewElement(name), child)
}

// The eight wrappings of Somorovsky et al. (USENIX Security 2012), carried over to requests, and later ones.
var wrappings = []struct {
	name string
	wrap func(m message) string
	want saml.Error
}{
	{"1: signature around the original", func(m message) string {
		return text(first(m.evil("_evil"), with(m.signature.Copy(), m.original())))
	}, saml.ErrSignature},
	{"2: original beside its signature", func(m message) string {
		return text(with(first(m.evil("_evil"), m.signature.Copy()), m.original()))
	}, saml.ErrSignature},
	{"3: original before the signature", func(m message) string {
		return text(first(first(m.evil("_evil"), m.signature.Copy()), m.original()))
	}, saml.ErrSignature},
	{"4: signed original in the evil one", func(m message) string { return text(with(m.evil("_evil"), m.root.Copy())) }, saml.ErrSignature},
	{"5: evil one and original with one ID", func(m message) string {
		return text(with(first(m.evil("_a1"), m.signature.Copy()), m.original()))
	}, saml.ErrXML},
	{"6: original in the signature, one ID", func(m message) string {
		return text(first(m.evil("_a1"), with(m.signature.Copy(), m.original())))
	}, saml.ErrXML},
	{"7: original in Extensions", func(m message) string {
		root := first(m.evil("_evil"), m.signature.Copy())
		root.SelectElement("saml2p:Extensions").AddChild(m.original())
		return text(root)
	}, saml.ErrSignature},
	{"8: original in an Object of the signature", func(m message) string {
		return text(first(m.evil("_evil"), with(m.signature.Copy(), inside("ds:Object", m.original()))))
	}, saml.ErrSignature},
	{"original in KeyInfo", func(m message) string {
		s := m.signature.Copy()
		s.SelectElement("ds:KeyInfo").AddChild(m.original())
		return text(first(m.evil("_evil"), s))
	}, saml.ErrSignature},
	{"signature in Extensions", func(m message) string {
		root := m.evil("_a1")
		root.SelectElement("saml2p:Extensions").AddChild(m.signature.Copy())
		return text(root)
	}, saml.ErrSignature},
	{"signature moved, nothing else", func(m message) string {
		root := m.original()
		root.SelectElement("saml2p:Extensions").AddChild(m.signature.Copy())
		return text(root)
	}, saml.ErrSignature},
	{"two signatures", func(m message) string { return text(first(m.root.Copy(), m.signature.Copy())) }, saml.ErrSignature},
	{"a signature of another namespace in front", func(m message) string {
		s := m.signature.Copy()
		s.CreateAttr("xmlns:ds", "urn:other")
		return text(first(m.evil("_a1"), s))
	}, saml.ErrSignature},
	{"evil root first", func(m message) string { return text(m.evil("_evil")) + text(m.root) }, saml.ErrXML},
	{"evil root last", func(m message) string { return text(m.root) + text(m.evil("_evil")) }, saml.ErrXML},
	{"two names for the ID", func(m message) string {
		root := m.root.Copy()
		root.CreateAttr("Id", "_evil")
		return text(root)
	}, saml.ErrSignature},
	{"ID in another namespace", func(m message) string {
		root := m.root.Copy()
		root.CreateAttr("ds:ID", "_evil")
		return text(root)
	}, saml.ErrSignature},
	{"xml:id on a child", func(m message) string {
		root := m.root.Copy()
		root.SelectElement("saml2p:Extensions").CreateAttr("xml:id", "_a1")
		return text(root)
	}, saml.ErrXML},
	{"prefixes exchanged", func(m message) string {
		return strings.Replace(text(m.root), `xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"`, `xmlns:saml2="urn:other"`, 1)
	}, saml.ErrSignature},
	{"evil one alone", func(m message) string { return text(m.evil("_a1")) }, saml.ErrSignature},
	{"evil one with the signature", func(m message) string { return text(first(m.evil("_a1"), m.signature.Copy())) }, saml.ErrSignature},
}

// Row 20 of the past (CVE-2024-8698, CVE-2024-45409): a good signature, and other content beside it.
func TestPast20Wrapping(t *testing.T) {
	for _, c := range wrappings {
		t.Run(c.name, func(t *testing.T) { wantRefused(t, field(c.wrap(captured(t))), "", c.want) })
	}
}

// Row 21 of the past (CVE-2020-27846, CVE-2020-29509 to 29511): XML that Go reads otherwise than it writes.
func TestPast21RoundTrip(t *testing.T) {
	good := newRequest().signed(t)
	for name, bad := range map[string]string{
		"element with an empty prefix":  strings.Replace(good, "<saml2p:Extensions>", "<saml2p:Extensions><:evil/>", 1),
		"element with two colons":       strings.Replace(good, "<saml2p:Extensions>", "<saml2p:Extensions><eidas::evil/>", 1),
		"attribute with an empty name":  strings.Replace(good, `AllowCreate="true"`, `AllowCreate="true" eidas:="x"`, 1),
		"attribute with an empty space": strings.Replace(good, `AllowCreate="true"`, `AllowCreate="true" :evil="x"`, 1),
		"xmlns with an empty prefix":    strings.Replace(good, `AllowCreate="true"`, `AllowCreate="true" xmlns:="x"`, 1),
		"undeclared prefix":             strings.Replace(good, "<saml2p:Extensions>", "<saml2p:Extensions><nobody:evil/>", 1),
		"directive with a comment":      `<!x<!-- -->>` + good,
		"a line end in an attribute":    strings.Replace(good, `Version="2.0"`, "Version=\"2.0\n\"", 1),
		"an attribute twice":            strings.Replace(good, `Version="2.0"`, `Version="2.0" Version="1.0"`, 1),
		"a comment in the text":         strings.Replace(good, "LoA/low", "LoA/<!-- -->low", 1),
		"CDATA":                         strings.Replace(good, "public", "<![CDATA[public]]>", 1),
		"an instruction":                strings.Replace(good, "public", "<?x?>public", 1),
		"not UTF-8":                     strings.Replace(good, "public", "\xff", 1),
		"another encoding":              `<?xml version="1.0" encoding="ISO-8859-1"?>` + good,
		"UTF-16":                        "\xff\xfe<\x00a\x00/\x00>\x00",
		"deep":                          strings.Replace(good, "public", strings.Repeat("<eidas:a>", 64)+strings.Repeat("</eidas:a>", 64), 1),
		"broad":                         strings.Replace(good, "public", strings.Repeat("<eidas:a/>", 5000), 1),
	} {
		t.Run(name, func(t *testing.T) { wantRefused(t, field(bad), "", saml.ErrXML) })
	}
	wantRefused(t, field(good+strings.Repeat(" ", xmlsig.MaxSize)), "", saml.ErrSize)
}

// Row 23 of the past (CVE-2026-2092, CVE-2026-16443): nothing that a message says switches its verification off, and no assertion comes in with it.
func TestPast23NothingSwitchesOff(t *testing.T) {
	plain := newRequest()
	wantRefused(t, field(plain.unsigned()), "", saml.ErrSignature)
	wantRefused(t, field(plain.set("AuthnRequestsSigned", "false").unsigned()), "", saml.ErrSignature)
	unkeyed := plain.set("ProviderName", "S1111111B_E11111111").set("AssertionConsumerServiceURL", "https://other.test/")
	wantRefused(t, field(unkeyed.unsigned()), "", saml.ErrSignature)
	wantRefused(t, field(unkeyed.signed(t)), "", saml.ErrSignature)

	const metadata = `<md:SPSSODescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" AuthnRequestsSigned="false"/>`
	plain.context += metadata
	wantRefused(t, field(plain.unsigned()), "", saml.ErrSignature)
	wantRefused(t, field(plain.signed(t)), "", saml.ErrMessage)

	injected := strings.Replace(newRequest().signed(t), "</saml2p:AuthnRequest>", "<saml2:EncryptedAssertion/></saml2p:AuthnRequest>", 1)
	wantRefused(t, field(injected), "", saml.ErrSignature)
	for _, assertion := range []string{"<saml2:Assertion/>", "<saml2:EncryptedAssertion/>"} {
		r := newRequest()
		r.context += assertion
		wantRefused(t, field(r.signed(t)), "", saml.ErrMessage)
	}
}

// Row 24 of the past (SEC Consult 2019, CVE-2018-7711): a good signature by the wrong key, and every way in which a verifier may fail.
func TestPast24UntrustedKey(t *testing.T) {
	other := stranger()
	byStranger := newRequest()
	byStranger.by = &other
	inTheNameOf := newRequest().set("ProviderName", "S2222222C_E22222222") // the third service's key is registered, but for another name
	good := newRequest().signed(t)
	for name, bad := range map[string]string{
		"a stranger's key, in KeyInfo":    byStranger.signed(t),
		"another service's key":           inTheNameOf.signed(t),
		"a stranger's KeyInfo":            certificates.ReplaceAllString(byStranger.signed(t), certificates.FindString(good)),
		"no value":                        values.ReplaceAllString(good, "<ds:SignatureValue></ds:SignatureValue>"),
		"zeros":                           values.ReplaceAllString(good, "<ds:SignatureValue>"+base64.StdEncoding.EncodeToString(make([]byte, 256))+"</ds:SignatureValue>"),
		"a short value":                   values.ReplaceAllString(good, "<ds:SignatureValue>AAAA</ds:SignatureValue>"),
		"not base64":                      values.ReplaceAllString(good, "<ds:SignatureValue>!</ds:SignatureValue>"),
		"no digest":                       strings.Replace(good, "<ds:DigestValue>", "<ds:DigestValue>A", 1),
		"another party after the signing": strings.Replace(good, partyID, "S2222222C_E22222222", 1),
		"another level":                   strings.Replace(good, "LoA/low", "LoA/high", 1),
	} {
		t.Run(name, func(t *testing.T) { wantRefused(t, field(bad), "", saml.ErrSignature) })
	}
}

var (
	values       = regexp.MustCompile(`<ds:SignatureValue>[^<]*</ds:SignatureValue>`)
	certificates = regexp.MustCompile(`<ds:X509Certificate>[^<]*</ds:X509Certificate>`)
)

// Row 25 of the past (Mainka et al., WOOT 2018): document types and entities, of any sort.
func TestPast25Doctype(t *testing.T) {
	good := newRequest().signed(t)
	for name, bad := range map[string]string{
		"document type":      `<!DOCTYPE a>` + good,
		"external entity":    `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + strings.Replace(good, "public", "&x;", 1),
		"request forgery":    `<!DOCTYPE a SYSTEM "http://127.0.0.1/latest/meta-data">` + good,
		"parameter entity":   `<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]>` + good,
		"expansion":          `<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>` + strings.Replace(good, "public", "&b;", 1),
		"an undeclared one":  strings.Replace(good, "public", "&x;", 1),
		"in an attribute":    strings.Replace(good, `Version="2.0"`, `Version="&x;"`, 1),
		"schema of the file": `<?xml-stylesheet href="http://127.0.0.1/"?>` + good,
	} {
		t.Run(name, func(t *testing.T) { wantRefused(t, field(bad), "", saml.ErrXML) })
	}
}

// Signatures of other shapes than the one that the profile uses; those that name another algorithm are refused for that, whatever their value.
func TestSignatureShape(t *testing.T) {
	const (
		sha512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
		c14n   = `"http://www.w3.org/2001/10/xml-exc-c14n#"`
	)
	for name, swap := range map[string][2]string{
		"SHA-1 signature":       {sha512, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
		"SHA-1 digest":          {"http://www.w3.org/2001/04/xmlenc#sha512", "http://www.w3.org/2000/09/xmldsig#sha1"},
		"MD5":                   {sha512, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"},
		"curve for an RSA key":  {sha512, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"},
		"the whole document":    {`URI="#_a1"`, `URI=""`},
		"another document":      {`URI="#_a1"`, `URI="http://127.0.0.1/"`},
		"a pointer":             {`URI="#_a1"`, `URI="#xpointer(id('_a1'))"`},
		"no reference":          {` URI="#_a1"`, ``},
		"with comments":         {c14n, `"http://www.w3.org/2001/10/xml-exc-c14n#WithComments"`},
		"another canonical XML": {c14n, `"http://www.w3.org/TR/2001/REC-xml-c14n-20010315"`},
		"a third transform":     {"</ds:Transforms>", `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/></ds:Transforms>`},
		"a second reference":    {"</ds:SignedInfo>", `<ds:Reference URI="#_a1"/></ds:SignedInfo>`},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(newRequest().signed(t), swap[0], swap[1], 1)
			wantRefused(t, field(bad), "", saml.ErrSignature)
		})
	}
}

// An old kit's SHA-1, rightly made with the service's own key.
func TestSHA1(t *testing.T) {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(newRequest().unsigned()); err != nil {
		t.Fatal(err)
	}
	signing := must(dsig.NewSigningContext(service().key, [][]byte{service().cert.Raw}))
	signing.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := signing.SetSignatureMethod(dsig.RSASHA1SignatureMethod); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, field(text(must(signing.SignEnveloped(doc.Root())))), "", saml.ErrSignature)
}

// The certificate is public: as the key of an HMAC anybody has it.
func TestHMACWithTheCertificate(t *testing.T) {
	m := captured(t)
	info := m.signature.SelectElement("ds:SignedInfo")
	info.SelectElement("ds:SignatureMethod").CreateAttr("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
	alone := info.Copy()
	alone.CreateAttr("xmlns:ds", dsig.Namespace)
	signed := must(dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(alone))
	for _, key := range [][]byte{service().cert.Raw, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: service().cert.Raw}), nil} {
		mac := hmac.New(sha256.New, key)
		mac.Write(signed)
		m.signature.SelectElement("ds:SignatureValue").SetText(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		wantRefused(t, field(text(m.root)), "", saml.ErrSignature)
	}
}
