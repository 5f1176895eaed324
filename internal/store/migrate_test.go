package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
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
