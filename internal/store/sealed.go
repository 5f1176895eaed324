package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"clave/internal/keyring"
)

// What the store hashes and seals, each with keys of its own.
const (
	personUse  keyring.Use = "person"
	citizenUse keyring.Use = "citizen"
	phoneUse   keyring.Use = "citizen.phone"
	messageUse keyring.Use = "message"
	auditUse   keyring.Use = "audit"
)

// seal turns a body into bytes that only the key ring opens, and only for the same row: ad names it.
func (s *Store) seal(use keyring.Use, ad string, body any) ([]byte, error) {
	plain, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", use, err)
	}
	return s.Ring.Seal(use, ad, plain), nil
}

func (s *Store) unseal(use keyring.Use, ad string, sealed []byte, body any) error {
	plain, err := s.Ring.Unseal(use, ad, sealed)
	if err != nil {
		return fmt.Errorf("open %s: %w", use, err)
	}
	return json.Unmarshal(plain, body)
}

// found turns a scan of no row into false.
func found(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// orNull stores an empty hash as NULL.
func orNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
