//go:build pkcs11

package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync/atomic"

	"github.com/miekg/pkcs11"
)

// tokenKey is a private key that never leaves its token.
type tokenKey struct {
	token  *token
	public crypto.PublicKey
	id     []byte
	handle atomic.Pointer[handle]
}

// handle is what a token calls a key, for as long as it stays open.
type handle struct {
	age    int
	object pkcs11.ObjectHandle
}

func (k *tokenKey) Public() crypto.PublicKey { return k.public }

// Sign signs a digest: RSASSA-PKCS1-v1_5, or ECDSA in the DER that Go has it in.
func (k *tokenKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) (signature []byte, err error) {
	mechanism, input := uint(pkcs11.CKM_ECDSA), digest
	if _, ok := k.public.(*rsa.PublicKey); ok {
		prefix, known := digestInfo[opts.HashFunc()]
		if _, pss := opts.(*rsa.PSSOptions); pss || !known || len(digest) != opts.HashFunc().Size() {
			return nil, errors.New("keyring: the token signs RSASSA-PKCS1-v1_5 with SHA-2 only")
		}
		mechanism, input = pkcs11.CKM_RSA_PKCS, append([]byte(prefix), digest...)
	}
	err = k.token.use(func(s pkcs11.SessionHandle, age int) error {
		object, err := k.find(s, age)
		if err != nil {
			return err
		}
		if err := k.token.library.SignInit(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, object); err != nil {
			return err
		}
		signature, err = k.token.library.Sign(s, input)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if mechanism == pkcs11.CKM_ECDSA {
		return derOf(signature)
	}
	return signature, nil
}

func (k *tokenKey) find(s pkcs11.SessionHandle, age int) (pkcs11.ObjectHandle, error) {
	if h := k.handle.Load(); h != nil && h.age == age {
		return h.object, nil
	}
	object, err := k.token.object(s, pkcs11.CKO_PRIVATE_KEY, k.id)
	if err == nil {
		k.handle.Store(&handle{age, object})
	}
	return object, err
}

// digestInfo is what RSASSA-PKCS1-v1_5 puts before a digest (RFC 8017 §9.2, note 1).
var digestInfo = map[crypto.Hash]string{
	crypto.SHA256: "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
	crypto.SHA384: "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
	crypto.SHA512: "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
}

// derOf is an ECDSA signature, which PKCS #11 has as r and s one after the other.
func derOf(raw []byte) ([]byte, error) {
	if len(raw) == 0 || len(raw)%2 != 0 {
		return nil, fmt.Errorf("%w: a signature of %d bytes", ErrToken, len(raw))
	}
	half := len(raw) / 2
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])})
}

func (t *token) signer(public crypto.PublicKey) (crypto.Signer, error) {
	id, err := idOf(public)
	if err != nil {
		return nil, err
	}
	k := &tokenKey{token: t, public: public, id: id}
	err = t.use(func(s pkcs11.SessionHandle, age int) error {
		_, err := k.find(s, age)
		return err
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// idOf is the CKA_ID of a key: what Signing.ID spells out.
func idOf(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	return sum[:idSize], nil
}

func (t *token) draw(name string) (crypto.Signer, error) {
	var public crypto.PublicKey
	err := t.use(func(s pkcs11.SessionHandle, _ int) error {
		object, err := t.generate(s, name, nil, pkcs11.CKA_VERIFY, pkcs11.CKA_SIGN)
		if err != nil {
			return err
		}
		read := t.rsaKey
		if name == "oidc" {
			read = t.ecKey
		}
		public, err = read(s, object)
		return err
	})
	if err != nil {
		return nil, err
	}
	return t.signer(public)
}

// generate makes a pair that stays in the token, of the algorithm of a signing key's name; without an id it gets the one that follows from it.
func (t *token) generate(s pkcs11.SessionHandle, name string, id []byte, publicUse, privateUse uint) (pkcs11.ObjectHandle, error) {
	mechanism := uint(pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN)
	public := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(publicUse, true)}
	if name == "oidc" {
		curve, err := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}) // P-256
		if err != nil {
			return 0, err
		}
		mechanism, public = pkcs11.CKM_EC_KEY_PAIR_GEN, append(public, pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, curve))
	} else {
		public = append(public, pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, rsaBits),
			pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}))
	}
	private := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true), pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false), pkcs11.NewAttribute(privateUse, true),
	}
	pub, priv, err := t.library.GenerateKeyPair(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, public, private)
	if err != nil {
		return 0, err
	}
	if id == nil {
		if id, err = t.ownID(s, name, pub); err != nil {
			return 0, err
		}
	}
	named := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, id), pkcs11.NewAttribute(pkcs11.CKA_LABEL, "clave "+name)}
	return pub, errors.Join(t.library.SetAttributeValue(s, pub, named), t.library.SetAttributeValue(s, priv, named))
}

func (t *token) ownID(s pkcs11.SessionHandle, name string, object pkcs11.ObjectHandle) ([]byte, error) {
	read := t.rsaKey
	if name == "oidc" {
		read = t.ecKey
	}
	public, err := read(s, object)
	if err != nil {
		return nil, err
	}
	return idOf(public)
}

func (t *token) rsaKey(s pkcs11.SessionHandle, object pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	got, err := t.library.GetAttributeValue(s, object,
		[]*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_MODULUS, nil), pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, nil)})
	if err != nil {
		return nil, err
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(got[0].Value), E: int(new(big.Int).SetBytes(got[1].Value).Int64())}, nil
}

func (t *token) ecKey(s pkcs11.SessionHandle, object pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	got, err := t.library.GetAttributeValue(s, object, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, nil)})
	if err != nil {
		return nil, err
	}
	var point []byte
	if rest, err := asn1.Unmarshal(got[0].Value, &point); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("%w as expected: its P-256 key is no point", ErrToken)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}
