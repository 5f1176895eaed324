package xmlsig_test

import (
	"crypto"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"clave/internal/xmlsig"
)

const (
	c14n     = "http://www.w3.org/2001/10/xml-exc-c14n#"
	envelope = `<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>`
	method   = `<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256">`
	digest   = `<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256">`
)

// Changes to the signature itself; each must be refused before any key is tried, whoever made the signature.
var rewrites = []struct {
	name, old, new string
	want           error
}{
	{"SHA-1 signature", more + "rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1", xmlsig.ErrAlgorithm},
	{"MD5 signature", more + "rsa-sha256", more + "rsa-md5", xmlsig.ErrAlgorithm},
	{"DSA", more + "rsa-sha256", "http://www.w3.org/2000/09/xmldsig#dsa-sha1", xmlsig.ErrAlgorithm},
	{"HMAC with the public key as secret", more + "rsa-sha256", more + "hmac-sha256", xmlsig.ErrAlgorithm},
	{"HMAC-SHA1", more + "rsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1", xmlsig.ErrAlgorithm},
	{"no algorithm", `Algorithm="` + more + `rsa-sha256"`, `Algorithm=""`, xmlsig.ErrAlgorithm},
	{"algorithm attribute missing", method, `<ds:SignatureMethod>`, xmlsig.ErrShape},
	{"algorithm in a namespace", method, `<ds:SignatureMethod ds:Algorithm="` + more + `rsa-sha256">`, xmlsig.ErrShape},
	{"algorithm twice", method, `<ds:SignatureMethod Algorithm="` + more + `rsa-sha256" ds:Algorithm="x">`, xmlsig.ErrShape},
	{"HMACOutputLength", method, method + `<ds:HMACOutputLength>0</ds:HMACOutputLength>`, xmlsig.ErrShape},
	{"ECDSA with an RSA key", more + "rsa-sha256", more + "ecdsa-sha256", xmlsig.ErrKey},
	{"PSS instead of PKCS #1", more + "rsa-sha256", mgf1 + "sha256-rsa-MGF1", xmlsig.ErrSignature},
	{"SHA-1 digest", sha256, "http://www.w3.org/2000/09/xmldsig#sha1", xmlsig.ErrAlgorithm},
	{"MD5 digest", sha256, more + "md5", xmlsig.ErrAlgorithm},
	{"digest with parameters", digest, digest + `<ds:X/>`, xmlsig.ErrShape},
	{"canonicalisation #WithComments", `Method Algorithm="` + c14n, `Method Algorithm="` + c14n + "WithComments", xmlsig.ErrAlgorithm},
	{"transform #WithComments", `Transform Algorithm="` + c14n, `Transform Algorithm="` + c14n + "WithComments", xmlsig.ErrAlgorithm},
	{"inclusive canonicalisation", `Method Algorithm="` + c14n, `Method Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315`, xmlsig.ErrAlgorithm},
	{"not enveloped", envelope, "", xmlsig.ErrShape},
	{"enveloped twice", envelope, envelope + envelope, xmlsig.ErrShape},
	{"enveloped with parameters", envelope, strings.Replace(envelope, "><", "><ds:XPath/><", 1), xmlsig.ErrShape},
	{"XPath", envelope, `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/>`, xmlsig.ErrAlgorithm},
	{"XSLT", envelope, `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>`, xmlsig.ErrAlgorithm},
	{"base64", envelope, `<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/>`, xmlsig.ErrAlgorithm},
	{"another PrefixList", `PrefixList="eidas-natural xs"`, `PrefixList="eidas"`, xmlsig.ErrSignature},
	{"PrefixList to keep us busy", `PrefixList="`, `PrefixList="` + strings.Repeat("a ", 64), xmlsig.ErrTooMany},
	{"reference to everything", `URI="#_r"`, `URI=""`, xmlsig.ErrReference},
	{"reference to the assertion", `URI="#_r"`, `URI="#_s"`, xmlsig.ErrReference},
	{"reference by XPointer", `URI="#_r"`, `URI="#xpointer(/)"`, xmlsig.ErrReference},
	{"ID that reads as XPointer", `_r"`, `xpointer(/)"`, xmlsig.ErrReference},
	{"empty ID", `_r"`, `"`, xmlsig.ErrReference},
	{"another ID before the ID", ` ID="_r"`, ` Id="_evil" ID="_r"`, xmlsig.ErrReference},
	{"ID in a namespace", ` ID="_r"`, ` xml:id="_r"`, xmlsig.ErrReference},
	{"element among the transforms", `<ds:Transforms>`, `<ds:Transforms><x/>`, xmlsig.ErrShape},
	{"element in the PrefixList", `</ec:InclusiveNamespaces>`, `<x/></ec:InclusiveNamespaces>`, xmlsig.ErrShape},
	{"reference by XPointer id", `URI="#_r"`, `URI="#xpointer(id('_r'))"`, xmlsig.ErrReference},
	{"reference without URI", ` URI="#_r"`, "", xmlsig.ErrShape},
	{"reference with a type", `URI="#_r"`, `URI="#_r" Type="http://www.w3.org/2000/09/xmldsig#Object"`, xmlsig.ErrShape},
	{"second reference", "</ds:Reference>", `</ds:Reference><ds:Reference URI="#_s"/>`, xmlsig.ErrShape},
	{"no reference left", "ds:Reference", "ds:Manifest", xmlsig.ErrShape},
	{"empty signature value", "<ds:SignatureValue>", "<ds:SignatureValue/><ds:Was>", xmlsig.ErrMalformed},
	{"second SignedInfo", "</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>", xmlsig.ErrShape},
	{"second KeyInfo", "</ds:Signature>", "<ds:KeyInfo/></ds:Signature>", xmlsig.ErrShape},
	{"Object", "</ds:Signature>", "<ds:Object/></ds:Signature>", xmlsig.ErrShape},
	{"text in the signature", "<ds:SignedInfo>", "<ds:SignedInfo>x", xmlsig.ErrShape},
	{"element in the digest value", "</ds:DigestValue>", "<x/></ds:DigestValue>", xmlsig.ErrShape},
	{"comment in the digest value", "<ds:DigestValue>", "<ds:DigestValue><!--x-->", xmlsig.ErrComment},
	{"signature value not base64", "<ds:SignatureValue>", "<ds:SignatureValue>=", xmlsig.ErrShape},
	{"signature value too long", "<ds:SignatureValue>", "<ds:SignatureValue>AAAA", xmlsig.ErrSignature},
	{"digest value too long", "<ds:DigestValue>", "<ds:DigestValue>AAAA", xmlsig.ErrSignature},
	{"content changed", "00000000T", "11111111H", xmlsig.ErrDigest},
	{"comment in the content", "00000000T", "00000000T<!--x-->", xmlsig.ErrComment},
	{"attribute added to the root", `Version="2.0"`, `Version="2.0" x="y"`, xmlsig.ErrDigest},
}

