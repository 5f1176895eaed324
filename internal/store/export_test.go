package store

import "context"

// For the tests, which speak SQL over tables of their own.

func (s *Store) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	return s.exec(ctx, text, args...)
}

func (s *Store) Get(ctx context.Context, dest any, text string, args ...any) error {
	return s.queryRow(ctx, text, args...).Scan(dest)
}

func (s *Store) Strings(ctx context.Context, text string, args ...any) ([]string, error) {
	return all(ctx, s, func(r row) (one string, err error) { return one, r.Scan(&one) }, text, args...)
}

func (s *Store) Each(ctx context.Context, each func() error, text string, args ...any) error {
	return s.query(ctx, func(row) error { return each() }, text, args...)
}
