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
	formatVersion = 3
	oldestVersion = 1 // without generations of signing keys
	oneMaster     = 2 // the last version whose current master key both hashed and sealed
)

// The file as the package's comment describes it.
type (
	file struct {
		Version int          `json:"version"`
		Kind    Kind         `json:"kind"`
		Current string       `json:"current,omitempty"` // until version 2
		Hashing string       `json:"hashing,omitempty"`
		Token   *hardware    `json:"hardware,omitempty"`
		Masters []fileMaster `json:"masters"`
		Signers []fileSigner `json:"signers"`
	}
	fileMaster struct {
		ID      string `json:"id"`
		Since   int64  `json:"since,omitempty"` // Unix seconds
		Retired bool   `json:"retired,omitempty"`
		Key     []byte `json:"key,omitempty"`
		Wrapped []byte `json:"wrapped,omitempty"`
	}
	fileSigner struct {
		Name        string `json:"name"`
		ID          string `json:"id,omitempty"`
		Since       int64  `json:"since,omitempty"` // Unix seconds
		Key         []byte `json:"key,omitempty"`
		Certificate []byte `json:"certificate"`
	}
)

func encode(r *Ring) ([]byte, error) {
	k := r.keys.Load()
	f := file{Version: formatVersion, Kind: r.kind, Hashing: k.hashing.name(), Token: k.token}
	for _, m := range k.masters {
		fm := fileMaster{ID: m.name(), Since: m.since.Unix(), Retired: m.retired, Wrapped: m.wrapped}
		if k.token == nil {
			fm.Key = m.key
		}
		f.Masters = append(f.Masters, fm)
	}
	for _, name := range slices.Sorted(maps.Keys(k.signers)) {
		for _, s := range k.signers[name] {
			fs := fileSigner{Name: name, ID: s.ID, Since: s.Since.Unix(), Certificate: s.Certificate.Raw}
			if k.token == nil {
				key, err := x509.MarshalPKCS8PrivateKey(s.Signer.(hiddenSigner).Signer)
				if err != nil {
					return nil, err
				}
				fs.Key = key
			}
			f.Signers = append(f.Signers, fs)
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
	k := &keys{signers: map[string][]Signing{}, token: f.Token}
	box, err := f.box()
	if err != nil {
		return nil, err
	}
	if err := k.addMasters(f, box); err != nil {
		return nil, err
	}
	if err := k.addSigners(f, box); err != nil {
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

// addMasters sorts the master keys by when they begin.
func (k *keys) addMasters(f file, box vault) error {
	seen := map[string]bool{}
	for i, fm := range f.Masters {
		m, err := fm.master(f, i, box)
		if err != nil {
			return err
		}
		if seen[m.name()] || m.key == nil {
			return fmt.Errorf("%w: master key %d is damaged or there twice", ErrFile, i+1)
		}
		seen[m.name()] = true
		k.masters = append(k.masters, m)
		if fm.ID == f.hashing() {
			k.hashing = m
		}
	}
	slices.SortFunc(k.masters, func(a, b master) int { return a.since.Compare(b.since) })
	for i, m := range k.masters {
		if i > 0 && m.since.Equal(k.masters[i-1].since) {
			return fmt.Errorf("%w: two master keys begin at once", ErrFile)
		}
	}
	serves := slices.ContainsFunc(k.masters, func(m master) bool { return !m.retired })
	if k.hashing.key == nil || !serves {
		return fmt.Errorf("%w: the master key that hashes or seals is missing", ErrFile)
	}
	return nil
}

// hashing is the id of the master key that hashes.
func (f file) hashing() string {
	if f.Version <= oneMaster {
		return f.Current
	}
	return f.Hashing
}

// master reads one key; it has none when it is damaged. The file of an earlier version has the youngest named as the current one, and no
// times.
func (fm fileMaster) master(f file, place int, box vault) (master, error) {
	id, err := hex.DecodeString(fm.ID)
	if err != nil || len(id) != idSize || (box == nil) != (fm.Wrapped == nil) {
		return master{}, nil
	}
	key := fm.Key
	if box != nil {
		if key, err = unwrap(box, id, fm.Wrapped); err != nil {
			return master{}, err
		}
	}
	if len(key) != secret.KeySize {
		return master{}, nil
	}
	since := time.Unix(fm.Since, 0)
	if f.Version <= oneMaster {
		since = time.Unix(int64(-place-1), 0)
		if fm.ID == f.Current {
			since = time.Unix(0, 0)
		}
	}
	m := newMaster(id, key, since)
	m.retired, m.wrapped = fm.Retired, fm.Wrapped
	return m, nil
}

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
