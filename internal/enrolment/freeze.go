package enrolment

import (
	"context"

	"clave/internal/audit"
	"clave/internal/otp"
	"clave/internal/secret"
)

// Freeze stops a registration that its supposed owner did not make, by the code of the letter that told them of it; the
// bool is false when the code is not one, or was used. What comes by message only ever reduces power, and once (safety
// rule 15). Sixteen characters are not guessed, so tries are not counted.
func (s *Service) Freeze(ctx context.Context, code secret.Code, from string) (done bool, err error) {
	err = s.Store.Do(ctx, func(ctx context.Context) error {
		var id string
		id, done, err = s.Store.TakeFreeze(ctx, s.Ring.Hash(freezeUse, otp.Normal(code).Reveal()))
		if err != nil || !done {
			return err
		}
		return s.freeze(ctx, id, from)
	})
	return done, err
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
