package keyring

import "time"

// Problem is something about the keys that somebody must do something about.
type Problem struct {
	Key   string // its name and id; "token" for what holds them all
	Text  string // what is wrong
	Do    string // what to do about it
	Fatal bool   // people cannot sign in, or soon will not
}

// soon is how long before a certificate ends somebody is told: services that know it by heart need weeks to take another.
const soon = 60 * 24 * time.Hour

// Check says what is wrong with the ring, or will be: a certificate that ends within 60 days, a token that does not answer, a change of
// master keys that nobody brought to its end.
func (r *Ring) Check(now time.Time) (found []Problem) {
	k := r.keys.Load()
	if k.token != nil {
		if err := k.token.check(); err != nil {
			found = append(found, Problem{"token", err.Error(), "See that it is there, and that the PIN is right.", true})
		}
	}
	for _, name := range Names() {
		s, err := r.Signing(name, now)
		if err != nil {
			found = append(found, Problem{name, "there is no such signing key", "Run clave keys complete.", true})
			continue
		}
		if ends := s.Certificate.NotAfter; ends.Before(now.Add(soon)) {
			found = append(found, Problem{name + " " + s.ID, "its certificate ends on " + ends.UTC().Format(time.DateOnly),
				"Run clave keys rotate -name " + name + ", and give services the new certificate before it signs.", !ends.After(now)})
		}
	}
	return append(found, k.halfDone(now)...)
}

// halfDone finds the master keys that were replaced and still have rows to look for under them.
func (k *keys) halfDone(now time.Time) (found []Problem) {
	seals := k.sealing(now)
	for _, m := range k.masters {
		if !m.retired && m.since.Before(seals.since) && seals.since.Add(MasterKeep).Before(now) {
			found = append(found, Problem{"master " + m.name(), "it was replaced, and rows may still be under it",
				"Run clave keys rehash, then clave keys remove.", false})
		}
	}
	return found
}

func (h hardware) check() error {
	box, err := h.open(true)
	if err != nil {
		return err
	}
	return box.check()
}
