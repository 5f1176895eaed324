package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/nif"
	"clave/internal/secret"
)

// citizenBody is what is sealed of a citizen.
type citizenBody struct {
	NIF    nif.NIF       `json:"nif"`
	Given  string        `json:"given"`
	First  string        `json:"first"`
	Second string        `json:"second,omitempty"`
	Phone  contact.Phone `json:"phone,omitzero"`
	Email  contact.Email `json:"email,omitzero"`
	Lang   string        `json:"lang"`
	Datum  datumBody     `json:"datum"`
	Until  time.Time     `json:"until,omitzero"`

	Blocked []assurance.Method `json:"blocked,omitempty"`
}

const citizenColumns = `id, sealed, proofing, phone_binding, phone_since, activation, frozen, registered_at`

// Citizen implements citizen.Store.
func (s *Store) Citizen(ctx context.Context, id string) (citizen.Citizen, bool, error) {
	return s.citizen(ctx, `id`, id)
}

// CitizenByNIF implements citizen.Store.
func (s *Store) CitizenByNIF(ctx context.Context, n nif.NIF) (citizen.Citizen, bool, error) {
	return s.citizen(ctx, `nif`, sought(s.nifHash(n)))
}

// CitizenByPhone implements citizen.Store.
func (s *Store) CitizenByPhone(ctx context.Context, p contact.Phone) (citizen.Citizen, bool, error) {
	return s.citizen(ctx, `phone`, sought(s.phoneHash(p)))
}

// AddCitizen implements citizen.Store.
func (s *Store) AddCitizen(ctx context.Context, c citizen.Citizen) error {
	sealed, err := s.sealCitizen(c)
	if err != nil {
		return err
	}
	if err := errors.Join(s.lone(ctx, `nif`, s.nifHash(c.NIF), c.ID), s.lone(ctx, `phone`, s.phoneHash(c.Phone), c.ID)); err != nil {
		return err
	}
	n, err := s.exec(ctx, `INSERT INTO citizens (id, nif, phone, sealed, proofing, phone_binding, phone_since, activation, frozen, registered_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		c.ID, s.nifHash(c.NIF), s.phoneHash(c.Phone), sealed, string(c.Proofing), int64(c.PhoneBinding), c.PhoneSince,
		c.Activation, c.Frozen, c.Registered)
	if err == nil && n == 0 {
		return citizen.ErrTaken
	}
	return err
}

// SaveCitizen implements citizen.Store.
func (s *Store) SaveCitizen(ctx context.Context, c citizen.Citizen) error {
	sealed, err := s.sealCitizen(c)
	if err != nil {
		return err
	}
	if err := s.lone(ctx, `phone`, s.phoneHash(c.Phone), c.ID); err != nil {
		return err
	}
	n, err := s.exec(ctx, `UPDATE citizens SET phone = $2, sealed = $3, proofing = $4, phone_binding = $5, phone_since = $6,
		activation = $7, frozen = $8 WHERE id = $1`,
		c.ID, s.phoneHash(c.Phone), sealed, string(c.Proofing), int64(c.PhoneBinding), c.PhoneSince, c.Activation, c.Frozen)
	switch {
	case twice(err):
		return fmt.Errorf("%w: %w", citizen.ErrTaken, err)
	case err == nil && n == 0:
		return fmt.Errorf("store: citizen %s does not exist", c.ID)
	}
	return err
}

// citizen finds one by a column. A login that refreshes the datum, say, must not undo a freeze.
func (s *Store) citizen(ctx context.Context, column string, key any) (c citizen.Citizen, ok bool, err error) {
	text := s.locked(ctx, `SELECT `+citizenColumns+` FROM citizens WHERE `+column+` = $1`)
	var sealed []byte
	ok, err = found(s.queryRow(ctx, text, key).
		Scan(&c.ID, &sealed, &c.Proofing, &c.PhoneBinding, &c.PhoneSince, &c.Activation, &c.Frozen, &c.Registered))
	if err != nil || !ok {
		return citizen.Citizen{}, false, err
	}
	var b citizenBody
	if err := s.unseal(citizenUse, c.ID, sealed, &b); err != nil {
		return c, false, err
	}
	c.NIF, c.GivenName, c.FirstSurname, c.SecondSurname = b.NIF, b.Given, b.First, b.Second
	c.Phone, c.Email, c.Lang, c.Until, c.Blocked = b.Phone, b.Email, b.Lang, b.Until, b.Blocked
	c.Datum, err = b.Datum.datum()
	return c, err == nil, err
}

func (s *Store) sealCitizen(c citizen.Citizen) ([]byte, error) {
	return s.seal(citizenUse, c.ID, citizenBody{
		c.NIF, c.GivenName, c.FirstSurname, c.SecondSurname, c.Phone, c.Email, c.Lang, bodyOf(c.Datum), c.Until, c.Blocked,
	})
}

func (s *Store) nifHash(n nif.NIF) secret.Hash { return s.Ring.Hash(citizenUse, n.String()) }

// phoneHash is empty for a citizen without a phone.
func (s *Store) phoneHash(p contact.Phone) secret.Hash {
	if p.IsZero() {
		return nil
	}
	return s.Ring.Hash(phoneUse, p.Reveal())
}

// KnownBrowser implements pin.Store.
func (s *Store) KnownBrowser(ctx context.Context, browser secret.Hash) (bool, error) {
	var one int
	return found(s.queryRow(ctx, `SELECT 1 FROM known_browsers WHERE browser = $1`, sought(browser)).Scan(&one))
}

// AddKnownBrowser implements pin.Store.
func (s *Store) AddKnownBrowser(ctx context.Context, browser secret.Hash, citizen string, now time.Time) (bool, error) {
	if len(s.stored(browser)) > 1 { // it may be known under another key
		if known, err := s.KnownBrowser(ctx, browser); err != nil || known {
			return false, err
		}
	}
	n, err := s.exec(ctx, `INSERT INTO known_browsers (browser, citizen, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		browser, citizen, now)
	return n == 1, err
}
