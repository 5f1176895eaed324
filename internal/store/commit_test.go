package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"clave/internal/store"
)

// A database whose commits can fail: a deferred foreign key, which the store's own tables must not have, is looked at
// only then.
var brittle = []string{
	`CREATE TABLE parents (id TEXT NOT NULL PRIMARY KEY)`,
	`CREATE TABLE children (id TEXT NOT NULL PRIMARY KEY, parent TEXT NOT NULL REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)`,
}

// together runs, in one transaction, a unit for each statement and one more, and returns their errors.
func together(t *testing.T, s *store.Store, statements ...string) []error {
	errs := make([]error, len(statements))
	var units sync.WaitGroup
	holder := s.Do(t.Context(), func(context.Context) error { // while it holds the turn, the others queue up
		for i, text := range statements {
			units.Go(func() {
				errs[i] = s.Do(t.Context(), func(ctx context.Context) error {
					s.After(ctx, func() { t.Logf("%s is durable", text) })
					_, err := s.Exec(ctx, text)
					return err
				})
			})
			synctest.Wait()
		}
		return nil
	})
	units.Wait()
	return append(errs, holder)
}

func shared(t *testing.T, test func(t *testing.T, s *store.Store, fatal *error)) {
	address := sqlite(t)
	synctest.Test(t, func(t *testing.T) {
		var fatal error
		o := options()
		o.Fatal = func(err error) { fatal = err }
		s := open(t, address, o)
		for _, text := range brittle {
			execs(t, s, text)
		}
		test(t, s, &fatal)
	})
}

func TestFailuresShareACommitHarmlessly(t *testing.T) {
	shared(t, func(t *testing.T, s *store.Store, fatal *error) {
		errs := together(t, s, `INSERT INTO parents VALUES ('1')`, `INSERT INTO parents VALUES ('1')`, `INSERT INTO parents VALUES (2`,
			`INSERT INTO parents VALUES ('4')`)
		if errs[0] != nil || errs[1] == nil || errs[2] == nil || errs[3] != nil || errs[4] != nil || *fatal != nil {
			t.Errorf("got %q, %v", errs, *fatal)
		}
		ids, err := s.Strings(t.Context(), `SELECT id FROM parents ORDER BY id`)
		if fmt.Sprint(ids) != "[1 4]" || err != nil {
			t.Errorf("kept %q, %v", ids, err)
		}
	})
}

func TestFailedCommitTellsNobodyYes(t *testing.T) {
	shared(t, func(t *testing.T, s *store.Store, fatal *error) {
		for _, err := range together(t, s, `INSERT INTO parents VALUES ('1')`, `INSERT INTO children VALUES ('1', 'nobody')`,
			`INSERT INTO parents VALUES ('3')`, `INSERT INTO nothing VALUES ('refused')`) {
			wants(t, err, store.ErrCommit)
		}
		synctest.Wait()
		wants(t, *fatal, store.ErrCommit)
		wants(t, s.Do(t.Context(), func(context.Context) error { return nil }), store.ErrCommit)
		if ids, err := s.Strings(t.Context(), `SELECT id FROM parents`); len(ids) != 0 || err != nil {
			t.Errorf("kept %q, %v", ids, err)
		}
	})
}

// OR ROLLBACK does on purpose what SQLite does when the disk is full: it ends the transaction in the middle.
func TestLostTransactionTellsNobodyYes(t *testing.T) {
	shared(t, func(t *testing.T, s *store.Store, fatal *error) {
		execs(t, s, `INSERT INTO parents VALUES ('taken')`)
		for _, err := range together(t, s, `INSERT INTO parents VALUES ('1')`, `INSERT OR ROLLBACK INTO parents VALUES ('taken')`) {
			wants(t, err, store.ErrRolledBack)
		}
		execs(t, s, `INSERT INTO parents VALUES ('later')`)
		ids, err := s.Strings(t.Context(), `SELECT id FROM parents ORDER BY id`)
		if fmt.Sprint(ids) != "[later taken]" || err != nil || *fatal != nil {
			t.Errorf("kept %q, %v, %v", ids, err, *fatal)
		}
	})
}

func TestVisitorWhoLeavesTheQueueIsNotServed(t *testing.T) {
	shared(t, func(t *testing.T, s *store.Store, _ *error) {
		ctx, leave := context.WithCancel(t.Context())
		var left error
		var visitor sync.WaitGroup
		do(t, s, func(context.Context) error {
			visitor.Go(func() {
				left = s.Do(ctx, func(context.Context) error { t.Error("served"); return nil })
			})
			synctest.Wait()
			leave()
			visitor.Wait()
			return nil
		})
		wants(t, left, context.Canceled)
	})
}
