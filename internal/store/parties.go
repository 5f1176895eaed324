package store

import (
	"context"
	"fmt"
	"slices"

	"clave/internal/relying"
)

// PartyByID implements relying.Store.
func (s *Store) PartyByID(ctx context.Context, id string) (p relying.Party, ok bool, err error) {
	var sealed []byte
	ok, err = found(s.queryRow(ctx, s.locked(ctx, `SELECT sealed FROM parties WHERE id = $1`), id).Scan(&sealed))
	if err != nil || !ok {
		return p, false, err
	}
	p, err = s.openParty(id, sealed)
	return p, err == nil, err
}

// AddParty implements relying.Store.
func (s *Store) AddParty(ctx context.Context, p relying.Party) (bool, error) {
	return s.changeParties(ctx, `INSERT INTO parties (id, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING`, p.ID, s.sealParty(p))
}

// SaveParty implements relying.Store.
func (s *Store) SaveParty(ctx context.Context, p relying.Party) (bool, error) {
	return s.changeParties(ctx, `UPDATE parties SET sealed = $2 WHERE id = $1`, p.ID, s.sealParty(p))
}

// RemoveParty implements relying.Store.
func (s *Store) RemoveParty(ctx context.Context, id string) (bool, error) {
	return s.changeParties(ctx, `DELETE FROM parties WHERE id = $1`, id)
}

func (s *Store) changeParties(ctx context.Context, text string, args ...any) (bool, error) {
	n, err := s.exec(ctx, text, args...)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = s.exec(ctx, `UPDATE parties_version SET version = version + 1`)
	return err == nil, err
}

// PartiesVersion implements relying.Source.
func (s *Store) PartiesVersion(ctx context.Context) (version int64, err error) {
	err = s.queryRow(ctx, `SELECT version FROM parties_version`).Scan(&version)
	return version, err
}

// Parties implements relying.Source, in the order of their ids. The version is read first: what changes in between is read
// again. A row that cannot be read closes that service and no other.
func (s *Store) Parties(ctx context.Context) ([]relying.Party, int64, error) {
	version, err := s.PartiesVersion(ctx)
	if err != nil {
		return nil, 0, err
	}
	list, err := all(ctx, s, s.scanParty, `SELECT id, sealed FROM parties ORDER BY id`)
	unread := func(p relying.Party) bool { return p.ID == "" }
	return slices.DeleteFunc(list, unread), version, err
}

// scanParty gives the zero Party for a row that cannot be read.
func (s *Store) scanParty(r row) (relying.Party, error) {
	var id string
	var sealed []byte
	if err := r.Scan(&id, &sealed); err != nil {
		return relying.Party{}, err
	}
	p, err := s.openParty(id, sealed)
	if err != nil {
		s.Log.Error("a registered party is refused: its row cannot be read", "party", id, "err", err)
		return relying.Party{}, nil
	}
	return p, nil
}

// sealParty: none of it is secret, but all of it is trusted.
func (s *Store) sealParty(p relying.Party) []byte {
	return s.Ring.Seal(s.Now(), partyUse, p.ID, p.JSON())
}

func (s *Store) openParty(id string, sealed []byte) (relying.Party, error) {
	form, err := s.Ring.Unseal(partyUse, id, sealed)
	if err != nil {
		return relying.Party{}, fmt.Errorf("open party: %w", err)
	}
	return relying.ParseJSON(form)
}