func TestPast20RewrittenSignature(t *testing.T) {
	signed := string(rsaSigner().signed(t, "response.xml", xmlsig.RSASHA256))
	for _, r := range rewrites {
		t.Run(r.name, func(t *testing.T) {
			changed := strings.ReplaceAll(signed, r.old, r.new)
			if changed == signed {
				t.Fatalf("%q is not in the message", r.old)
			}
			refused(t, []byte(changed), r.want)
		})
	}
}

// A signature in DER is not r‖s; zeros are the signature that CVE-2022-21449 accepted from anyone.
func TestPast20ForgedECDSA(t *testing.T) {
	signer := ecSigner()
	signed := signer.signed(t, "request.xml", xmlsig.ECDSASHA256)
	genuine := must(base64.StdEncoding.DecodeString(signature(parsed(t, signed).Root()).SelectElement("SignatureValue").Text()))
	for name, value := range map[string][]byte{
		"zeros":    make([]byte, 64),
		"DER":      must(signer.key.Sign(nil, make([]byte, 32), crypto.SHA256)),
		"one byte": {1},
		"padded":   slices.Concat([]byte{0}, genuine[:32], []byte{0}, genuine[32:]),
		"swapped":  slices.Concat(genuine[32:], genuine[:32]),
	} {
		t.Run(name, func(t *testing.T) {
			root := parsed(t, signed).Root()
			signature(root).SelectElement("SignatureValue").SetText(base64.StdEncoding.EncodeToString(value))
			if got, err := verify(written(t, root), signer.certs(), noon); !errors.Is(err, xmlsig.ErrSignature) || got != nil {
				t.Errorf("got %v, %v, want %v", got, err, xmlsig.ErrSignature)
			}
		})
	}
}
