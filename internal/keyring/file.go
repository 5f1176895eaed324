package keyring

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
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

		wary bool // see OpenWary
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
	return f.ring()
}

// ring opens the keys that the file holds or tells of.
func (f file) ring() (*Ring, error) {
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
