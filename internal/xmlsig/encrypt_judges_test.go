package xmlsig_test

import (
	"bytes"
	"crypto"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"strings"
	"testing"

	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

const (
	xenc   = "http://www.w3.org/2001/04/xmlenc#"
	xenc11 = "http://www.w3.org/2009/xmlenc11#"
	gcm256 = xenc11 + "aes256-gcm"
)

// transports that we encrypt with, and who reads them: Debian's xmlsec1 and npm xml-encryption know OAEP with SHA-1 only.
var transports = []struct {
	name      string
	transport xmlsig.Transport
	few       bool
}{{"rsa-oaep-mgf1p", xmlsig.OAEP, false}, {"rsa-oaep SHA-256", xmlsig.OAEPSHA256, true}}

// sealedResponse is the Response with its assertion signed, encrypted for a reader and in the assertion's place.
func sealedResponse(t testing.TB, signer, reader identity, transport xmlsig.Transport) *etree.Element {
	t.Helper()
	root := parsed(t, fixture(t, "response.xml")).Root()
	if err := xmlsig.Sign(assertion(root), "ID", signer.options(xmlsig.RSASHA256)); err != nil {
		t.Fatal(err)
	}
	o := xmlsig.EncryptOptions{Certificate: reader.cert, Transport: transport, PrefixList: []string{"eidas-natural", "xs"}}
	data, err := xmlsig.Encrypt(assertion(root), o)
	if err != nil {
		t.Fatal(err)
	}
	place := assertion(root).Index()
	root.RemoveChildAt(place)
	sealed := etree.NewElement("saml2:EncryptedAssertion")
	sealed.AddChild(data)
	root.InsertChildAt(place, sealed)
	return root
}

func encryptedData(root *etree.Element) *etree.Element { return root.FindElement(".//EncryptedData") }

func decrypter(i identity) crypto.Decrypter { return i.key.(crypto.Decrypter) }

// What every judge must bring out: the assertion, whose own signature still verifies, alone or in the Response.
func wantAssertion(t *testing.T, signer identity, message []byte) {
	t.Helper()
	doc := parsed(t, message)
	if doc.Root().Tag != "Assertion" {
		doc = parsed(t, alone(t, doc.Root().FindElement(".//Assertion")))
	}
	root, err := xmlsig.Verify(doc, signer.certs(), noon)
	if err != nil {
		t.Fatalf("%v\n%s", err, message)
	}
	if got := root.FindElement(".//NameID").Text(); got != "00000000T" {
		t.Errorf("NameID %q", got)
	}
}

// alone writes an element as a document of its own, with the declarations that it inherited.
func alone(t *testing.T, e *etree.Element) []byte {
	t.Helper()
	root := e.Copy()
	for around := e.Parent(); around != nil; around = around.Parent() {
		for _, a := range around.Attr {
			if a.Space == "xmlns" && root.SelectAttr(a.FullKey()) == nil {
				root.CreateAttr(a.FullKey(), a.Value)
			}
		}
	}
	return written(t, root)
}

func TestDecryptsOurs(t *testing.T) {
	for _, c := range transports {
		t.Run(c.name, func(t *testing.T) {
			message := written(t, sealedResponse(t, rsaSigner(), otherSigner(), c.transport))
			if bytes.Contains(message, []byte("00000000T")) {
				t.Fatal("the NIF can be read")
			}
			doc, err := xmlsig.Decrypt(encryptedData(parsed(t, message).Root()), decrypter(otherSigner()))
			if err != nil {
				t.Fatal(err)
			}
			wantAssertion(t, rsaSigner(), written(t, doc.Root()))
		})
	}
}

func TestXmlsec1Decrypts(t *testing.T) {
	b := newBench(t)
	file := b.write("sealed.xml", written(t, sealedResponse(t, rsaSigner(), otherSigner(), xmlsig.OAEP)))
	opened := b.dir + "/opened.xml"
	if out, err := b.xmlsec1("--decrypt", "protocol:Response", "--privkey-pem", b.keyPEM(otherSigner()), "--output", opened, file); err != nil {
		t.Fatal(out)
	}
	wantAssertion(t, rsaSigner(), b.read(opened))
	if _, err := b.xmlsec1("--decrypt", "protocol:Response", "--privkey-pem", b.keyPEM(rsaSigner()), file); err == nil {
		t.Error("the judge opens what is not for its key: it judges nothing")
	}
}

// foreign are the ways in which Santuario encrypts and we must read.
var foreign = []struct{ content, bits, transport, digest, mask string }{
	{gcm256, "256", xenc + "rsa-oaep-mgf1p", "-", "-"},
	{gcm256, "256", xenc + "rsa-oaep-mgf1p", xenc + "sha256", "-"},
	{gcm256, "256", xenc11 + "rsa-oaep", xenc + "sha256", xenc11 + "mgf1sha256"},
	{gcm256, "256", xenc11 + "rsa-oaep", xenc + "sha512", xenc11 + "mgf1sha1"},
	{gcm256, "256", xenc11 + "rsa-oaep", more + "sha384", xenc11 + "mgf1sha384"},
	{xenc11 + "aes128-gcm", "128", xenc11 + "rsa-oaep", xenc + "sha256", "-"},
	{xenc11 + "aes192-gcm", "192", xenc + "rsa-oaep-mgf1p", "-", "-"},
}

func TestSantuarioEncryption(t *testing.T) {
	b := newBench(t)
	root := parsed(t, fixture(t, "response.xml")).Root()
	if err := xmlsig.Sign(assertion(root), "ID", rsaSigner().options(xmlsig.RSASHA256)); err != nil {
		t.Fatal(err)
	}
	plain, cert, key := b.write("plain.xml", written(t, root)), b.certificate(otherSigner()), b.keyDER(otherSigner())
	var jobs [][]string
	for i, c := range transports {
		file := b.write(string(rune('A'+i))+".xml", written(t, sealedResponse(t, rsaSigner(), otherSigner(), c.transport)))
		jobs = append(jobs, []string{"decrypt", key, file, file + ".open"})
	}
	for i, f := range foreign {
		jobs = append(jobs, []string{"encrypt", cert, f.content, f.bits, f.transport, f.digest, f.mask, plain, b.dir + "/" + string(rune('a'+i)) + ".sealed"})
	}
	for i, answer := range b.santuario(jobs...) {
		if answer != "ok" {
			t.Errorf("%v: %s", jobs[i], answer)
			continue
		}
		message := b.read(jobs[i][len(jobs[i])-1])
		if jobs[i][0] == "encrypt" {
			doc, err := xmlsig.Decrypt(encryptedData(parsed(t, message).Root()), decrypter(otherSigner()))
			if err != nil {
				t.Errorf("%v: %v\n%s", jobs[i], err, message)
				continue
			}
			message = written(t, doc.Root())
		}
		wantAssertion(t, rsaSigner(), message)
	}
}

func TestXMLEncryption(t *testing.T) {
	b := newBench(t)
	reader := otherSigner()
	key, cert := string(b.read(b.keyPEM(reader))), string(b.read(b.certificate(reader)))
	ours := string(written(t, sealedResponse(t, rsaSigner(), reader, xmlsig.OAEP)))
	root := parsed(t, fixture(t, "response.xml")).Root()
	if err := xmlsig.Sign(assertion(root), "ID", rsaSigner().options(xmlsig.RSASHA256)); err != nil {
		t.Fatal(err)
	}
	answers := xmlEncryption(t, []map[string]string{
		{"decrypt": ours, "key": key},
		{"decrypt": ours, "key": string(b.read(b.keyPEM(rsaSigner())))},
		{"encrypt": string(alone(t, assertion(root))), "public": publicPEM(reader), "certificate": cert, "content": gcm256, "transport": xenc + "rsa-oaep-mgf1p"},
		{"encrypt": string(alone(t, assertion(root))), "public": publicPEM(reader), "certificate": cert, "content": xenc + "aes256-cbc", "transport": xenc + "rsa-oaep-mgf1p"},
	})
	wantAssertion(t, rsaSigner(), []byte(answers[0]))
	if !strings.HasPrefix(answers[1], "refused: ") {
		t.Error("the judge opens what is not for its key: it judges nothing")
	}
	doc, err := xmlsig.Decrypt(parsed(t, []byte(answers[2])).Root(), decrypter(reader))
	if err != nil {
		t.Fatal(err)
	}
	wantAssertion(t, rsaSigner(), written(t, doc.Root()))
	if _, err := xmlsig.Decrypt(parsed(t, []byte(answers[3])).Root(), decrypter(reader)); err != xmlsig.ErrDecrypt {
		t.Errorf("AES in CBC: %v", err)
	}
}

func publicPEM(i identity) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: i.cert.RawSubjectPublicKeyInfo}))
}

func xmlEncryption(t *testing.T, jobs []map[string]string) (answers []string) {
	t.Helper()
	const folder = "../../stories/browser"
	if _, err := os.Stat(folder + "/node_modules/xml-encryption"); err != nil {
		t.Fatal("xml-encryption is missing: npm ci in stories/browser")
	}
	cmd := exec.CommandContext(t.Context(), "node", "testdata/xmlenc.mjs", folder)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(must(json.Marshal(jobs))), os.Stderr
	if err := json.Unmarshal(must(cmd.Output()), &answers); err != nil {
		t.Fatal(err)
	}
	return answers
}
