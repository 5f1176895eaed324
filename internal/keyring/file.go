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
	"time"

	"clave/internal/secret"
)

// ErrFile means that a file is no key ring of ours, or a damaged one.
var ErrFile = errors.New("keyring: not a key ring")

const (
	formatVersion = 2
	oldestVersion = 1 // without generations of signing keys
)

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
		ID          string `json:"id,omitempty"`
		Since       int64  `json:"since,omitempty"` // Unix seconds
		Key         []byte `json:"key"`
		Certificate []byte `json:"certificate"`
	}
)

func encode(r *Ring) ([]byte, error) {
	k := r.keys.Load()
	f := file{Version: formatVersion, Kind: r.kind, Current: k.current.name()}
	for _, m := range k.masters {
		f.Masters = append(f.Masters, fileMaster{m.name(), m.key})
	}
	for _, name := range slices.Sorted(maps.Keys(k.signers)) {
		for _, s := range k.signers[name] {
			key, err := x509.MarshalPKCS8PrivateKey(s.Signer.(hiddenSigner).Signer)
			if err != nil {
				return nil, err
			}
			f.Signers = append(f.Signers, fileSigner{name, s.ID, s.Since.Unix(), key, s.Certificate.Raw})
		}
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
	k := &keys{signers: map[string][]Signing{}}
	if err := k.addMasters(f); err != nil {
		return nil, err
	}
	if err := k.addSigners(f); err != nil {
		return nil, err
	}
	r := &Ring{kind: f.Kind}
	r.keys.Store(k)
	return r, nil
}

func decodeFile(data []byte) (file, error) {
	var f file
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil || d.Decode(&struct{}{}) != io.EOF {
		return file{}, fmt.Errorf("%w: the JSON is damaged or of a later version", ErrFile)
	}
	if f.Version < oldestVersion || f.Version > formatVersion {
		return file{}, fmt.Errorf("%w: version %d, this program reads %d to %d", ErrFile, f.Version, oldestVersion, formatVersion)
	}
	if f.Kind != Demo && f.Kind != Live {
		return file{}, fmt.Errorf("%w: neither demo nor live", ErrFile)
	}
	return f, nil
}

func (k *keys) addMasters(f file) error {
	seen := map[string]bool{}
	for i, fm := range f.Masters {
		id, err := hex.DecodeString(fm.ID)
		if err != nil || len(id) != idSize || len(fm.Key) != secret.KeySize || seen[string(id)] {
			return fmt.Errorf("%w: master key %d is damaged or there twice", ErrFile, i+1)
		}
		seen[string(id)] = true
		m := newMaster(id, fm.Key)
		k.masters = append(k.masters, m)
		if fm.ID == f.Current {
			k.current = m
		}
	}
	if k.current.key == nil {
		return fmt.Errorf("%w: the current master key is missing", ErrFile)
	}
	return nil
}

// addSigners sorts the generations of each name by when they begin. Two that begin at once would let two nodes disagree on which one signs.
func (k *keys) addSigners(f file) error {
	seen := map[string]bool{}
	for i, fs := range f.Signers {
		s, ok := fs.signing()
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

// signing reads one generation; that of a file of version 1 has signed since its certificate began.
func (fs fileSigner) signing() (s Signing, ok bool) {
	parsed, errKey := x509.ParsePKCS8PrivateKey(fs.Key)
	certificate, errCert := x509.ParseCertificate(fs.Certificate)
	key, isSigner := parsed.(crypto.Signer)
	if errKey != nil || errCert != nil || !isSigner || fs.Name == "" || !belongs(certificate, key) || !fits(fs.Name, key.Public()) {
		return Signing{}, false
	}
	since := certificate.NotBefore
	if fs.Since != 0 {
		since = time.Unix(fs.Since, 0)
	}
	s = newSigning(key, certificate, since)
	return s, fs.ID == "" || fs.ID == s.ID
}

// belongs reports whether the certificate is that of the key; with another's, every service would refuse what we sign.
func belongs(certificate *x509.Certificate, signer crypto.Signer) bool {
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(certificate.PublicKey)
}
