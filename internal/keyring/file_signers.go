package keyring

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"time"
)

// addSigners sorts the generations of each name by when they begin. Two that begin at once would let two nodes disagree on which one signs.
func (k *keys) addSigners(f file, box vault) error {
	seen := map[string]bool{}
	for i, fs := range f.Signers {
		s, ok, err := fs.signing(box)
		if err != nil {
			return err
		}
		if !ok || seen[s.ID] {
			return fmt.Errorf("%w: signing key %d is damaged, there twice, not its certificate's or not what its name promises", ErrFile, i+1)
		}
		seen[s.ID] = true
		k.signers[fs.Name] = append(k.signers[fs.Name], s)
	}
	for name, generations := range k.signers {
		slices.SortFunc(generations, earlier)
		for i := range generations[1:] {
			if generations[i].Since.Equal(generations[i+1].Since) {
				return fmt.Errorf("%w: two signing keys %q begin at once", ErrFile, name)
			}
		}
	}
	return nil
}

// signing reads one generation; that of a file of version 1 has signed since its certificate began. The error is that of a token.
func (fs fileSigner) signing(box vault) (s Signing, ok bool, err error) {
	certificate, err := x509.ParseCertificate(fs.Certificate)
	if err != nil {
		return Signing{}, false, nil
	}
	key, err := fs.signer(box, certificate)
	if err != nil || key == nil || fs.Name == "" || !belongs(certificate, key) || !fits(fs.Name, key.Public()) {
		return Signing{}, false, err
	}
	since := certificate.NotBefore
	if fs.Since != 0 {
		since = time.Unix(fs.Since, 0)
	}
	s = newSigning(key, certificate, since)
	return s, fs.ID == "" || fs.ID == s.ID, nil
}

// signer is nil when the key is damaged, or not where it should be.
func (fs fileSigner) signer(box vault, certificate *x509.Certificate) (crypto.Signer, error) {
	if box != nil {
		if fs.Key != nil {
			return nil, nil
		}
		return box.signer(certificate.PublicKey)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(fs.Key)
	if err != nil {
		return nil, nil
	}
	key, _ := parsed.(crypto.Signer)
	return key, nil
}

// belongs reports whether the certificate is that of the key; with another's, every service would refuse what we sign.
func belongs(certificate *x509.Certificate, signer crypto.Signer) bool {
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(certificate.PublicKey)
}
