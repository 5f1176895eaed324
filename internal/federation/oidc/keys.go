package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"net/http"

	"github.com/go-jose/go-jose/v4"
	"github.com/luikyv/go-oidc/pkg/goidc"
)

// signers are the keys of the ring that sign, by algorithm.
var signers = []struct {
	name string
	alg  goidc.SignatureAlgorithm
}{{"oidc", goidc.SigAlgES256}, {"oidc-rs256", goidc.SigAlgRS256}}

// published are our public keys: every generation that a service must know, so that the change of a key fails no login.
func (p *Provider) published() (set goidc.JSONWebKeySet, err error) {
	for _, s := range signers {
		generations, err := p.Ring.Signings(s.name)
		if err != nil {
			return set, err
		}
		for _, g := range generations {
			set.Keys = append(set.Keys, goidc.JSONWebKey{Key: g.Signer.Public(), KeyID: g.ID, Algorithm: string(s.alg), Use: string(goidc.KeyUsageSignature)})
		}
	}
	return set, nil
}

func (p *Provider) publicKeys(context.Context) (goidc.JSONWebKeySet, error) { return p.published() }

func (p *Provider) serveKeys(w http.ResponseWriter, _ *http.Request) {
	set, err := p.published()
	if err != nil {
		p.broken(w, err)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=600")
	writeJSON(w, http.StatusOK, set)
}

// signer is the key that signs now.
func (p *Provider) signer(_ context.Context, alg goidc.SignatureAlgorithm) (string, crypto.Signer, error) {
	for _, s := range signers {
		if s.alg == alg {
			g, err := p.Ring.Signing(s.name, wall())
			if err != nil {
				return "", nil, err
			}
			if _, ok := g.Signer.Public().(*ecdsa.PublicKey); ok {
				return g.ID, jwsSigner{g.Signer}, nil
			}
			return g.ID, g.Signer, nil
		}
	}
	return "", nil, errors.New("oidc: no key for " + string(alg))
}

// jwsSigner signs by ECDSA as a JWS wants it: r and s, each as long as the curve's order (RFC 7518 §3.4), where a
// crypto.Signer gives ASN.1. The library would put those bytes into the token as they are.
type jwsSigner struct{ crypto.Signer }

// Sign implements crypto.Signer.
func (s jwsSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	der, err := s.Signer.Sign(random, digest, opts)
	if err != nil {
		return nil, err
	}
	public, ok := s.Public().(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("oidc: not a key of an elliptic curve")
	}
	var pair struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &pair); err != nil || len(rest) > 0 {
		return nil, errors.New("oidc: the signer gave no signature")
	}
	size := (public.Curve.Params().BitSize + 7) / 8
	raw := make([]byte, 2*size)
	pair.R.FillBytes(raw[:size])
	pair.S.FillBytes(raw[size:])
	return raw, nil
}

// joseKey signs a token of our own making.
type joseKey struct {
	id     string
	signer crypto.Signer
	alg    jose.SignatureAlgorithm
}

// Public implements jose.OpaqueSigner.
func (k joseKey) Public() *jose.JSONWebKey {
	return &jose.JSONWebKey{Key: k.signer.Public(), KeyID: k.id, Algorithm: string(k.alg)}
}

// Algs implements jose.OpaqueSigner.
func (k joseKey) Algs() []jose.SignatureAlgorithm { return []jose.SignatureAlgorithm{k.alg} }

// SignPayload implements jose.OpaqueSigner.
func (k joseKey) SignPayload(payload []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	sum := sha256.Sum256(payload)
	return k.signer.Sign(rand.Reader, sum[:], crypto.SHA256)
}
