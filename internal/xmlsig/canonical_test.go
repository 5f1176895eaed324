package xmlsig_test

import (
	"strings"
	"testing"

	"clave/internal/xmlsig"
)

type awkwardCase struct{ name, list, content string }

// Documents on which canonicalisers have been wrong. Each is signed by us and judged by xmlsec1 and Santuario: they accept it only if they digest the
// same bytes.
var awkward = []awkwardCase{
	{"attributes by namespace, not prefix", "", `<p:e xmlns:b="urn:1" xmlns:a="urn:2" a:x="1" b:x="2" x="3" a:b="4" Z="5"/>`},
	{"attributes by inherited namespace", "", `<p:e xmlns:b="urn:1" xmlns:a="urn:2"><p:f a:x="1" b:y="2"/></p:e>`},
	{"default namespace undeclared", "", `<e xmlns="urn:1"><f xmlns=""><g xmlns="urn:1"/></f></e>`},
	{"default namespace undeclared at nothing", "", `<e xmlns=""><p:f><g xmlns=""/></p:f></e>`},
	{"default hidden by a prefix", "", `<e xmlns="urn:1"><p:f xmlns=""><g/></p:f></e>`},
	{"prefix bound anew", "", `<a:e xmlns:a="urn:1"><a:e xmlns:a="urn:2"><a:e xmlns:a="urn:1"/></a:e><a:e/></a:e>`},
	{"siblings each declare", "", `<p:e xmlns:a="urn:1"><a:f/><a:f/><p:g a:h=""/></p:e>`},
	{"declared twice alike", "", `<a:e xmlns:a="urn:1"><a:f xmlns:a="urn:1"/></a:e>`},
	{"unused declarations", "", `<p:e xmlns:unused="urn:1" xmlns="urn:2"/>`},
	{"listed prefix, unused", "a", `<p:e xmlns:a="urn:1"><p:f/></p:e>`},
	{"listed prefix, bound anew", "a", `<p:e xmlns:a="urn:1"><p:f xmlns:a="urn:2"><p:g xmlns:a="urn:2"/></p:f><p:h/></p:e>`},
	{"listed default", "#default", `<p:e xmlns="urn:1"><p:f xmlns=""><p:g/></p:f></p:e>`},
	{"listed default, undeclared", "#default", `<p:e><p:f xmlns=""/></p:e>`},
	{"listed and missing", "nowhere a xml", `<p:e xmlns:a="urn:1"/>`},
	{"listed dsig", "ds p", `<p:e xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>`},
	{"xml prefix", "xml", `<p:e xml:lang="es" xml:space="preserve"> <p:f xml:lang="ca"/> </p:e>`},
	{"attribute characters", "", `<p:e a="&#9;&#10;&#13; &lt;&gt;&amp;&quot;'" b='"'/>`},
	{"text characters", "", "<p:e>&#13;&#9;\t\n &lt;&gt;&amp;&quot;&apos;'\"</p:e>"},
	{"other scripts", "", `<p:e a="ñ€😀">Ñandú İ ß 😀 &#x1F600; é é</p:e>`},
	{"line ends", "", "<p:e>\r\none\rtwo\n</p:e>"},
	{"tag spacing", "", "<p:e\n  b = '2'\ta=\"1\"   ><p:f  /></p:e  >"},
}

func (a awkwardCase) document() []byte {
	return []byte(`<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r"><p:Issuer>x</p:Issuer>` + a.content + `</p:Response>`)
}

func TestCanonicalForm(t *testing.T) {
	b, signer := newBench(t), ecSigner()
	cert := b.certificate(signer)
	files := make([]string, len(awkward))
	jobs := make([][]string, len(awkward))
	for i, a := range awkward {
		files[i] = b.write(strings.ReplaceAll(a.name, " ", "-")+".xml", signedDocument(t, signer, a))
		jobs[i] = []string{"verify", cert, files[i]}
	}
	answers := b.santuario(jobs...)
	for i, a := range awkward {
		t.Run(a.name, func(t *testing.T) {
			if answers[i] != "ok" {
				t.Errorf("santuario: %s", answers[i])
			}
			if out, err := b.xmlsec1("--verify", "protocol:Response", "--trusted-pem", cert, files[i]); err != nil {
				t.Errorf("xmlsec1: %s", out)
			}
			if _, err := verify(b.read(files[i]), signer.certs(), noon); err != nil {
				t.Error(err)
			}
		})
	}
}

func signedDocument(t testing.TB, signer identity, a awkwardCase) []byte {
	t.Helper()
	root := parsed(t, a.document()).Root()
	o := signer.options(xmlsig.ECDSASHA256)
	o.PrefixList = strings.Fields(a.list)
	if err := xmlsig.Sign(root, "ID", o); err != nil {
		t.Fatalf("%s: %v", a.name, err)
	}
	return written(t, root)
}
