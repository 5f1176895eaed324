package keyring

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrNeeded means that a master key cannot go yet: what it sealed may still come back.
var ErrNeeded = errors.New("keyring: this master key is still needed")

const (
	// MasterKeep is how long a replaced master key stays, whatever the database says: cookies that it sealed are in people's browsers.
	MasterKeep = 24 * time.Hour

	// leastLead is how long every node has, at least, to learn of a master key before any uses it (safety rule 19).
	leastLead = time.Minute
)

// RotateMaster adds a master key, which every node accepts as soon as it has the file, and which seals once lead has passed. The older ones
// go on opening what they sealed. It fails with [ErrWaiting] when there is already one that begins in this time.
func RotateMaster(path string, now time.Time, lead time.Duration) (made Master, err error) {
	if lead < leastLead {
		return Master{}, fmt.Errorf("keyring: every node needs %v at least to learn of a master key", leastLead)
	}
	err = change(path, func(r *Ring) error {
		k, since := r.keys.Load(), seconds(now.Add(lead))
		for _, m := range k.masters {
			if m.since.After(now) && !m.since.After(since) {
				return fmt.Errorf("%w: %s, from %s", ErrWaiting, m.name(), m.since.Format(time.RFC3339))
			}
		}
		m, err := k.drawMaster(since)
		if err != nil {
			return err
		}
		k.masters = append(k.masters, m)
		slices.SortFunc(k.masters, func(a, b master) int { return a.since.Compare(b.since) })
		made = Master{ID: m.name(), Since: m.since}
		return nil
	})
	return made, err
}

// Retire ends the use of a master key on which no row depends any more, as whoever calls has looked up. The first one stays in the file, for
// hashing; others go. It fails with [ErrSigns] for the one that seals now, with [ErrNeeded] for one that was replaced less than [MasterKeep]
// ago or is about to begin, and with [ErrNoSigner] when there is none.
func Retire(path, id string, now time.Time) error {
	return change(path, func(r *Ring) error {
		k := r.keys.Load()
		i, err := k.retirable(id, now)
		if err != nil {
			return err
		}
		if k.masters[i].id == k.hashing.id {
			k.masters[i].retired = true
			return nil
		}
		k.masters = slices.Delete(k.masters, i, i+1)
		return nil
	})
}

// MayRetire fails as [Retire] would, and changes nothing.
func MayRetire(path, id string, now time.Time) error {
	r, err := Open(path)
	if err != nil {
		return err
	}
	_, err = r.keys.Load().retirable(id, now)
	return err
}

// retirable is the place of a master key that may be retired.
func (k *keys) retirable(id string, now time.Time) (int, error) {
	i := slices.IndexFunc(k.masters, func(m master) bool { return m.name() == id && !m.retired })
	if i < 0 {
		return 0, fmt.Errorf("%w: %s", ErrNoSigner, id)
	}
	if err := k.mayRetire(k.masters[i], now); err != nil {
		return 0, fmt.Errorf("%w: %s", err, id)
	}
	return i, nil
}

func (k *keys) mayRetire(m master, now time.Time) error {
	seals := k.sealing(now)
	switch {
	case m.id == seals.id:
		return ErrSigns
	case m.since.After(seals.since), seals.since.Add(MasterKeep).After(now):
		return ErrNeeded
	}
	return nil
}
