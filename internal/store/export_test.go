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

// Number is that of a migration's file.
var Number = number

// Plans names the index by which each statement that looks through all messages must find its rows, and its arguments.
var Plans = []struct {
	Index, Text string
	Args        []any
}{
	{"messages_pace", selectPace, []any{"pin", 1}},
	{"messages_due", selectDue, []any{"sms", 1, 1}},
	{"messages_claimed", loseCodes, []any{1}},
	{"messages_claimed", freeNotices, []any{1, 1}},
	{"messages_sealed", endLate, []any{1}},
	{"messages_due", selectWaiting, []any{"sms"}},
	{"messages_ref", selectByRef, []any{"one:1", "sms"}},
	{"receipts_due", selectDueReceipts, []any{1}},
	{"receipts_at", forgetReceipts, []any{1}},
	{"receipts_at", tooManyReceipts, []any{1}},
	{"oidc_records_due", selectDueRecords, []any{"ping", 1, 1}},
	{"oidc_records_until", forgetRecords, []any{1, 1}},
	{"participations_owed", selectOwed, []any{"oidc", 1, 1}},
}

// Unlocked is a statement as SQLite is shown it.
func Unlocked(text string) string { return rowLock.ReplaceAllString(text, "") }

// HeldColumns are the columns that a change of master keys reaches.
func HeldColumns() map[string]bool {
	known := map[string]bool{}
	for _, h := range heldColumns {
		known[h.table+"."+h.column] = true
	}
	return known
}
