package store

import (
	"context"
	"fmt"
	"slices"

	"clave/internal/keyring"
)

// held is a column whose rows depend on a master key.
type held struct {
	table, column string
	keys          []string    // the primary key; none: the column itself
	use           keyring.Use // of what is sealed; empty: the column is a hash
}

// heldColumns are all of them. TestRule21EveryColumnIsRehashed looks whether one is missing.
var heldColumns = []held{
	{"people", "sealed", []string{"nif"}, personUse}, // while the hash still says what it is bound to
	{"people", "nif", nil, ""},
	{"citizens", "sealed", []string{"id"}, citizenUse},
	{"citizens", "nif", []string{"id"}, ""},
	{"citizens", "phone", []string{"id"}, ""},
	{"citizens", "activation", []string{"id"}, ""},
	{"known_browsers", "browser", nil, ""},
	{"freezes", "code", nil, ""},
	{"letters", "reference", []string{"id"}, ""},
	{"letters", "subject", []string{"id"}, ""},
	{"letters", "csv", []string{"id"}, ""},
	{"messages", "sealed", []string{"id"}, messageUse},
	{"parties", "sealed", []string{"id"}, partyUse},
	{"audits", "sealed", []string{"id"}, auditUse},
	{"audits", "subject", []string{"id"}, ""},
	{"sessions", "sealed", []string{"id"}, sessionUse},
	{"sessions", "token", []string{"id"}, ""},
	{"confirmations", "sealed", []string{"id"}, confirmationUse},
	{"confirmations", "subject", []string{"id"}, ""},
	{"oidc_records", "sealed", []string{"kind", "key"}, oidcUse},
	{"challenges", "browser", []string{"id"}, ""},
	{"challenges", "subject", []string{"id"}, ""},
	{"challenges", "budget", []string{"id"}, ""},
	{"challenges", "code", []string{"id"}, ""},
	{"counters", "key", nil, ""},
}

// Remaining is how many rows still depend on a master key that does not seal any more.
type Remaining struct {
	Table, Column string
	Rows          int64
}

// Remaining counts what depends on an old key: what Rehash would change, but for counters of nothing, which are there to be locked.
func (s *Store) Remaining(ctx context.Context) (list []Remaining, err error) {
	for _, h := range heldColumns {
		where, args := h.stale(s.sealing(), 0)
		if h.table == "counters" {
			where += ` AND LENGTH(hits) > 0`
		}
		left := Remaining{Table: h.table, Column: h.column}
		if err := s.queryRow(ctx, `SELECT COUNT(*) FROM `+h.table+` WHERE `+where, args...).Scan(&left.Rows); err != nil {
			return nil, err
		}
		if left.Rows > 0 {
			list = append(list, left)
		}
	}
	return list, nil
}

func (s *Store) sealing() keyring.Master {
	list := s.Ring.Masters(s.Now())
	return list[slices.IndexFunc(list, func(m keyring.Master) bool { return m.Seals })]
}

// stale is the condition of rows under another key than the one that seals, with the arguments of its places, which begin after n others.
// What begins with the key's id is under it; a hash without any is under the first one.
func (h held) stale(m keyring.Master, n int) (where string, args []any) {
	first, last := m.Prefix(), m.Prefix()
	for i := len(last) - 1; i >= 0; i-- {
		if last[i]++; last[i] != 0 {
			break
		}
	}
	other := fmt.Sprintf("(%s < $%d OR %[1]s >= $%[3]d)", h.column, n+1, n+2)
	switch {
	case h.use != "":
		return other, []any{first, last}
	case m.Hashes:
		return fmt.Sprintf("LENGTH(%s) = %d", h.column, storedHash), nil
	}
	return fmt.Sprintf("(LENGTH(%s) = %d OR LENGTH(%[1]s) = %[3]d AND %[4]s)", h.column, bareHash, storedHash, other), []any{first, last}
}

const (
	bareHash   = 32 // bytes of a hash under the first master key
	storedHash = 40 // and under a later one, with its id
)

func (h held) primary() []string {
	if h.keys == nil {
		return []string{h.column}
	}
	return h.keys
}
