//go:build pkcs11

package keyring

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/miekg/pkcs11"
)

// wrappingID names the key that master keys are encrypted to.
var wrappingID = []byte("clave masters")

func (t *token) wrapping() (*rsa.PublicKey, error) {
	var public crypto.PublicKey
	err := t.use(func(s pkcs11.SessionHandle, _ int) error {
		object, err := t.object(s, pkcs11.CKO_PUBLIC_KEY, wrappingID)
		if errors.Is(err, errNoKey) {
			object, err = t.generate(s, "saml", wrappingID, pkcs11.CKA_ENCRYPT, pkcs11.CKA_DECRYPT)
		}
		if err != nil {
			return err
		}
		public, err = t.rsaKey(s, object)
		return err
	})
	if err != nil {
		return nil, err
	}
	return public.(*rsa.PublicKey), nil
}

func (t *token) unwrap(wrapped []byte) (plain []byte, err error) {
	err = t.use(func(s pkcs11.SessionHandle, _ int) error {
		key, err := t.object(s, pkcs11.CKO_PRIVATE_KEY, wrappingID)
		if err != nil {
			return err
		}
		oaep := pkcs11.NewOAEPParams(pkcs11.CKM_SHA_1, pkcs11.CKG_MGF1_SHA1, pkcs11.CKZ_DATA_SPECIFIED, nil)
		if err := t.library.DecryptInit(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_OAEP, oaep)}, key); err != nil {
			return err
		}
		plain, err = t.library.Decrypt(s, wrapped)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open a master key: %w", err)
	}
	return bytes.Clone(plain), nil
}
