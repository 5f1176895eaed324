package xmlsig_test

import (
	"crypto/ecdsa"
	"fmt"
	"strings"
	"testing"

	"clave/internal/xmlsig"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	more   = "http://www.w3.org/2001/04/xmldsig-more#"
	mgf1   = "http://www.w3.org/2007/05/xmldsig-more#"
	sha256 = "http://www.w3.org/2001/04/xmlenc#sha256"
	sha384 = "http://www.w3.org/2001/04/xmldsig-more#sha384"
	sha512 = "http://www.w3.org/2001/04/xmlenc#sha512"
)

// Every algorithm, with a key of its kind.
var algorithms = []struct {
	name      string
	algorithm xmlsig.Algorithm
	signer    func() identity
	uri       string
	digest    string
	xmlsec1   bool // Debian's xmlsec1 1.2.37 knows no RSA-PSS
}{
	{"RSA-SHA512", xmlsig.RSASHA512, rsaSigner, more + "rsa-sha512", sha512, true},
	{"RSA-SHA256", xmlsig.RSASHA256, rsaSigner, more + "rsa-sha256", sha256, true},
	{"RSA-SHA384", xmlsig.RSASHA384, rsaSigner, more + "rsa-sha384", sha384, true},
	{"RSA-PSS-SHA256", xmlsig.RSAPSSSHA256, rsaSigner, mgf1 + "sha256-rsa-MGF1", sha256, false},
	{"RSA-PSS-SHA384", xmlsig.RSAPSSSHA384, rsaSigner, mgf1 + "sha384-rsa-MGF1", sha384, false},
	{"RSA-PSS-SHA512", xmlsig.RSAPSSSHA512, rsaSigner, mgf1 + "sha512-rsa-MGF1", sha512, false},
	{"ECDSA-SHA256", xmlsig.ECDSASHA256, ecSigner, more + "ecdsa-sha256", sha256, true},
	{"ECDSA-SHA384", xmlsig.ECDSASHA384, p384Signer, more + "ecdsa-sha384", sha384, true},
	{"ECDSA-SHA512", xmlsig.ECDSASHA512, p521Signer, more + "ecdsa-sha512", sha512, true},
}

func TestSignVerify(t *testing.T) {
	for _, a := range algorithms {
		for _, file := range []string{"response.xml", "request.xml"} {
			t.Run(a.name+"/"+file, func(t *testing.T) {
				signer := a.signer()
				root, err := verify(signer.signed(t, file, a.algorithm), signer.certs(), noon)
				if err != nil {
					t.Fatal(err)
				}
				if root.SelectElement("Signature") != nil || root.SelectElement("Issuer") == nil {
					t.Error("want the signed content without its signature")
				}
			})
		}
	}
}

func TestXmlsec1VerifiesOurs(t *testing.T) {
	for _, a := range algorithms {
		if !a.xmlsec1 {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			b, signer := newBench(t), a.signer()
			good := signer.signed(t, "response.xml", a.algorithm)
			bad := []byte(strings.Replace(string(good), "00000000T", "00000001R", 1))
			args := []string{"--trusted-pem", b.certificate(signer)}
			if out, err := b.xmlsec1("--verify", "protocol:Response", append(args, b.write("good.xml", good))...); err != nil {
				t.Error(out)
			}
			if _, err := b.xmlsec1("--verify", "protocol:Response", append(args, b.write("bad.xml", bad))...); err == nil {
				t.Error("the judge accepts a changed message: it judges nothing")
			}
		})
	}
}

func TestWeVerifyXmlsec1(t *testing.T) {
	for _, a := range algorithms {
		if !a.xmlsec1 {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			b, signer := newBench(t), a.signer()
			keys := b.keyPEM(signer) + "," + b.certificate(signer)
			template := b.write("template.xml", unsignedTemplate(t, a.uri, a.digest))
			if out, err := b.xmlsec1("--sign", "protocol:AuthnRequest", "--privkey-pem", keys, "--output", b.dir+"/signed.xml", template); err != nil {
				t.Fatal(out)
			}
			signed := b.read(b.dir + "/signed.xml")
			if _, err := verify(signed, signer.certs(), noon); err != nil {
				t.Errorf("%v\n%s", err, signed)
			}
		})
	}
}

// unsignedTemplate puts an empty signature, for xmlsec1 to fill, into the request.
func unsignedTemplate(t *testing.T, method, digest string) []byte {
	const signature = `</saml2:Issuer><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
<ds:SignedInfo>
 <ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
 <ds:SignatureMethod Algorithm="%s"/>
 <ds:Reference URI="#_a1">
  <ds:Transforms>
   <ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
   <ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="eidas-natural xs #default"/></ds:Transform>
  </ds:Transforms>
  <ds:DigestMethod Algorithm="%s"/><ds:DigestValue/>
 </ds:Reference>
</ds:SignedInfo>
<ds:SignatureValue/>
<ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>`
	request := string(fixture(t, "request.xml"))
	return []byte(strings.Replace(request, "</saml2:Issuer>", fmt.Sprintf(signature, method, digest), 1))
}

func TestSantuario(t *testing.T) {
	var jobs [][]string
	for _, a := range algorithms {
		b, signer := newBench(t), a.signer()
		kind := "RSA"
		if _, ok := signer.key.Public().(*ecdsa.PublicKey); ok {
			kind = "EC"
		}
		cert, key := b.certificate(signer), b.keyDER(signer)
		ours := b.write("ours.xml", signer.signed(t, "response.xml", a.algorithm))
		plain, theirs := b.write("plain.xml", fixture(t, "request.xml")), b.dir+"/theirs.xml"
		jobs = append(jobs,
			[]string{"verify", cert, ours},
			[]string{"sign", key, kind, cert, a.uri, a.digest, "eidas-natural", plain, theirs})
	}
	b := newBench(t)
	answers := b.santuario(jobs...)
	for i, a := range algorithms {
		t.Run(a.name, func(t *testing.T) {
			if verified := answers[2*i]; verified != "ok" {
				t.Errorf("our signature: %s", verified)
			}
			if signed := answers[2*i+1]; signed != "ok" {
				t.Fatalf("theirs: %s", signed)
			}
			if _, err := verify(b.read(jobs[2*i+1][8]), a.signer().certs(), noon); err != nil {
				t.Errorf("their signature: %v", err)
			}
		})
	}
}

// goxmldsig is what most Go services verify with; it knows neither RSA-PSS nor r‖s.
func TestGoxmldsigVerifiesOurs(t *testing.T) {
	for _, a := range algorithms[:3] {
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(a.signer().signed(t, "response.xml", a.algorithm)); err != nil {
			t.Fatal(err)
		}
		context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: a.signer().certs()})
		if _, err := context.Validate(doc.Root()); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
	}
}
