package keyring

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"clave/internal/secret"
)

// ErrFile means that a file is no key ring of ours, or a damaged one.
var ErrFile = errors.New("keyring: not a key ring")

const formatVersion = 1

// The file as the package's comment describes it.
type (
	file struct {
		Version int          `json:"version"`
		Kind    Kind         `json:"kind"`
		Current string       `json:"current"`
		Masters []fileMaster `json:"masters"`
		Signers []fileSigner `json:"signers"`
	}
	fileMaster struct {
		ID  string `json:"id"`
		Key []byte `json:"key"`
	}
	fileSigner struct {
		Name        string `json:"name"`
		Key         []byte `json:"key"`
		Certificate []byte `json:"certificate"`
	}
)

func encode(r *Ring) ([]byte, error) {
	f := file{Version: formatVersion, Kind: r.kind, Current: r.current.name()}
	for _, m := range r.masters {
		f.Masters = append(f.Masters, fileMaster{m.name(), m.key})
	}
	for _, name := range slices.Sorted(maps.Keys(r.signers)) {
		s := r.signers[name]
		key, err := x509.MarshalPKCS8PrivateKey(s.signer)
		if err != nil {
			return nil, err
		}
		f.Signers = append(f.Signers, fileSigner{name, key, s.certificate.Raw})
	}
	return json.MarshalIndent(f, "", "  ")
}

// decode reads a ring and checks all of it at once: a wrong key must stop the start, not the first citizen. Its errors never quote the
// file.
func decode(data []byte) (*Ring, error) {
	f, err := decodeFile(data)
	if err != nil {
		return nil, err
	}
	r := &Ring{kind: f.Kind, signers: map[string]signing{}}
	if err := r.addMasters(f); err != nil {
		return nil, err
	}
	for _, s := range f.Signers {
		if err := r.addSigner(s); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func decodeFile(data []byte) (file, error) {
	var f file
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil || d.Decode(&struct{}{}) != io.EOF {
		return file{}, fmt.Errorf("%w: the JSON is damaged or of a later version", ErrFile)
	}
	if f.Version != formatVersion {
		return file{}, fmt.Errorf("%w: version %d, this program reads %d", ErrFile, f.Version, formatVersion)
	}
	if f.Kind != Demo && f.Kind != Live {
		return file{}, fmt.Errorf("%w: neither demo nor live", ErrFile)
	}
	return f, nil
}

func (r *Ring) addMasters(f file) error {
	seen := map[string]bool{}
	for i, fm := range f.Masters {
		id, err := hex.DecodeString(fm.ID)
		if err != nil || len(id) != idSize || len(fm.Key) != secret.KeySize || seen[string(id)] {
			return fmt.Errorf("%w: master key %d is damaged or there twice", ErrFile, i+1)
		}
		seen[string(id)] = true
		m := newMaster(id, fm.Key)
		r.masters = append(r.masters, m)
		if fm.ID == f.Current {
			r.current = m
		}
	}
	if r.current.key == nil {
		return fmt.Errorf("%w: the current master key is missing", ErrFile)
	}
	return nil
}

func (r *Ring) addSigner(fs fileSigner) error {
	key, errKey := x509.ParsePKCS8PrivateKey(fs.Key)
	certificate, errCert := x509.ParseCertificate(fs.Certificate)
	signer, ok := key.(crypto.Signer)
	_, twice := r.signers[fs.Name]
	if errKey != nil || errCert != nil || !ok || fs.Name == "" || twice || !belongs(certificate, signer) {
		return fmt.Errorf("%w: signing key %q is damaged, there twice or not its certificate's", ErrFile, fs.Name)
	}
	r.signers[fs.Name] = signing{signer, certificate}
	return nil
}

// belongs reports whether the certificate is that of the key; with another's, every service would refuse what we sign.
func belongs(certificate *x509.Certificate, signer crypto.Signer) bool {
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(certificate.PublicKey)
}
