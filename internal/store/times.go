package store

import (
	"database/sql"
	"fmt"
	"time"
)

// plain replaces times by what is stored for them.
func plain(args []any) []any {
	for i, a := range args {
		if t, ok := a.(time.Time); ok {
			args[i] = micros(t)
		}
	}
	return args
}

func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

type timedRow struct{ *sql.Rows }

func (r timedRow) Scan(dest ...any) error {
	for i, d := range dest {
		if t, ok := d.(*time.Time); ok {
			dest[i] = (*instant)(t)
		}
	}
	return r.Rows.Scan(dest...)
}

// instant scans a stored time.
type instant time.Time

func (t *instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*t = instant{}
	case int64:
		*t = instant(time.UnixMicro(v).UTC())
	default:
		return fmt.Errorf("store: %T is no time", v)
	}
	return nil
}
