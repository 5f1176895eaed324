package xmlsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"math/big"
)

// An Algorithm names how a signature is made; the digest of the content uses the same hash.
type Algorithm int

// The algorithms of RFC 9231 that we sign with and accept. No SHA-1, and no HMAC: with it a public certificate would be the key.
const (
	RSASHA512 Algorithm = iota // what Cl@ve sends
	RSASHA256
	RSASHA384
	RSAPSSSHA256 // RSASSA-PSS, MGF1 with the same hash, salt as long as the hash
	RSAPSSSHA384
	RSAPSSSHA512
	ECDSASHA256
	ECDSASHA384
	ECDSASHA512
)

type scheme int

const (
	rsaPKCS1 scheme = iota
	rsaPSS
	ecdsaPair
)

type method struct {
	uri    string
	scheme scheme
	hash   crypto.Hash
}

var methods = [...]method{
	RSASHA512:    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", rsaPKCS1, crypto.SHA512},
	RSASHA256:    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", rsaPKCS1, crypto.SHA256},
	RSASHA384:    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", rsaPKCS1, crypto.SHA384},
	RSAPSSSHA256: {"http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", rsaPSS, crypto.SHA256},
	RSAPSSSHA384: {"http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", rsaPSS, crypto.SHA384},
	RSAPSSSHA512: {"http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", rsaPSS, crypto.SHA512},
	ECDSASHA256:  {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", ecdsaPair, crypto.SHA256},
	ECDSASHA384:  {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", ecdsaPair, crypto.SHA384},
	ECDSASHA512:  {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", ecdsaPair, crypto.SHA512},
}

var digests = map[string]crypto.Hash{
	"http://www.w3.org/2001/04/xmlenc#sha256":       crypto.SHA256,
	"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
	"http://www.w3.org/2001/04/xmlenc#sha512":       crypto.SHA512,
}

func methodNamed(uri string) (method, error) {
	for _, m := range methods {
		if m.uri == uri {
			return m, nil
		}
	}
	return method{}, ErrAlgorithm
}

func digestURI(h crypto.Hash) string { return uriOf(digests, h) }

func uriOf(names map[string]crypto.Hash, h crypto.Hash) string {
	for uri, hash := range names {
		if hash == h {
			return uri
		}
	}
	return ""
}

func sum(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}

// CheckKey refuses a public key that we would never take: neither RSA nor a curve (ErrKey), or below 2,048 bits for RSA, 256 for curves (ErrWeakKey).
func CheckKey(key crypto.PublicKey) error {
	bits, least := 0, 0
	switch k := key.(type) {
	case *rsa.PublicKey:
		bits, least = k.N.BitLen(), 2048
	case *ecdsa.PublicKey:
		bits, least = k.Curve.Params().BitSize, 256
	default:
		return ErrKey
	}
	if bits < least {
		return ErrWeakKey
	}
	return nil
}

// fits refuses also a key of another kind than the method's.
func (m method) fits(key crypto.PublicKey) error {
	if _, curve := key.(*ecdsa.PublicKey); curve != (m.scheme == ecdsaPair) {
		return ErrKey
	}
	return CheckKey(key)
}

// verifies tells whether the key, which fits, signed the message.
func (m method) verifies(key crypto.PublicKey, message, signature []byte) bool {
	digest := sum(m.hash, message)
	switch k := key.(type) {
	case *rsa.PublicKey:
		if m.scheme == rsaPSS {
			return rsa.VerifyPSS(k, m.hash, digest, signature, m.pss()) == nil
		}
		return rsa.VerifyPKCS1v15(k, m.hash, digest, signature) == nil
	case *ecdsa.PublicKey:
		r, s, ok := halves(k, signature)
		return ok && ecdsa.Verify(k, digest, r, s)
	}
	return false
}

// halves splits r‖s. Santuario 2.1 leaves out zeros that both halves begin with: one P-521 signature in four is short.
func halves(k *ecdsa.PublicKey, signature []byte) (r, s *big.Int, ok bool) {
	n := len(signature) / 2
	if len(signature)%2 != 0 || n > pairSize(k) {
		return nil, nil, false
	}
	return new(big.Int).SetBytes(signature[:n]), new(big.Int).SetBytes(signature[n:]), true
}

func (m method) sign(signer crypto.Signer, message []byte) ([]byte, error) {
	var opts crypto.SignerOpts = m.hash
	if m.scheme == rsaPSS {
		opts = m.pss()
	}
	signature, err := signer.Sign(rand.Reader, sum(m.hash, message), opts)
	if err != nil || m.scheme != ecdsaPair {
		return signature, err
	}
	return pair(signer.Public().(*ecdsa.PublicKey), signature)
}

func (m method) pss() *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: m.hash}
}

// pairSize is the length in bytes of each half of r‖s (XML Signature 1.1 §6.4.3).
func pairSize(k *ecdsa.PublicKey) int { return (k.Curve.Params().BitSize + 7) / 8 }

// pair turns the DER that Go and hardware sign with into r‖s.
func pair(k *ecdsa.PublicKey, der []byte) ([]byte, error) {
	var rs struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &rs); err != nil || len(rest) > 0 {
		return nil, ErrSignature
	}
	size := pairSize(k)
	out := make([]byte, 2*size)
	rs.R.FillBytes(out[:size])
	rs.S.FillBytes(out[size:])
	return out, nil
}
