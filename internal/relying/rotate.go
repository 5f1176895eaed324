package relying

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// ErrAgain means that a key which is to replace another is registered already.
var ErrAgain = errors.New("relying: it is registered already")

// AddCertificate adds one that may sign from now on, beside those that still may; those that expired go.
// Errors: ErrAgain.
func (s *SAML) AddCertificate(c *x509.Certificate, now time.Time) error {
	if slices.ContainsFunc(s.Certificates, c.Equal) {
		return ErrAgain
	}
	s.Certificates = slices.DeleteFunc(s.Certificates, func(old *x509.Certificate) bool { return !now.Before(old.NotAfter) })
	s.Certificates = append(s.Certificates, c)
	return nil
}

// KeepNewest drops all certificates but the newest.
func (s *SAML) KeepNewest() { s.Certificates = newest(s.Certificates, 1) }

// AddSecret adds the hash of a secret that may be used from now on, beside the one before.
func (o *OIDC) AddSecret(hash []byte) { o.SecretHashes = newest(append(o.SecretHashes, hash), 2) }

// KeepNewest drops all secrets but the newest.
func (o *OIDC) KeepNewest() { o.SecretHashes = newest(o.SecretHashes, 1) }

func newest[T any](list []T, n int) []T { return list[max(0, len(list)-n):] }

// AddKeys adds a JWK Set to the one registered. Check says if it is none, or if a key has the name of another.
func (o *OIDC) AddKeys(set json.RawMessage) error {
	old, err := keysOf(o.Keys)
	if err != nil {
		return err
	}
	added, err := keysOf(set)
	if err != nil {
		return err
	}
	for _, key := range added {
		if !slices.ContainsFunc(old, func(k json.RawMessage) bool { return bytes.Equal(k, key) }) {
			old = append(old, key)
		}
	}
	o.Keys, err = json.Marshal(map[string][]json.RawMessage{"keys": old})
	return err
}

// keysOf gives the keys of a set, none of which has white space around its members; no set has none.
func keysOf(set json.RawMessage) ([]json.RawMessage, error) {
	if set == nil {
		return nil, nil
	}
	var bad problems
	dense := object{path: "oidc.", members: map[string]json.RawMessage{"jwks": set}, bad: &bad}.keys("jwks")
	keys := take[[]json.RawMessage](readObject("oidc.jwks.", dense, &bad), "keys", "a list of keys")
	return keys, bad.err()
}
