package relying_test

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"clave/internal/relying"
)

// What expired goes when its successor comes: a party with an expired certificate could otherwise never be changed again.
func TestACertificateReplacesThoseThatExpired(t *testing.T) {
	expired, still, next := certificate(ecKey(), now), certificate(ecKey(), now.AddDate(0, 0, 1)), certificate(rsaKey(), now.AddDate(1, 0, 0))
	s := relying.SAML{Certificates: []*x509.Certificate{expired, still}}
	if err := s.AddCertificate(next, now); err != nil || len(s.Certificates) != 2 || s.Certificates[0] != still || s.Certificates[1] != next {
		t.Errorf("%v, %d certificates", err, len(s.Certificates))
	}
	if err := s.AddCertificate(next, now); !errors.Is(err, relying.ErrAgain) {
		t.Errorf("twice: %v", err)
	}
	s.KeepNewest()
	if len(s.Certificates) != 1 || s.Certificates[0] != next {
		t.Error("the newest is not the one that stayed")
	}
}

func TestTwoSecretsOverlap(t *testing.T) {
	var o relying.OIDC
	o.KeepNewest()
	for _, secret := range []string{"first", "second", "third"} {
		o.AddSecret(hashOf(secret))
	}
	if len(o.SecretHashes) != 2 || string(o.SecretHashes[0]) != string(hashOf("second")) || string(o.SecretHashes[1]) != string(hashOf("third")) {
		t.Errorf("%d secrets", len(o.SecretHashes))
	}
}

func TestKeysAreAddedOnce(t *testing.T) {
	one, two := jose.JSONWebKey{Key: ecKey().Public(), KeyID: "1"}, jose.JSONWebKey{Key: rsaKey().Public(), KeyID: "2"}
	spaced := must(json.MarshalIndent(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{one, two}}, "", "  "))
	o := relying.OIDC{Keys: keySet(one)}
	if err := o.AddKeys(spaced); err != nil || string(o.Keys) != string(keySet(one, two)) {
		t.Errorf("%v: %s", err, o.Keys)
	}
	for _, wrong := range []string{"", "[]", `{"keys":7}`, `{"keys":[],"keys":[]}`} {
		if err := o.AddKeys(json.RawMessage(wrong)); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}
