package store

import (
	"context"
	"database/sql"
	"regexp"
	"sync"
)

// preparer is an SQLite connection, or a pool of them.
type preparer interface {
	PrepareContext(ctx context.Context, text string) (*sql.Stmt, error)
}

// prepared runs statements on SQLite and keeps them for the next time. The texts are this package's own, so there are
// only so many of them.
type prepared struct {
	on    preparer
	texts sync.Map // string to *sql.Stmt
}

// SQLite has no row locks and, with one writer, needs none.
var rowLock = regexp.MustCompile(`(?i)\s+FOR\s+UPDATE(\s+SKIP\s+LOCKED)?\b`)

func (p *prepared) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if known, ok := p.texts.Load(text); ok {
		return known.(*sql.Stmt), nil
	}
	made, err := p.on.PrepareContext(ctx, rowLock.ReplaceAllString(text, ""))
	if err != nil {
		return nil, err
	}
	kept, known := p.texts.LoadOrStore(text, made)
	if known {
		made.Close()
	}
	return kept.(*sql.Stmt), nil
}

func (p *prepared) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	st, err := p.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

func (p *prepared) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	st, err := p.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// wholly runs a unit's statements to their end. SQLite answers the interruption of one change by rolling back the whole
// transaction, that is everybody's, so a unit's deadline is looked at between statements only.
type wholly struct{ *prepared }

func (w wholly) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return w.prepared.ExecContext(context.Background(), text, args...)
}

func (w wholly) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return w.prepared.QueryContext(context.Background(), text, args...)
}
