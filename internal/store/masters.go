package store

import (
	"context"
	"fmt"
	"time"

	"clave/internal/keyring"
)

// strangeBefore is how long before a master key begins a node that does not have it stops: clocks differ by less.
const strangeBefore = 10 * time.Second

// CheckMasters makes known which master keys this ring has, and fails with ErrRing when rows may be under one that it does not have: whoever
// is registered under that would be a stranger here, and could register anew. From then on the store does nothing, until a check succeeds. A
// node checks every second; a new key is made known long before any row is under it.
func (s *Store) CheckMasters(ctx context.Context) error {
	now, own := s.Now(), map[string]keyring.Master{}
	for _, m := range s.Ring.Masters(now) {
		if !m.Retired {
			own[m.ID] = m
		}
	}
	scan := func(r row) (m noted, err error) { return m, r.Scan(&m.id, &m.since, &m.gone) }
	var list []noted
	err := s.query(context.WithValue(ctx, checking{}, true), func(r row) error {
		m, err := scan(r)
		list = append(list, m)
		return err
	}, `SELECT id, since, gone FROM masters`)
	if err != nil {
		return fmt.Errorf("look at the master keys: %w", err)
	}
	for _, m := range list {
		if _, has := own[m.id]; !has && !m.gone && !now.Before(m.since.Add(-strangeBefore)) {
			s.strange.Store(true)
			return fmt.Errorf("%w: master key %s seals since %s, and this ring has it not, or retired; bring the ring of the other nodes here, "+
				"or, after a restore, run clave keys rehash", ErrRing, m.id, m.since.Format(time.RFC3339))
		}
		delete(own, m.id)
	}
	s.strange.Store(false)
	return s.noteMasters(ctx, own)
}

// own refuses a key ring that is not this database's.
func (s *Store) own(ctx context.Context) error {
	if err := s.ownRing(ctx); err != nil || s.AnyMaster {
		return err
	}
	return s.CheckMasters(ctx)
}

// noted is a master key that some node made known.
type noted struct {
	id    string
	since time.Time
	gone  bool
}

// checking marks the one question that a store may ask whose ring is strange to the database.
type checking struct{}

func (s *Store) estranged(ctx context.Context) error {
	if s.strange.Load() && ctx.Value(checking{}) == nil {
		return ErrRing
	}
	return nil
}

func (s *Store) noteMasters(ctx context.Context, fresh map[string]keyring.Master) error {
	if len(fresh) == 0 {
		return nil
	}
	return s.Do(ctx, func(ctx context.Context) error {
		for id, m := range fresh {
			if _, err := s.exec(ctx, `INSERT INTO masters (id, since, gone) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, id, m.Since, false); err != nil {
				return err
			}
		}
		return nil
	})
}

// EndMaster says for ever that no row is under a master key. It needs a unit.
func (s *Store) EndMaster(ctx context.Context, id string) error {
	_, err := s.exec(ctx, `INSERT INTO masters (id, since, gone) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET gone = excluded.gone`, id, s.Now(), true)
	return err
}
