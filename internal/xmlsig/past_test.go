package xmlsig_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"clave/internal/xmlsig"

	"github.com/beevik/etree"
	validator "github.com/mattermost/xml-roundtrip-validator"
)

func TestPast21UnstableXML(t *testing.T) {
	for _, c := range []struct {
		name, xml string
		want      error
	}{
		{"CVE-2020-29509: attribute with empty prefix", `<r :a="x"/>`, xmlsig.ErrName},
		{"CVE-2020-29509: attribute with empty name", `<r xmlns:a="urn:1" a:="x"/>`, xmlsig.ErrName},
		{"CVE-2020-29511: element with empty prefix", `<:r/>`, xmlsig.ErrName},
		{"CVE-2020-29511: element with empty name", `<r:></r:>`, xmlsig.ErrName},
		{"CVE-2020-29511: two colons", `<a:b:c xmlns:a="urn:1"/>`, xmlsig.ErrName},
		{"two colons in a row", `<x::r/>`, xmlsig.ErrName},
		{"CVE-2020-29510: directive with a comment in it", `<!x<!-->y-->z><r/>`, xmlsig.ErrDoctype},
		{"empty declared prefix", `<r xmlns:="urn:1"/>`, xmlsig.ErrName},
		{"declared prefix with a digit first", `<r xmlns:1="urn:1"/>`, xmlsig.ErrName},
		{"literal line end in an attribute", "<r a=\"1\n2\"/>", xmlsig.ErrRoundTrip},
		{"literal tab in an attribute", "<r a='1\t2'/>", xmlsig.ErrRoundTrip},
		{"attribute twice", `<r a="1" a="2"/>`, xmlsig.ErrMalformed},
		{"attribute twice by namespace", `<r xmlns:a="urn:1" xmlns:b="urn:1" a:x="1" b:x="2"/>`, xmlsig.ErrMalformed},
		{"prefix declared twice", `<r xmlns:a="urn:1" xmlns:a="urn:2"/>`, xmlsig.ErrMalformed},
		{"default namespace twice", `<r xmlns="urn:1" xmlns="urn:2"/>`, xmlsig.ErrMalformed},
		{"undeclared element prefix", `<a:r/>`, xmlsig.ErrPrefix},
		{"undeclared attribute prefix", `<r a:b="1"/>`, xmlsig.ErrPrefix},
		{"prefix of a sibling", `<r><s xmlns:a="urn:1"/><a:t/></r>`, xmlsig.ErrPrefix},
		{"prefix undeclared", `<r xmlns:a="urn:1"><s xmlns:a=""/></r>`, xmlsig.ErrPrefix},
		{"xml bound anew", `<r xmlns:xml="urn:1"/>`, xmlsig.ErrPrefix},
		{"xmlns bound", `<r xmlns:xmlns="urn:1"/>`, xmlsig.ErrPrefix},
		{"xmlns as element prefix", `<xmlns:r/>`, xmlsig.ErrPrefix},
		{"reserved namespace as default", `<r xmlns="http://www.w3.org/2000/xmlns/"/>`, xmlsig.ErrPrefix},
		{"name that the editions of XML dispute", "<r·é/>", xmlsig.ErrName},
		{"digit after the prefix", `<a:1 xmlns:a="urn:1"/>`, xmlsig.ErrName},
		{"attribute without quotes", `<r a=1/>`, xmlsig.ErrMalformed},
		{"attribute without value", `<r a/>`, xmlsig.ErrMalformed},
		{"attributes without a space", `<r a="1"b="2"/>`, xmlsig.ErrMalformed},
		{"tag in an attribute", `<r a="<s/>"/>`, xmlsig.ErrMalformed},
		{"end of CDATA in text", `<r>]]></r>`, xmlsig.ErrMalformed},
		{"CDATA", `<r><![CDATA[<s/>]]></r>`, xmlsig.ErrCDATA},
		{"comment", `<r>a<!-- -->b</r>`, xmlsig.ErrComment},
		{"comment outside the root", `<!-- --><r/>`, xmlsig.ErrComment},
		{"processing instruction", `<r><?php x?></r>`, xmlsig.ErrInstruction},
		{"style sheet", `<?xml version="1.0"?><?xml-stylesheet href="x"?><r/>`, xmlsig.ErrInstruction},
		{"declaration not at the start", ` <?xml version="1.0"?><r/>`, xmlsig.ErrInstruction},
		{"declaration twice", `<?xml version="1.0"?><?xml version="1.0"?><r/>`, xmlsig.ErrInstruction},
		{"XML 1.1", `<?xml version="1.1"?><r/>`, xmlsig.ErrEncoding},
		{"Latin 1 declared", `<?xml version="1.0" encoding="ISO-8859-1"?><r/>`, xmlsig.ErrEncoding},
		{"UTF-7 declared", `<?xml version="1.0" encoding="UTF-7"?><r/>`, xmlsig.ErrEncoding},
		{"UTF-16", "\xfe\xff\x00<\x00r\x00/\x00>", xmlsig.ErrEncoding},
		{"broken UTF-8", "<r>\xff</r>", xmlsig.ErrEncoding},
		{"overlong UTF-8", "<r>\xc0\xbcs\xc0\xbe</r>", xmlsig.ErrEncoding},
		{"NUL", "<r>\x00</r>", xmlsig.ErrMalformed},
		{"NUL by number", "<r>&#0;</r>", xmlsig.ErrMalformed},
		{"surrogate by number", "<r>&#xD800;</r>", xmlsig.ErrMalformed},
		{"not a character", "<r>\uFFFE</r>", xmlsig.ErrMalformed},
		{"two roots", `<r/><r/>`, xmlsig.ErrMalformed},
		{"text before the root", `x<r/>`, xmlsig.ErrMalformed},
		{"text after the root", `<r/>x`, xmlsig.ErrMalformed},
		{"end tag missing", `<r><s></r>`, xmlsig.ErrMalformed},
		{"root left open", `<r>`, xmlsig.ErrMalformed},
		{"child left open", `<r><s>`, xmlsig.ErrMalformed},
		{"end tag alone", `</r>`, xmlsig.ErrMalformed},
		{"end tag too many", `<r/></r>`, xmlsig.ErrMalformed},
		{"other case in the end tag", `<r></R>`, xmlsig.ErrMalformed},
		{"cut off", `<r a="`, xmlsig.ErrMalformed},
		{"nothing", ``, xmlsig.ErrMalformed},
		{"white space", " \n", xmlsig.ErrMalformed},
		{"one ID twice", `<r ID="a"><s ID="a"/></r>`, xmlsig.ErrDuplicateID},
		{"one ID, spelled differently", `<r ID="a"><s id="a"/></r>`, xmlsig.ErrDuplicateID},
		{"one ID, in a namespace", `<r ID="a"><s xml:id="a"/></r>`, xmlsig.ErrDuplicateID},
	} {
		t.Run(c.name, func(t *testing.T) { notParsed(t, c.xml, c.want) })
	}
}

