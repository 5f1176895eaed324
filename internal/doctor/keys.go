package doctor

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"time"

	"clave/internal/keyring"
	"clave/internal/relying"
	"clave/internal/secret"
	"clave/internal/store"
)

// Keys looks at a ring: what it says of itself, and whether each key that is to sign now does.
func Keys(path string, ring *keyring.Ring, now time.Time) (found []Finding) {
	if ring == nil {
		var err error
		ring, err = keyring.OpenWary(path)
		if errors.Is(err, keyring.ErrPIN) {
			return []Finding{wrong("A wrong PIN costs one of the few tries of a token: correct the file before anything is started. Nothing here tries again while the last one was wrong.", "%v", err)}
		}
		if err != nil {
			return []Finding{wrong("Look at [keys] file. clave keys create makes a ring on the first day; later, bring back the one you had.", "%s", brief(err))}
		}
	}
	for _, name := range keyring.Names() {
		if s, err := ring.Signing(name, now); err == nil {
			found = append(found, signs(name, s))
		}
	}
	for _, p := range ring.Check(now) {
		f := warning(p.Do, "%s: %s", p.Key, p.Text)
		if p.Fatal {
			f.State = Wrong
		}
		found = append(found, f)
	}
	return found
}

// signs makes a key sign, also one in hardware.
func signs(name string, s keyring.Signing) Finding {
	digest := sha256.Sum256(secret.Bytes(32))
	signed, err := s.Signer.Sign(nil, digest[:], crypto.SHA256)
	if err != nil || len(signed) == 0 {
		return wrong("See that the hardware that holds it is there and that its PIN is right.", "%s %s does not sign: %s", name, s.ID, brief(err))
	}
	return well("%s %s signs; its certificate holds until %s", name, s.ID, s.Certificate.NotAfter.UTC().Format(time.DateOnly))
}

// ending tells until when a certificate holds.
func ending(c *x509.Certificate, now time.Time, before time.Duration, do, what string) Finding {
	day := c.NotAfter.UTC().Format(time.DateOnly)
	switch {
	case !now.Before(c.NotAfter):
		return wrong(do, "%s: its certificate ended on %s", what, day)
	case now.Before(c.NotBefore):
		return wrong("Look at the clock, then at the certificate.", "%s: its certificate is not valid yet", what)
	case now.Add(before).After(c.NotAfter):
		return warning(do, "%s: its certificate ends on %s", what, day)
	}
	return well("%s: its certificate holds until %s", what, day)
}

// Services looks at the services that are registered: whose certificates end, and whether the ring opens the database.
func Services(ctx context.Context, d Database, ring *keyring.Ring, now func() time.Time) []Finding {
	if ring == nil || !d.current(ctx) {
		return []Finding{warning("Mend database and keys first.", "not looked at")}
	}
	return d.inUse(ctx, ring, now, func(s *store.Store) []Finding {
		parties, _, err := s.Parties(ctx)
		if err != nil {
			return []Finding{wrong("See what is said of the database.", "they cannot be read: %s", brief(err))}
		}
		return services(parties, now())
	})
}

// lately is how long before its certificate ends a service is to be told.
const lately = 30 * 24 * time.Hour

func services(parties []relying.Party, now time.Time) (found []Finding) {
	if len(parties) == 0 {
		return []Finding{warning("Register one: clave party add.", "no service is registered: nobody can be sent here")}
	}
	for _, p := range parties {
		if newest := newestOf(p); newest != nil {
			f := ending(newest, now, lately, "Ask the service for its next certificate: clave party rotate "+p.ID+" -certificate FILE.", p.ID)
			if f.State == Wrong {
				f.State = Warning // one service's logins fail, not everybody's
			}
			if f.State != Well {
				found = append(found, f)
			}
		}
	}
	if len(found) == 0 {
		found = []Finding{well("%d registered; no certificate of theirs ends within 30 days; the key ring is this database's", len(parties))}
	}
	return found
}

func newestOf(p relying.Party) (newest *x509.Certificate) {
	if p.SAML == nil {
		return nil
	}
	for _, c := range p.SAML.Certificates {
		if newest == nil || c.NotAfter.After(newest.NotAfter) {
			newest = c
		}
	}
	return newest
}
