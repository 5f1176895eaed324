package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"clave/internal/citizen"
	"clave/internal/keyring"
	"clave/internal/secret"
)

// A column holds a hash as the ring says that it is stored. While master keys change it may be in one of several forms, which every
// statement looks for, and every lock and uniqueness is held to (safety rule 21).

// sought is a hash that a statement looks for, written "column = $n".
type sought secret.Hash

var comparison = regexp.MustCompile(`= \$(\d+)\b`)

// forms replaces hashes by what is stored for them. The forms of one that is sought take the place of "= $n".
func (s *Store) forms(text string, args []any) (string, []any) {
	several := map[int][]int{} // the places of the forms of an argument that has more than one
	for i := range args {
		switch h := args[i].(type) {
		case secret.Hash:
			args[i] = s.stored(h)[0]
		case sought:
			list := s.stored(secret.Hash(h))
			args[i] = list[0]
			for _, form := range list[1:] {
				args = append(args, form)
				several[i+1] = append(several[i+1], len(args))
			}
		}
	}
	if len(several) == 0 {
		return text, args
	}
	return comparison.ReplaceAllStringFunc(text, func(found string) string {
		place, _ := strconv.Atoi(strings.TrimPrefix(found, "= $")) // the expression has digits only
		if several[place] == nil {
			return found
		}
		in := fmt.Sprintf("IN ($%d", place)
		for _, other := range several[place] {
			in += fmt.Sprintf(", $%d", other)
		}
		return in + ")"
	}), args
}

// stored is nil, for NULL, where there is no hash.
func (s *Store) stored(h secret.Hash) [][]byte {
	if h == nil {
		return [][]byte{nil}
	}
	return s.Ring.Stored(h, s.Now())
}

// hashRow reads stored hashes and times.
type hashRow struct {
	*sql.Rows
	ring *keyring.Ring
}

func (r hashRow) Scan(dest ...any) error {
	for i, d := range dest {
		if h, ok := d.(*secret.Hash); ok {
			dest[i] = hashIn{h, r.ring}
		}
	}
	return timedRow{r.Rows}.Scan(dest...)
}

// hashIn scans a stored hash.
type hashIn struct {
	to   *secret.Hash
	ring *keyring.Ring
}

func (h hashIn) Scan(v any) (err error) {
	stored, ok := v.([]byte)
	if !ok && v != nil {
		return fmt.Errorf("store: %T is no hash", v)
	}
	*h.to, err = h.ring.Hashed(slices.Clone(stored))
	return err
}

// lone refuses a NIF or a phone that another citizen has. The database does so by itself as long as a hash has one form; while it has more,
// two registrations might each save theirs, so they wait for each other here.
func (s *Store) lone(ctx context.Context, column string, h secret.Hash, id string) error {
	if len(s.stored(h)) == 1 {
		return nil
	}
	if _, err := s.LockHitTimes(ctx, h); err != nil {
		return err
	}
	var one int
	held, err := found(s.queryRow(ctx, `SELECT 1 FROM citizens WHERE `+column+` = $1 AND id <> $2`, sought(h), id).Scan(&one))
	if err == nil && held {
		return citizen.ErrTaken
	}
	return err
}
