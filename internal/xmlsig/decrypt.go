package xmlsig

import (
	"crypto"

	"github.com/beevik/etree"
)

// Decrypt opens an EncryptedData that somebody made for this key, and reads what is in it as Parse would, with the prefixes that are in force where it
// stands (XML Encryption 1.1 §4.5.3). Who made it is not known yet: verify it. The content's key must be inside, in an EncryptedKey. Every failure is
// ErrDecrypt: what went wrong would tell a stranger about the content.
func Decrypt(e *etree.Element, key crypto.Decrypter) (*Document, error) {
	s, err := readSealed(e)
	if err != nil {
		return nil, ErrDecrypt
	}
	plain, err := s.open(key)
	if err != nil {
		return nil, ErrDecrypt
	}
	around, err := inherited(e)
	if err != nil {
		return nil, ErrDecrypt
	}
	doc, err := parse(plain, around)
	if err != nil {
		return nil, ErrDecrypt
	}
	return doc, nil
}

// sealed is what an EncryptedData says, once its shape is the only one we accept.
type sealed struct {
	keySize   int // of the content's algorithm, in bytes
	content   []byte
	transport oaep
	wrapped   []byte
}

func readSealed(e *etree.Element) (*sealed, error) {
	if !is(e, xencNamespace, "EncryptedData") {
		return nil, ErrShape
	}
	method, info, content, err := encrypted(e)
	if err != nil || info == nil {
		return nil, ErrShape
	}
	uri, err := algorithm(method)
	if err != nil {
		return nil, err
	}
	s := &sealed{keySize: contents[uri], content: content}
	if s.keySize == 0 {
		return nil, ErrAlgorithm
	}
	return s, s.readKey(info)
}

func (s *sealed) readKey(info *etree.Element) error {
	parts, err := elements(info)
	if err != nil || len(parts) != 1 || !is(parts[0], xencNamespace, "EncryptedKey") {
		return ErrShape
	}
	method, _, wrapped, err := encrypted(parts[0])
	if err != nil {
		return err
	}
	s.wrapped = wrapped
	s.transport, err = readTransport(method)
	return err
}

// encrypted takes apart what EncryptedData and EncryptedKey have in common: EncryptionMethod, perhaps KeyInfo, CipherData, and nothing else. A
// CipherReference would have us fetch.
func encrypted(e *etree.Element) (method, info *etree.Element, content []byte, err error) {
	parts, err := elements(e)
	if err != nil || len(parts) < 2 {
		return nil, nil, nil, ErrShape
	}
	method, parts = parts[0], parts[1:]
	if is(parts[0], dsigNamespace, "KeyInfo") {
		info, parts = parts[0], parts[1:]
	}
	if !is(method, xencNamespace, "EncryptionMethod") || len(parts) != 1 || !is(parts[0], xencNamespace, "CipherData") {
		return nil, nil, nil, ErrShape
	}
	values, err := elements(parts[0])
	if err != nil || len(values) != 1 || !is(values[0], xencNamespace, "CipherValue") {
		return nil, nil, nil, ErrShape
	}
	content, err = decoded(values[0])
	return method, info, content, err
}

// readTransport takes RSA-OAEP without a label. SHA-1 is the default of both its digests, and in rsa-oaep-mgf1p the mask knows nothing else.
func readTransport(method *etree.Element) (oaep, error) {
	uri, err := soleAttribute(method, "Algorithm")
	if err != nil {
		return oaep{}, err
	}
	t := oaep{uri, crypto.SHA1, crypto.SHA1}
	if uri != oaepMGF1P && uri != oaep11 {
		return oaep{}, ErrAlgorithm
	}
	parts, err := elements(method)
	if err != nil {
		return oaep{}, err
	}
	if len(parts) > 0 && is(parts[0], dsigNamespace, "DigestMethod") {
		if t.hash, err = parameter(parts[0], labelDigests); err != nil {
			return oaep{}, err
		}
		parts = parts[1:]
	}
	if len(parts) > 0 && uri == oaep11 && is(parts[0], xenc11Namespace, "MGF") {
		if t.mgf, err = parameter(parts[0], masks); err != nil {
			return oaep{}, err
		}
		parts = parts[1:]
	}
	if len(parts) > 0 {
		return oaep{}, ErrShape
	}
	return t, nil
}

func parameter(e *etree.Element, known map[string]crypto.Hash) (crypto.Hash, error) {
	uri, err := algorithm(e)
	if err != nil {
		return 0, err
	}
	if h, ok := known[uri]; ok {
		return h, nil
	}
	return 0, ErrAlgorithm
}

func (s *sealed) open(key crypto.Decrypter) ([]byte, error) {
	k, err := key.Decrypt(nil, s.wrapped, s.transport.options())
	if err != nil || len(k) != s.keySize {
		return nil, ErrDecrypt
	}
	content, err := gcm(k)
	if err != nil {
		return nil, err
	}
	return content.Open(nil, nil, s.content, nil)
}
