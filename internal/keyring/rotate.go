package keyring

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrWaiting means that another new key is to sign before this one would: whoever asks twice wants one change, not two.
var ErrWaiting = errors.New("keyring: another new key signs by then")

// ErrSigns means that a key cannot go because it signs: first another must.
var ErrSigns = errors.New("keyring: this key signs now")

// Keep is how long a replaced signing key stays in the ring: a service may show us what it signed (an id_token_hint) for as long.
const Keep = 30 * 24 * time.Hour

// Complete makes the file what a ring of today is: it adds the signing keys that an older one lacks, which sign at once, and drops those
// replaced for longer than [Keep]. Where nothing is to be done the file stays as it is.
func Complete(path string, now time.Time) error {
	return change(path, func(r *Ring) error { return r.complete(now) })
}

// Rotate adds a generation of the named key, which everybody is told of now and which signs once lead has passed. It fails with
// [ErrNoSigner], or with [ErrWaiting] when there is already one that begins in this time; a shorter lead goes before it. A lead shorter than
// nodes and verifiers need to take the key up (safety rule 19) is for a key that was stolen.
func Rotate(path, name string, now time.Time, lead time.Duration) (made Signing, err error) {
	err = change(path, func(r *Ring) error {
		made, err = r.rotate(name, now, lead)
		return err
	})
	return made, err
}

// Remove takes a signing key out of the ring at once: nobody is to believe what a stolen one signs. It fails with [ErrNoSigner], and with
// [ErrSigns] for a key that signs now.
func Remove(path, id string, now time.Time) error {
	return change(path, func(r *Ring) error { return r.remove(id, now) })
}

func (r *Ring) complete(now time.Time) error {
	for _, name := range Names() {
		if len(r.keys.Load().signers[name]) > 0 {
			continue
		}
		s, err := makeSigning(name, r.kind, now, now.Add(-clockSkew), r.keys.Load().token)
		if err != nil {
			return err
		}
		r.add(name, s)
	}
	r.drop(now)
	return nil
}

func (r *Ring) rotate(name string, now time.Time, lead time.Duration) (Signing, error) {
	generations, err := r.Signings(name)
	if err != nil {
		return Signing{}, err
	}
	if lead < 0 {
		return Signing{}, fmt.Errorf("keyring: a key cannot sign from %v ago", -lead)
	}
	now, since := seconds(now), seconds(now.Add(lead))
	for _, g := range generations {
		if !g.Since.Before(now) && !g.Since.After(since) {
			return Signing{}, fmt.Errorf("%w: %s, from %s", ErrWaiting, g.ID, g.Since.Format(time.RFC3339))
		}
	}
	s, err := makeSigning(name, r.kind, now, since, r.keys.Load().token)
	if err != nil {
		return Signing{}, err
	}
	r.add(name, s)
	r.drop(now)
	return s, nil
}

// seconds are what the file counts in.
func seconds(t time.Time) time.Time { return time.Unix(t.Unix(), 0).UTC() }

func (r *Ring) remove(id string, now time.Time) error {
	for name, generations := range r.keys.Load().signers {
		i := slices.IndexFunc(generations, func(s Signing) bool { return s.ID == id })
		if i < 0 {
			continue
		}
		if i == signs(generations, now) {
			return fmt.Errorf("%w: %s", ErrSigns, id)
		}
		r.keys.Load().signers[name] = slices.Delete(generations, i, i+1)
		return nil
	}
	return fmt.Errorf("%w: %s", ErrNoSigner, id)
}

// add puts a generation where its time has it. Nobody else sees the ring while it is being changed.
func (r *Ring) add(name string, s Signing) {
	generations := append(r.keys.Load().signers[name], s)
	slices.SortFunc(generations, earlier)
	r.keys.Load().signers[name] = generations
}

// drop forgets the generations whose successor has signed for longer than [Keep].
func (r *Ring) drop(now time.Time) {
	for name, generations := range r.keys.Load().signers {
		for len(generations) > 1 && generations[1].Since.Add(Keep).Before(now) {
			generations = generations[1:]
		}
		r.keys.Load().signers[name] = generations
	}
}

func earlier(a, b Signing) int { return a.Since.Compare(b.Since) }
