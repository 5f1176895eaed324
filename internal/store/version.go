package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
)

// Version is how far the tables of a database have come, and how far this program would bring them. It changes nothing; a
// database that does not exist yet has version 0.
func Version(ctx context.Context, address string) (has, comes int64, err error) {
	comes = known
	db, err := onlyLooked(address)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, comes, nil
	}
	if err != nil {
		return 0, 0, err
	}
	defer db.Close()
	var tables int
	catalogue := `SELECT COUNT(*) FROM sqlite_schema WHERE name = 'goose_db_version'`
	if isServer(address) {
		catalogue = `SELECT COUNT(*) FROM pg_tables WHERE tablename = 'goose_db_version' AND schemaname = ANY (current_schemas(FALSE))`
	}
	if err = db.QueryRowContext(ctx, catalogue).Scan(&tables); err != nil || tables == 0 {
		return 0, comes, err
	}
	err = db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&has)
	return has, comes, err
}

func onlyLooked(address string) (*sql.DB, error) {
	if !isServer(address) {
		if _, err := os.Stat(address); err != nil {
			return nil, err
		}
		return lite(address, 1, "query_only(1)")
	}
	config, err := parsePrimary(address)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["default_transaction_read_only"] = "on"
	return stdlib.OpenDB(*config), nil
}

func isServer(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}
