package xmlsig

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"

	"github.com/beevik/etree"
)

// A Transport names how the key of encrypted content reaches its reader; the content itself is always AES-256-GCM.
type Transport int

// The transports that we encrypt with. RSA of PKCS #1 v1.5 is not among them, nor is content in CBC: both tell whoever may ask often enough what is in
// them (Bleichenbacher 1998, Jager and Somorovsky 2011).
const (
	OAEP       Transport = iota // rsa-oaep-mgf1p with SHA-1, which OAEP does not need to resist collisions (RFC 8017 §B.1): all services know it
	OAEPSHA256                  // xmlenc11#rsa-oaep with SHA-256 for digest and mask: eIDAS 1.4 knows no other
)

// EncryptOptions say for whom an element is encrypted.
type EncryptOptions struct {
	Certificate *x509.Certificate // of the reader: RSA of 2,048 bits or more. Whether it is still valid is for the caller to say.
	Transport   Transport         // OAEP unless said otherwise
	PrefixList  []string          // InclusiveNamespaces, as SignOptions has it: the content leaves the tree with them declared
}

// Encrypt returns an EncryptedData (XML Encryption 1.1) with an element of a tree in it, and its key in an EncryptedKey. The tree is as before. What was
// signed with the same PrefixList can be verified where it comes out.
func Encrypt(e *etree.Element, o EncryptOptions) (*etree.Element, error) {
	reader, err := o.reader()
	if err != nil {
		return nil, err
	}
	if err := check(e); err != nil {
		return nil, err
	}
	plain, err := canonical(e, o.PrefixList, nil)
	if err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	rand.Read(key)
	content, err := gcm(key)
	if err != nil {
		return nil, err
	}
	wrapped, err := rsa.EncryptOAEPWithOptions(rand.Reader, reader, key, transports[o.Transport].options())
	if err != nil {
		return nil, err
	}
	return o.encryptedData(content.Seal(nil, nil, plain, nil), wrapped), nil
}

func (o EncryptOptions) reader() (*rsa.PublicKey, error) {
	switch {
	case o.Transport < 0 || int(o.Transport) >= len(transports):
		return nil, ErrAlgorithm
	case o.Certificate == nil:
		return nil, ErrCertificate
	}
	reader, ok := o.Certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, ErrKey
	}
	return reader, CheckKey(reader)
}

// gcm is AES in Galois counter mode as XML Encryption 1.1 §5.2.4 wants it: a nonce of 96 bits first, the tag last.
func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// encryptedData names the reader's certificate, so that one whose key is changing need not try both.
func (o EncryptOptions) encryptedData(content, wrapped []byte) *etree.Element {
	data := etree.NewElement("xenc:EncryptedData")
	data.CreateAttr("xmlns:xenc", xencNamespace)
	data.CreateAttr("Type", xencNamespace+"Element")
	data.CreateElement("xenc:EncryptionMethod").CreateAttr("Algorithm", aes256)
	info := data.CreateElement("ds:KeyInfo")
	info.CreateAttr("xmlns:ds", dsigNamespace)
	key := info.CreateElement("xenc:EncryptedKey")
	transports[o.Transport].describe(key.CreateElement("xenc:EncryptionMethod"))
	key.CreateElement("ds:KeyInfo").CreateElement("ds:X509Data").CreateElement("ds:X509Certificate").SetText(base64.StdEncoding.EncodeToString(o.Certificate.Raw))
	cipherValue(key, wrapped)
	cipherValue(data, content)
	return data
}

func cipherValue(parent *etree.Element, b []byte) {
	parent.CreateElement("xenc:CipherData").CreateElement("xenc:CipherValue").SetText(base64.StdEncoding.EncodeToString(b))
}

// oaep is one way to use RSA-OAEP: the first of the two digests is that of the (empty) label, the second makes the mask.
type oaep struct {
	uri       string
	hash, mgf crypto.Hash
}

var transports = [...]oaep{
	OAEP:       {oaepMGF1P, crypto.SHA1, crypto.SHA1},
	OAEPSHA256: {oaep11, crypto.SHA256, crypto.SHA256},
}

func (t oaep) options() *rsa.OAEPOptions { return &rsa.OAEPOptions{Hash: t.hash, MGFHash: t.mgf} }

// describe writes the parameters out: what their defaults are, not all readers agree.
func (t oaep) describe(method *etree.Element) {
	method.CreateAttr("Algorithm", t.uri)
	method.CreateElement("ds:DigestMethod").CreateAttr("Algorithm", uriOf(labelDigests, t.hash))
	if t.uri == oaep11 {
		mask := method.CreateElement("xenc11:MGF")
		mask.CreateAttr("xmlns:xenc11", xenc11Namespace)
		mask.CreateAttr("Algorithm", uriOf(masks, t.mgf))
	}
}

const (
	xencNamespace   = "http://www.w3.org/2001/04/xmlenc#"
	xenc11Namespace = "http://www.w3.org/2009/xmlenc11#"
	oaepMGF1P       = xencNamespace + "rsa-oaep-mgf1p"
	oaep11          = xenc11Namespace + "rsa-oaep"
	aes256          = xenc11Namespace + "aes256-gcm"
)

// contents are the algorithms of content that Decrypt reads, with the length of their keys in bytes.
var contents = map[string]int{xenc11Namespace + "aes128-gcm": 16, xenc11Namespace + "aes192-gcm": 24, aes256: 32}

// labelDigests and masks are the parameters of RSA-OAEP that Decrypt reads (XML Encryption 1.1 §5.5.2).
var (
	labelDigests = map[string]crypto.Hash{
		"http://www.w3.org/2000/09/xmldsig#sha1":        crypto.SHA1,
		"http://www.w3.org/2001/04/xmlenc#sha256":       crypto.SHA256,
		"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
		"http://www.w3.org/2001/04/xmlenc#sha512":       crypto.SHA512,
	}
	masks = map[string]crypto.Hash{
		xenc11Namespace + "mgf1sha1":   crypto.SHA1,
		xenc11Namespace + "mgf1sha256": crypto.SHA256,
		xenc11Namespace + "mgf1sha384": crypto.SHA384,
		xenc11Namespace + "mgf1sha512": crypto.SHA512,
	}
)
