package xmlsig_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"

	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

func TestEncryptRefuses(t *testing.T) {
	good := xmlsig.EncryptOptions{Certificate: rsaSigner().cert}
	for _, c := range []struct {
		name string
		bend func(*etree.Element, *xmlsig.EncryptOptions)
		want error
	}{
		{"nobody to read it", func(_ *etree.Element, o *xmlsig.EncryptOptions) { o.Certificate = nil }, xmlsig.ErrCertificate},
		{"RSA of 1,024 bits", func(_ *etree.Element, o *xmlsig.EncryptOptions) { o.Certificate = shortSigner().cert }, xmlsig.ErrWeakKey},
		{"a curve", func(_ *etree.Element, o *xmlsig.EncryptOptions) { o.Certificate = ecSigner().cert }, xmlsig.ErrKey},
		{"no such transport", func(_ *etree.Element, o *xmlsig.EncryptOptions) { o.Transport = 2 }, xmlsig.ErrAlgorithm},
		{"a negative transport", func(_ *etree.Element, o *xmlsig.EncryptOptions) { o.Transport = -1 }, xmlsig.ErrAlgorithm},
		{"undeclared prefix", func(e *etree.Element, _ *xmlsig.EncryptOptions) { e.CreateElement("nowhere:x") }, xmlsig.ErrPrefix},
		{"control character", func(e *etree.Element, _ *xmlsig.EncryptOptions) { e.CreateText("\x1b") }, xmlsig.ErrMalformed},
		{"comment", func(e *etree.Element, _ *xmlsig.EncryptOptions) { e.CreateComment("x") }, xmlsig.ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, o := assertion(parsed(t, fixture(t, "response.xml")).Root()), good
			c.bend(e, &o)
			if data, err := xmlsig.Encrypt(e, o); !errors.Is(err, c.want) || data != nil {
				t.Errorf("%v, %v, want %v", data, err, c.want)
			}
		})
	}
}

// Two encryptions share neither key nor nonce, and leave the tree as it was.
func TestEncryptAnew(t *testing.T) {
	root := parsed(t, fixture(t, "response.xml")).Root()
	before, seen := written(t, root), map[string]bool{}
	for range 3 {
		data, err := xmlsig.Encrypt(assertion(root), xmlsig.EncryptOptions{Certificate: rsaSigner().cert})
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range data.FindElements(".//CipherValue") {
			for _, part := range []string{value.Text()[:16], value.Text()} {
				if seen[part] {
					t.Error("a value came twice")
				}
				seen[part] = true
			}
		}
	}
	if !bytes.Equal(before, written(t, root)) {
		t.Error("the tree was changed")
	}
}

// damages are done to an EncryptedData that can be read.
var damages = []struct{ name, old, new string }{
	{"AES in CBC", gcm256, xenc + "aes256-cbc"},
	{"Triple DES", gcm256, xenc + "tripledes-cbc"},
	{"a shorter key", gcm256, xenc11 + "aes128-gcm"},
	{"no algorithm", gcm256, ""},
	{"RSA of PKCS #1 v1.5", xenc + "rsa-oaep-mgf1p", xenc + "rsa-1_5"},
	{"key wrap", xenc + "rsa-oaep-mgf1p", xenc + "kw-aes256"},
	{"another digest", "http://www.w3.org/2000/09/xmldsig#sha1", sha256},
	{"an unknown digest", "http://www.w3.org/2000/09/xmldsig#sha1", more + "md5"},
	{"a label", `<ds:DigestMethod`, `<xenc:OAEPparams>AAAA</xenc:OAEPparams><ds:DigestMethod`},
	{"a mask where there is none", `</xenc:EncryptionMethod><ds:KeyInfo><ds:X509Data>`,
		`<m:MGF xmlns:m="` + xenc11 + `" Algorithm="` + xenc11 + `mgf1sha1"/></xenc:EncryptionMethod><ds:KeyInfo><ds:X509Data>`},
	{"the length of the key", `</xenc:EncryptionMethod><ds:KeyInfo xmlns`, `<xenc:KeySize>256</xenc:KeySize></xenc:EncryptionMethod><ds:KeyInfo xmlns`},
	{"content elsewhere", `<xenc:CipherValue>`, `<xenc:CipherReference URI="http://127.0.0.1/"/><xenc:CipherValue>`},
	{"two keys", `<xenc:EncryptedKey>`, `<xenc:EncryptedKey/><xenc:EncryptedKey>`},
	{"a key elsewhere", `<xenc:EncryptedKey>`, `<ds:RetrievalMethod URI="#k"/><xenc:EncryptedKey>`},
	{"another name", "xenc:EncryptedData", "xenc:EncryptedKey"},
	{"another namespace", `xmlns:xenc="` + xenc + `"`, `xmlns:xenc="urn:other"`},
	{"text", `<xenc:EncryptionMethod`, `x<xenc:EncryptionMethod`},
	{"not base64", `<xenc:CipherValue>`, `<xenc:CipherValue>!`},
	{"nothing", `<xenc:CipherValue>`, `<xenc:CipherValue/><xenc:Was>`},
}