func notParsed(t *testing.T, text string, want error) {
	t.Helper()
	d, err := xmlsig.Parse([]byte(text))
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if d != nil {
		t.Error("a document came back with the error")
	}
}

// The validator that was written after those findings agrees about them, and about what we send. It cannot stand in for ours: it refuses lawful
// documents with two prefixed attributes in one tag.
func TestPast21SecondOpinion(t *testing.T) {
	for _, unstable := range []string{`<r xmlns:a="urn:1" a:="x"/>`, `<r :a="x"/>`, `<:r/>`, `<x::r/>`, `<!x<!-->y-->z><r/>`} {
		if validator.Validate(strings.NewReader(unstable)) == nil {
			continue
		}
		if _, err := xmlsig.Parse([]byte(unstable)); err == nil {
			t.Errorf("%s: the validator refuses it, we do not", unstable)
		}
	}
	for _, file := range []string{"response.xml", "request.xml"} {
		if err := validator.Validate(bytes.NewReader(rsaSigner().signed(t, file, xmlsig.RSASHA512))); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestPast24UntrustedKey(t *testing.T) {
	ours, theirs := rsaSigner(), otherSigner()
	edKey := must2(ed25519.GenerateKey(rand.Reader))
	ed := newIdentity(edKey)
	message := theirs.signed(t, "request.xml", xmlsig.RSASHA256)
	for _, c := range []struct {
		name  string
		certs []*x509.Certificate
		now   time.Time
		want  error
	}{
		{"certificate from the message itself", ours.certs(), noon, xmlsig.ErrSignature},
		{"no certificate registered", nil, noon, xmlsig.ErrCertificate},
		{"nil registered", []*x509.Certificate{nil}, noon, xmlsig.ErrCertificate},
		{"expired", theirs.certs(), theirs.cert.NotAfter.Add(time.Second), xmlsig.ErrCertificate},
		{"not yet valid", theirs.certs(), theirs.cert.NotBefore.Add(-time.Second), xmlsig.ErrCertificate},
		{"RSA of 1,024 bits", shortSigner().certs(), noon, xmlsig.ErrWeakKey},
		{"key of another kind", ecSigner().certs(), noon, xmlsig.ErrKey},
		{"key of an unknown kind", ed.certs(), noon, xmlsig.ErrKey},
		{"old certificate only", []*x509.Certificate{ours.cert, ecSigner().cert}, noon, xmlsig.ErrSignature},
		{"both while they change", []*x509.Certificate{ours.cert, theirs.cert}, noon, nil},
		{"last second", theirs.certs(), theirs.cert.NotAfter, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			root, err := verify(message, c.certs, c.now)
			if !errors.Is(err, c.want) || (root == nil) != (c.want != nil) {
				t.Errorf("got %v, %v, want %v", root, err, c.want)
			}
		})
	}
	t.Run("curve of 224 bits", func(t *testing.T) {
		message := ecSigner().signed(t, "request.xml", xmlsig.ECDSASHA256)
		if root, err := verify(message, shortECSigner().certs(), noon); !errors.Is(err, xmlsig.ErrWeakKey) || root != nil {
			t.Error(err)
		}
	})
}

// Nothing is fetched and nothing is expanded: a listener that every address leads to hears nobody.
func TestPast25NothingFetchedOrExpanded(t *testing.T) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	defer listener.Close()
	url := "http://" + listener.Addr().String() + "/"
	for _, c := range []struct {
		name, xml string
		want      error
	}{
		{"internal DTD", `<!DOCTYPE r [<!ELEMENT r ANY>]><r/>`, xmlsig.ErrDoctype},
		{"doctype in lower case", `<!doctype r><r/>`, xmlsig.ErrDoctype},
		{"external DTD", `<!DOCTYPE r SYSTEM "URL"><r/>`, xmlsig.ErrDoctype},
		{"external entity", `<!DOCTYPE r [<!ENTITY x SYSTEM "URL">]><r>&x;</r>`, xmlsig.ErrDoctype},
		{"parameter entity", `<!DOCTYPE r [<!ENTITY % x SYSTEM "URL">%x;]><r/>`, xmlsig.ErrDoctype},
		{"file", `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>`, xmlsig.ErrDoctype},
		{"billion laughs", `<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><r>&b;</r>`, xmlsig.ErrDoctype},
		{"DTD inside the root", `<r><!DOCTYPE r SYSTEM "URL"></r>`, xmlsig.ErrDoctype},
		{"entity of HTML", `<r>&nbsp;</r>`, xmlsig.ErrEntity},
		{"entity in an attribute", `<r a="&x;"/>`, xmlsig.ErrEntity},
		{"bare ampersand", `<r>a & b</r>`, xmlsig.ErrEntity},
		{"reference cut off", `<r>&#6`, xmlsig.ErrEntity},
		{"XInclude", `<r xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="URL"/></r>`, nil},
		{"schema location", `<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:1 URL"/>`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := xmlsig.Parse([]byte(strings.ReplaceAll(c.xml, "URL", url)))
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	fetchingSignatures(t, url)
	listener.(*net.TCPListener).SetDeadline(time.Now())
	if _, err := listener.Accept(); err == nil {
		t.Error("somebody called")
	}
}

func fetchingSignatures(t *testing.T, url string) {
	signed := string(rsaSigner().signed(t, "response.xml", xmlsig.RSASHA256))
	refused(t, []byte(strings.Replace(signed, `URI="#_r"`, `URI="`+url+`"`, 1)), xmlsig.ErrReference)
	retrieval := strings.Replace(signed, "<ds:KeyInfo>", `<ds:KeyInfo><ds:RetrievalMethod URI="`+url+`"/>`, 1)
	if _, err := verify([]byte(retrieval), rsaSigner().certs(), noon); err != nil {
		t.Errorf("KeyInfo should count for nothing: %v", err)
	}
}

func TestPast25Bounds(t *testing.T) {
	namespaces := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(` xmlns:a` + strings.Repeat("b", i) + `="u"`)
		}
		return b.String()
	}
	for _, c := range []struct {
		name, xml string
		want      error
	}{
		{"largest", "<r>" + strings.Repeat("x", xmlsig.MaxSize-7) + "</r>", nil},
		{"one byte more", "<r>" + strings.Repeat("x", xmlsig.MaxSize-6) + "</r>", xmlsig.ErrTooLarge},
		{"deepest", strings.Repeat("<r>", 32) + strings.Repeat("</r>", 32), nil},
		{"one deeper", strings.Repeat("<r>", 33) + strings.Repeat("</r>", 33), xmlsig.ErrTooDeep},
		{"most elements", "<r>" + strings.Repeat("<s/>", 4095) + "</r>", nil},
		{"one element more", "<r>" + strings.Repeat("<s/>", 4096) + "</r>", xmlsig.ErrTooMany},
		{"most attributes", "<r" + namespaces(32) + "/>", nil},
		{"one attribute more", "<r" + namespaces(33) + "/>", xmlsig.ErrTooMany},
		{"most namespaces", strings.Repeat("<r"+namespaces(32)+">", 2) + "</r></r>", nil},
		{"one namespace more", strings.Repeat("<r"+namespaces(32)+">", 2) + `<s xmlns="u"/></r></r>`, xmlsig.ErrTooMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := xmlsig.Parse([]byte(c.xml)); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// A caller who drops the error holds nil; one who never called Verify has no signed element to show. refused checks the same for every attack above.
func TestPast29ResultCannotBeIgnored(t *testing.T) {
	d := parsed(t, fixture(t, "response.xml"))
	for name, doc := range map[string]*xmlsig.Document{"unsigned": d, "none": nil, "empty": {}} {
		var root *etree.Element
		root, err := xmlsig.Verify(doc, rsaSigner().certs(), noon)
		if root != nil || !errors.Is(err, xmlsig.ErrUnsigned) {
			t.Errorf("%s: %v, %v", name, root, err)
		}
	}
	signed := parsed(t, rsaSigner().signed(t, "response.xml", xmlsig.RSASHA256))
	root, err := xmlsig.Verify(signed, rsaSigner().certs(), noon)
	if err != nil || root == signed.Root() {
		t.Error("want a tree of its own, read from the signed bytes")
	}
}
