package relying

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The smallest and the largest keys that are believed, in bits: a larger one makes each request expensive to check.
const (
	minRSA = 2048
	maxRSA = 8192
)

// Errors of ReadCertificate.
var (
	ErrCertificate = errors.New("want one X.509 certificate, in PEM or base64")
	ErrPrivateKey  = errors.New("want a certificate alone: a private key stands beside it, which must not leave its owner")
)

// ReadCertificate reads a certificate in PEM, in DER or in the base64 of DER. A chain is refused: whoever issued a
// certificate signs no requests.
func ReadCertificate(data []byte) (*x509.Certificate, error) {
	der := data
	if bytes.Contains(data, []byte("-----BEGIN")) {
		block, rest := pem.Decode(data)
		switch {
		case bytes.Contains(data, []byte("PRIVATE KEY-----")):
			return nil, ErrPrivateKey
		case block == nil || block.Type != "CERTIFICATE" || bytes.Contains(rest, []byte("-----BEGIN")):
			return nil, ErrCertificate
		}
		der = block.Bytes
	} else if plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(data)), "")); err == nil {
		der = plain
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, ErrCertificate
	}
	return c, nil
}

// checkCertificate wants a key that xmlsig verifies, and time left.
func checkCertificate(field string, c *x509.Certificate, now time.Time, bad *problems) {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		checkRSA(field, key, bad)
	case *ecdsa.PublicKey:
		checkEC(field, key, bad)
	default:
		bad.add(field, "want a certificate of an RSA or ECDSA key")
	}
	if !now.Before(c.NotAfter) {
		bad.add(field, "it expired on "+c.NotAfter.UTC().Format(time.DateOnly))
	}
}

func checkRSA(field string, key *rsa.PublicKey, bad *problems) {
	if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA || key.E < 3 || key.E%2 == 0 {
		bad.add(field, fmt.Sprintf("want an RSA key of %d to %d bits", minRSA, maxRSA))
	}
}

func checkEC(field string, key *ecdsa.PublicKey, bad *problems) {
	if key.Curve.Params().BitSize < 256 {
		bad.add(field, "want an ECDSA key of 256 bits or more")
	}
}

// privateMembers are those that hold what only the key's owner may know (RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 8037 §2).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// checkKeys wants a JWK Set of public keys, in which a kid names one.
func checkKeys(field string, set json.RawMessage, bad *problems) {
	var wrong problems
	o := readObject(field+".", set, &wrong)
	keys := take[[]json.RawMessage](o, "keys", "a list of keys")
	if len(wrong) == 0 && (len(keys) == 0 || len(keys) > maxList) {
		wrong.add(field+".keys", fmt.Sprintf("want 1 to %d keys", maxList))
	}
	named := map[string]bool{}
	for i, key := range keys {
		name := nth(field+".keys", i)
		kid := checkKey(name, key, &wrong)
		if len(keys) > 1 && (kid == "" || named[kid]) {
			wrong.add(name+".kid", "want one of its own: there are several keys")
		}
		named[kid] = true
	}
	*bad = append(*bad, wrong...)
}

// checkKey looks for private members before anything else reads the key.
func checkKey(field string, key json.RawMessage, bad *problems) (kid string) {
	var wrong problems
	o := readObject(field+".", key, &wrong)
	if o.text("kty") == "oct" {
		wrong.add(field, "want a public key: a symmetric one is a secret")
	}
	for _, member := range privateMembers {
		if o.has(member) {
			wrong.add(field, "want a public key: this one is private, and now known to others")
			break
		}
	}
	kid = o.text("kid")
	if len(wrong) == 0 {
		checkPublic(field, key, &wrong)
	}
	*bad = append(*bad, wrong...)
	return kid
}

func checkPublic(field string, raw json.RawMessage, bad *problems) {
	var key jose.JSONWebKey
	if err := json.Unmarshal(raw, &key); err != nil || !key.Valid() || !key.IsPublic() {
		bad.add(field, "want a public key of type RSA (at most 4096 bits), EC or OKP")
		return
	}
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		checkRSA(field, k, bad)
	case *ecdsa.PublicKey:
		checkEC(field, k, bad)
	case ed25519.PublicKey:
	default:
		bad.add(field, "want an RSA, EC or Ed25519 key")
	}
}
