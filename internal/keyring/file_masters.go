package keyring

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"clave/internal/secret"
)

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