// Row 24 of the past: however decryption fails, the error is one and the same and there is no content.
func TestPast24DecryptionTellsNothing(t *testing.T) {
	good := sealedText(t, parsed(t, fixture(t, "response.xml")).Root())
	notDecrypted(t, "another key", good, otherSigner())
	for _, d := range damages {
		changed := strings.ReplaceAll(good, d.old, d.new)
		if changed == good {
			t.Fatalf("%s: %q is not in the message", d.name, d.old)
		}
		if doc, err := xmlsig.Parse([]byte(changed)); err == nil {
			notDecrypted(t, d.name, string(written(t, doc.Root())), rsaSigner())
		} else if !errors.Is(err, xmlsig.ErrMalformed) {
			t.Errorf("%s: %v", d.name, err)
		}
	}
	for i := range 2 {
		for _, at := range []int{0, 11, 12, 40, -16, -1} {
			notDecrypted(t, "a bit changed", flipped(good, i, at), rsaSigner())
		}
	}
	for _, size := range []int{1, 12, 27, 28} {
		short := values.ReplaceAllString(good, "<xenc:CipherValue>"+base64.StdEncoding.EncodeToString(make([]byte, size))+"</xenc:CipherValue>")
		notDecrypted(t, "short", short, rsaSigner())
	}
}

var values = regexp.MustCompile(`<xenc:CipherValue>[^<]*</xenc:CipherValue>`)

func sealedText(t testing.TB, root *etree.Element) string {
	t.Helper()
	data, err := xmlsig.Encrypt(root, xmlsig.EncryptOptions{Certificate: rsaSigner().cert})
	if err != nil {
		t.Fatal(err)
	}
	return string(written(t, data))
}

// flipped changes one bit of one of the two cipher values; a negative place counts from its end.
func flipped(message string, which, at int) string {
	place := values.FindAllStringIndex(message, -1)[which]
	const tag = len("<xenc:CipherValue>")
	raw := must(base64.StdEncoding.DecodeString(message[place[0]+tag : place[1]-tag-1]))
	raw[(at+len(raw))%len(raw)] ^= 1
	return message[:place[0]+tag] + base64.StdEncoding.EncodeToString(raw) + message[place[1]-tag-1:]
}

func notDecrypted(t *testing.T, name, message string, reader identity) {
	t.Helper()
	doc, err := xmlsig.Decrypt(parsed(t, []byte(message)).Root(), decrypter(reader))
	if err != xmlsig.ErrDecrypt || doc != nil {
		t.Errorf("%s: %v, %v", name, doc, err)
	}
}

// Row 25 of the past: what is hidden in an encryption is read no less strictly than what is not.
func TestPast25EncryptedContentIsParsedStrictly(t *testing.T) {
	for _, content := range []string{
		`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>`, `<r>a<!-- -->b</r>`, `<r/><r/>`, `<nowhere:r/>`, `<r a="1" a="2"/>`, `text`, ``,
		strings.Repeat("<r>", 33) + strings.Repeat("</r>", 33), "<r>\xff</r>", `<r ID="a"><s ID="a"/></r>`,
	} {
		notDecrypted(t, content, sealedBytes(t, []byte(content)), rsaSigner())
	}
}

// An encrypted assertion that is put into a Response that another key signed, or none, verifies as what it is: nothing.
func TestPast23InjectedEncryptedAssertion(t *testing.T) {
	evil := sealedResponse(t, otherSigner(), rsaSigner(), xmlsig.OAEP)
	good := parsed(t, rsaSigner().signed(t, "response.xml", xmlsig.RSASHA256)).Root()
	good.AddChild(evil.SelectElement("EncryptedAssertion"))
	refused(t, written(t, good), xmlsig.ErrDigest)
	doc, err := xmlsig.Decrypt(encryptedData(good), decrypter(rsaSigner()))
	if err != nil {
		t.Fatal(err)
	}
	if root, err := xmlsig.Verify(doc, rsaSigner().certs(), noon); !errors.Is(err, xmlsig.ErrSignature) || root != nil {
		t.Errorf("%v, %v", root, err)
	}
}
