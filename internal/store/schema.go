package store

import (
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Schema is the version of the tables that this program makes.
func Schema() (newest int64) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		panic(err) // our own pattern
	}
	for _, name := range names {
		if version, err := goose.NumericComponent(name); err == nil {
			newest = max(newest, version)
		}
	}
	return newest
}
