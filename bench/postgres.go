package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"clave/internal/store/storetest"
)

// postgres is a database server beside the one that is measured: as the tests start it, with fsync, one node, no standby.
type postgres struct {
	server  *storetest.Cluster
	address string
	conn    *pgx.Conn
}

func startPostgres(ctx context.Context) (p *postgres, err error) {
	p = &postgres{}
	if p.server, err = storetest.Start(); err != nil {
		return nil, err
	}
	if p.address, err = p.server.Database(ctx); err == nil {
		p.conn, err = pgx.Connect(ctx, p.address)
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *postgres) stop() {
	if p.conn != nil {
		_ = p.conn.Close(context.Background())
	}
	p.server.Stop()
}

// database is what a database server has used and kept.
type database struct {
	cpu     time.Duration
	commits int64 // of changes
	wal     int64 // bytes of its log
	size    int64 // bytes of tables and indexes
}

func (d database) since(before database) database {
	return database{d.cpu - before.cpu, d.commits - before.commits, d.wal - before.wal, d.size - before.size}
}

// rows are for people; none, without a database server.
func (d database) rows(logins int) [][2]string {
	if d.commits == 0 {
		return nil
	}
	each := func(n int64) string { return fmt.Sprintf("%.1f KB", float64(n)/float64(logins)/1e3) }
	return [][2]string{
		{"PostgreSQL, CPU per login", ms(d.cpu/time.Duration(logins)) + " ms"},
		{"PostgreSQL, log per login", each(d.wal)},
		{"PostgreSQL, stored per login", each(d.size)},
	}
}

func (p *postgres) usage(ctx context.Context) (d database, err error) {
	if d.cpu, err = familyCPU(p.server.Pid()); err != nil {
		return d, err
	}
	err = p.conn.QueryRow(ctx, `SELECT (SELECT count(*) FROM changes), pg_current_wal_insert_lsn() - '0/0'::pg_lsn,
		pg_database_size(current_database())`).Scan(&d.commits, &d.wal, &d.size)
	return d, err
}

// ticks is how often a second the kernel counts CPU (USER_HZ).
const ticks = 100

// familyCPU is what a process and its children have used, those that have ended included (proc(5), stat).
func familyCPU(pid int) (time.Duration, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ") // what stands before is a name that may hold anything
		fields := strings.Fields(rest)
		if len(fields) < 15 {
			continue
		}
		at := func(i int) int64 { n, _ := strconv.ParseInt(fields[i], 10, 64); return n }
		switch {
		case filepath.Base(filepath.Dir(file)) == strconv.Itoa(pid):
			sum += at(11) + at(12) + at(13) + at(14)
		case at(1) == int64(pid):
			sum += at(11) + at(12)
		}
	}
	return time.Duration(sum) * time.Second / ticks, nil
}
