package store_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"clave/internal/store"
	"clave/internal/store/storetest"
)

// What one of the databases does not know, or takes for something else than the other.
var unshared = regexp.MustCompile(`(?i)\b(SERIAL|BIGSERIAL|INT|INTEGER|SMALLINT|REAL|DOUBLE|NUMERIC|DECIMAL|VARCHAR|CHAR|CITEXT|BLOB|DATE|DATETIME|TIME|` +
	`TIMESTAMP|TIMESTAMPTZ|UUID|JSON|JSONB|AUTOINCREMENT|IDENTITY|WITHOUT|STRICT|DEFERRABLE)\b`)

func TestMigrationsSpeakToBothDatabases(t *testing.T) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	comments := regexp.MustCompile(`--.*`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if word := unshared.Find(comments.ReplaceAll(text, nil)); word != nil {
			t.Errorf("%s: %s", name, word)
		}
	}
}

// A rolling upgrade: the program of before goes on working when the tables are newer than it knows, until a migration takes
// something away that it needs, and says so.
func TestTablesNewerThanTheProgram(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		execs(t, s, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, TRUE)`)
		older := open(t, address, options())
		execs(t, older, `ALTER TABLE citizens ADD COLUMN later TEXT`)
		do(t, older, func(ctx context.Context) error { _, err := older.RaiseEpoch(ctx); return err })
		wants(t, fit(t, older), nil)
		execs(t, s, `UPDATE house SET requires = 999`)
		wants(t, fit(t, older), store.ErrSchema)
		_, err := store.Open(t.Context(), address, options())
		wants(t, err, store.ErrSchema)
	})
}

// fit asks a store whether its tables fit, whatever else it may lack to be ready.
func fit(t *testing.T, s *store.Store) error {
	s.SingleNode = true
	return s.Ready(t.Context())
}

// Another program may run on the same PostgreSQL: its tables change when an operator says so, not when a node starts.
func TestTablesOlderThanTheProgram(t *testing.T) {
	address := storetest.Postgres(t)
	s := open(t, address, options())
	execs(t, s, `DELETE FROM goose_db_version WHERE version_id >= 12`)
	execs(t, s, `DROP TABLE jobs`)
	execs(t, s, `ALTER TABLE house DROP COLUMN requires`)
	_, err := store.Open(t.Context(), address, options())
	wants(t, err, store.ErrSchema)
	if err == nil || !strings.Contains(err.Error(), "clave migrate") {
		t.Errorf("it does not say what to do: %v", err)
	}
	from, to, err := store.Migrate(t.Context(), address, options())
	if from >= 12 || to < 12 || err != nil {
		t.Errorf("from %d to %d, %v", from, to, err)
	}
	wants(t, fit(t, open(t, address, options())), nil)
}

// What takes something away from a program of the release before: an upgrade would not be a rolling one.
var contracts = regexp.MustCompile(`(?i)\b(DROP\s+(TABLE|COLUMN|CONSTRAINT)|RENAME|ALTER\s+COLUMN|ALTER\s+TABLE\s+\w+\s+ADD\s+(CONSTRAINT|UNIQUE|CHECK|FOREIGN))\b`)

// A column without a default is not filled by a program that does not know it.
var (
	added    = regexp.MustCompile(`(?i)\bADD\s+COLUMN\b[^;]*`)
	demanded = regexp.MustCompile(`(?i)\bNOT\s+NULL\b`)
	filled   = regexp.MustCompile(`(?i)\bDEFAULT\b`)
)

// free is the last migration of the first release: those up to it could take away what they wanted.
const free = 99999

func TestRollingMigrations(t *testing.T) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if store.Number(name) <= free { // before the first release
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := notRolling(string(text)); wrong != "" {
			t.Errorf("%s: %s (decision 15)", name, wrong)
		}
	}
}

// notRolling finds what the programs of the release before would not survive. What contracts raises house.requires, to the
// last migration of the release that stopped using what it takes away.
func notRolling(text string) string {
	text = regexp.MustCompile(`--.*`).ReplaceAllString(text, "")
	if !strings.Contains(text, "UPDATE house SET requires") {
		if found := contracts.FindString(text); found != "" {
			return found
		}
	}
	for _, column := range added.FindAllString(text, -1) {
		if demanded.MatchString(column) && !filled.MatchString(column) {
			return column
		}
	}
	return ""
}

func TestNotRolling(t *testing.T) {
	for text, want := range map[string]bool{
		"CREATE TABLE x (a TEXT NOT NULL);":                                            true,
		"ALTER TABLE x ADD COLUMN a TEXT NOT NULL DEFAULT '';":                         true,
		"ALTER TABLE x ADD COLUMN a TEXT;":                                             true,
		"ALTER TABLE x ADD COLUMN a TEXT NOT NULL;":                                    false,
		"ALTER TABLE x ADD COLUMN a TEXT; ALTER TABLE x ADD COLUMN b TEXT\n NOT NULL;": false,
		"drop table x;":                                 false,
		"-- drop table x;":                              true,
		"ALTER TABLE x RENAME TO y;":                    false,
		"ALTER TABLE x ALTER COLUMN a SET NOT NULL;":    false,
		"ALTER TABLE x ADD CONSTRAINT c UNIQUE (a);":    false,
		"DROP TABLE x; UPDATE house SET requires = 14;": true,
	} {
		if got := notRolling(text) == ""; got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
