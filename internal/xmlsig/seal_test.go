package xmlsig_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"testing"
)

// sealedBytes encrypts any bytes as a stranger would who does not ask Encrypt.
func sealedBytes(t testing.TB, plain []byte) string {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	content := must(cipher.NewGCMWithRandomNonce(must(aes.NewCipher(key)))).Seal(nil, nil, plain, nil)
	wrapped := must(rsa.EncryptOAEP(sha1.New(), rand.Reader, rsaSigner().key.Public().(*rsa.PublicKey), key, nil))
	return fmt.Sprintf(`<x:EncryptedData xmlns:x="`+xenc+`"><x:EncryptionMethod Algorithm="`+gcm256+`"/><k:KeyInfo xmlns:k="http://www.w3.org/2000/09/xmldsig#">`+
		`<x:EncryptedKey><x:EncryptionMethod Algorithm="`+xenc+`rsa-oaep-mgf1p"/><x:CipherData><x:CipherValue>%s</x:CipherValue></x:CipherData></x:EncryptedKey>`+
		`</k:KeyInfo><x:CipherData><x:CipherValue>%s</x:CipherValue></x:CipherData></x:EncryptedData>`,
		base64.StdEncoding.EncodeToString(wrapped), base64.StdEncoding.EncodeToString(content))
}
