package enrolment

import (
	"context"
	"time"

	"clave/internal/audit"
	"clave/internal/otp"
	"clave/internal/secret"
)

// Frozen is the answer to a freeze code.
type Frozen struct {
	Done bool
	Wait time.Duration // more than zero: too many codes were tried from this address
}

// Freeze stops a registration that its supposed owner did not make, by the code of the letter that told them of it. What
// comes by message only ever reduces power, and once (safety rule 15).
func (s *Service) Freeze(ctx context.Context, code secret.Code, from string) (Frozen, error) {
	var frozen Frozen
	err := s.Store.Do(ctx, func(ctx context.Context) (err error) {
		frozen = Frozen{}
		now, key := s.Now(), s.Limits.Guesses.Key(s.Ring, "freeze", from)
		if frozen.Wait, err = s.Limits.Guesses.Wait(ctx, s.Store, key, now); err != nil || frozen.Wait > 0 {
			return err
		}
		id, ok, err := s.Store.TakeFreeze(ctx, s.Ring.Hash(freezeUse, otp.Normal(code).Reveal()))
		if err != nil {
			return err
		}
		if !ok {
			_, err := s.Limits.Guesses.Take(ctx, s.Store, key, now)
			return err
		}
		frozen.Done = true
		return s.freeze(ctx, id, from)
	})
	return frozen, err
}

func (s *Service) freeze(ctx context.Context, id, from string) error {
	c, found, err := s.Store.Citizen(ctx, id)
	if err != nil || !found {
		return err
	}
	c.Frozen = true
	if err := s.Store.SaveCitizen(ctx, c); err != nil {
		return err
	}
	return s.record(ctx, audit.Entry{Event: audit.CitizenFrozen, Subject: audit.Subject(s.Ring, c.NIF), Citizen: c.ID, From: from})
}
