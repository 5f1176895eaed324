package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"clave/internal/keyring"
)

// What the store hashes and seals, each with keys of its own.
const (
	personUse       keyring.Use = "person"
	citizenUse      keyring.Use = "citizen"
	phoneUse        keyring.Use = "citizen.phone"
	messageUse      keyring.Use = "message"
	auditUse        keyring.Use = "audit"
	partyUse        keyring.Use = "party"
	sessionUse      keyring.Use = "session.body"
	confirmationUse keyring.Use = "confirmation"
	oidcUse         keyring.Use = "oidc"
)

// seal turns a body into bytes that only the key ring opens, and only for the same row: ad names it.
func (s *Store) seal(use keyring.Use, ad string, body any) ([]byte, error) {
	plain, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", use, err)
	}
	return s.Ring.Seal(s.Now(), use, ad, plain), nil
}

func (s *Store) unseal(use keyring.Use, ad string, sealed []byte, body any) error {
	plain, err := s.Ring.Unseal(use, ad, sealed)
	if err != nil {
		return fmt.Errorf("open %s: %w", use, err)
	}
	return json.Unmarshal(plain, body)
}

// ownRing refuses a key ring that opens nobody of those who are registered, people or services. Everybody would be a
// stranger to it: they could not sign in, and those who were frozen could register anew. One damaged row does not stop the
// house.
func (s *Store) ownRing(ctx context.Context) error {
	for use, text := range map[keyring.Use]string{
		citizenUse: `SELECT id, sealed FROM citizens LIMIT 8`,
		partyUse:   `SELECT id, sealed FROM parties LIMIT 8`,
	} {
		opens, err := all(ctx, s, s.opens(use), text)
		if err != nil {
			return err
		}
		if len(opens) > 0 && !slices.Contains(opens, true) {
			return ErrRing
		}
	}
	return nil
}

func (s *Store) opens(use keyring.Use) func(row) (bool, error) {
	return func(r row) (bool, error) {
		var id string
		var sealed []byte
		if err := r.Scan(&id, &sealed); err != nil {
			return false, err
		}
		_, err := s.Ring.Unseal(use, id, sealed)
		return err == nil, nil
	}
}

// found turns a scan of no row into false.
func found(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
