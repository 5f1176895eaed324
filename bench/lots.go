package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// A million citizens are registered in lots, each in a database small enough for its cache, a few side by side; then the rows
// are put together. In one database, most of the time would go on pages that come from the disk and go back.
const lot = 50_000

// registerLots returns a folder for each lot. All have the same keys.
func registerLots(ctx context.Context, dir string, citizens int) (lots []string, err error) {
	first := filepath.Join(dir, "0")
	if err := registerLot(ctx, "", first, 0, min(lot, citizens)); err != nil {
		return nil, err
	}
	lots = append(lots, first)
	failed := make(chan error, citizens/lot+1)
	room := make(chan struct{}, runtime.NumCPU())
	var busy sync.WaitGroup
	for from := lot; from < citizens; from += lot {
		to := filepath.Join(dir, fmt.Sprint(from))
		lots = append(lots, to)
		busy.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			failed <- registerLot(ctx, first, to, from, min(lot, citizens-from))
		})
	}
	busy.Wait()
	close(failed)
	for one := range failed {
		err = errors.Join(err, one)
	}
	return lots, err
}

func registerLot(ctx context.Context, keys, dir string, from, count int) error {
	if err := makeFolder(dir, keys); err != nil {
		return err
	}
	h, err := start(ctx, order{Dir: dir, Keys: keys != "", First: from, Citizens: count})
	if err != nil {
		return err
	}
	return h.close()
}

// mergeLots puts the rows of all lots into the first. What is half done when the machine stops is made anew: nothing waits for
// the disk.
func mergeLots(ctx context.Context, lots []string) error {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(lots[0], databaseFile)+"?_pragma=cache_size(-1500000)&_pragma=journal_mode(MEMORY)&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	for _, from := range lots[1:] {
		if _, err := db.ExecContext(ctx, `ATTACH ? AS lot`, filepath.Join(from, databaseFile)); err != nil {
			return errors.Join(err, db.Close())
		}
		for _, step := range []string{
			`INSERT INTO citizens SELECT * FROM lot.citizens`, `INSERT INTO people SELECT * FROM lot.people`, `DETACH lot`,
		} {
			if _, err := db.ExecContext(ctx, step); err != nil {
				return errors.Join(err, db.Close())
			}
		}
	}
	return db.Close()
}
