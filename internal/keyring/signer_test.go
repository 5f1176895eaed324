package keyring_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"
	"time"

	"clave/internal/keyring"
)

func TestSigning(t *testing.T) {
	for name, algorithm := range map[string]x509.SignatureAlgorithm{
		"saml": x509.SHA256WithRSA, "oidc": x509.ECDSAWithSHA256, "oidc-rs256": x509.SHA256WithRSA,
	} {
		s, err := ring().Signing(name, noon)
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte("assertion"))
		signature, err := s.Signer.Sign(nil, digest[:], crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Certificate.CheckSignature(algorithm, []byte("assertion"), signature); err != nil {
			t.Errorf("%s: the certificate does not verify: %v", name, err)
		}
		if cn := s.Certificate.Subject.CommonName; cn != "Clave "+name+" (demo)" {
			t.Errorf("%s: certificate of %q", name, cn)
		}
		if s.Certificate.IsCA || s.Certificate.KeyUsage != x509.KeyUsageDigitalSignature {
			t.Errorf("%s: the certificate may do more than sign", name)
		}
		if len(s.ID) != 16 || !fitting(s.Certificate.PublicKey) {
			t.Errorf("%s: id %q, key %T", name, s.ID, s.Certificate.PublicKey)
		}
	}
	if _, err := ring().Signing("none", noon); !errors.Is(err, keyring.ErrNoSigner) {
		t.Errorf("unknown signer: %v", err)
	}
}

func fitting(public crypto.PublicKey) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() == 2048
	case *ecdsa.PublicKey:
		return key.Curve.Params().Name == "P-256"
	}
	return false
}

// A new key is known to everybody before it signs, and the old one for long after.
func TestRule19KnownBeforeItSigns(t *testing.T) {
	path := copied(t)
	first, err := ring().Signing("oidc", noon)
	if err != nil {
		t.Fatal(err)
	}
	second := rotated(t, path, "oidc", noon, time.Hour)
	r := opened(t, path)
	known, err := r.Signings("oidc")
	if err != nil || len(known) != 2 || known[0].ID != first.ID || known[1].ID != second.ID {
		t.Fatalf("verifiers know %v, %v", known, err)
	}
	for _, tt := range []struct {
		name string
		now  time.Time
		want string
	}{
		{"at once", noon, first.ID},
		{"a second before", noon.Add(time.Hour - time.Second), first.ID},
		{"when it begins", noon.Add(time.Hour), second.ID},
		{"long after", noon.AddDate(1, 0, 0), second.ID},
		{"a clock far behind", noon.AddDate(-1, 0, 0), first.ID},
	} {
		if got, err := r.Signing("oidc", tt.now); err != nil || got.ID != tt.want {
			t.Errorf("%s: %s signs, want %s; %v", tt.name, got.ID, tt.want, err)
		}
	}
}

// Whoever changes the list that they were given changes nothing for others.
func TestSigningsIsACopy(t *testing.T) {
	known, err := ring().Signings("oidc")
	if err != nil {
		t.Fatal(err)
	}
	known[0] = keyring.Signing{}
	if s, err := ring().Signing("oidc", noon); err != nil || s.Signer == nil {
		t.Errorf("the ring lost its key: %v", err)
	}
}

func TestSignerKeepsItsKey(t *testing.T) {
	s, err := ring().Signing("saml", noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, bare := s.Signer.(*rsa.PrivateKey); bare {
		t.Error("the key itself is handed out")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, s.Signer); got != "(signing key)" {
			t.Errorf("%s prints %.40s…", verb, got)
		}
	}
}
