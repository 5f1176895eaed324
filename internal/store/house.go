package store

import (
	"context"
	"database/sql"
	"fmt"

	"clave/internal/keyring"
)

// bear writes the kind of a new database, once for ever.
func bear(ctx context.Context, db *sql.DB, o Options) error {
	_, err := db.ExecContext(ctx, `INSERT INTO house (id, kind, epoch, born_at) VALUES (1, $1, 1, $2) ON CONFLICT (id) DO NOTHING`,
		string(o.Kind), o.Now().UnixMicro())
	if err != nil {
		return err
	}
	return sameKind(ctx, db, o.Kind)
}

// sameKind refuses real people's data to the demonstration, which shows their codes to whoever looks, and invented
// people to the real service, which would vouch for them.
func sameKind(ctx context.Context, db *sql.DB, want keyring.Kind) error {
	var born keyring.Kind
	err := db.QueryRowContext(ctx, `SELECT kind FROM house`).Scan(&born)
	if err == sql.ErrNoRows { // its first opening was cut short
		return nil
	}
	if err == nil && born != want {
		err = fmt.Errorf("%w: it was born %s, for ever, and cannot be opened as %s", ErrKind, born, want)
	}
	return err
}

// Epoch is the age of the database's memory. Challenges, codes and sessions carry the epoch they were made in, and are
// void in another.
func (s *Store) Epoch(ctx context.Context) (epoch int64, err error) {
	err = s.queryRow(ctx, `SELECT epoch FROM house`).Scan(&epoch)
	return epoch, err
}

// RaiseEpoch voids every challenge, code and session, and returns the new epoch. It needs a unit.
func (s *Store) RaiseEpoch(ctx context.Context) (epoch int64, err error) {
	err = s.queryRow(ctx, `UPDATE house SET epoch = epoch + 1 RETURNING epoch`).Scan(&epoch)
	return epoch, err
}

// Distrust is called when the database may have forgotten that codes were used, sent or asked for: after a restore, or a
// promotion that lost commits. It raises the epoch, and the void codes that wait to be sent are not. It needs a unit.
func (s *Store) Distrust(ctx context.Context) (epoch int64, err error) {
	if _, err := s.exec(ctx, `UPDATE messages SET state = 'lost', sealed = NULL
		WHERE state IN ('queued', 'sending') AND decoy = FALSE AND kind IN (`+onceKinds+`)`); err != nil {
		return 0, err
	}
	return s.RaiseEpoch(ctx)
}
