package doctor

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"clave/internal/keyring"
	"clave/internal/store"
)

// Database is where everything is kept.
type Database struct {
	Address    string
	Kind       keyring.Kind
	SingleNode bool // PostgreSQL without a standby will do
	Thorough   bool // read the whole file of SQLite
}

// Check looks at the database without opening it as a node does, which would bring its tables up to date.
func (d Database) Check(ctx context.Context) []Finding {
	if strings.Contains(d.Address, "://") {
		return d.postgres(ctx)
	}
	return d.embedded(ctx)
}

const askMigrate = "Run clave migrate, or start a node of this version: it does it by itself."

// common asks what both databases answer alike.
func (d Database) common(ctx context.Context, db *sql.DB) (found []Finding) {
	var kind string
	switch err := db.QueryRowContext(ctx, `SELECT kind FROM house`).Scan(&kind); {
	case err != nil:
		return []Finding{warning(askMigrate, "it answers, and holds no tables of ours yet")}
	case kind != string(d.Kind):
		found = append(found, wrong("Look at [database] and kind: this is another installation's. A database is born demo or live, for ever.", "it was born %s, and is to be %s", kind, d.Kind))
	}
	var has int64
	if err := db.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version`).Scan(&has); err != nil {
		return append(found, wrong("See whether the user of the database may read its tables.", "its version cannot be read: %s", brief(err)))
	}
	switch wants := store.Schema(); {
	case has < wants:
		found = append(found, warning(askMigrate, "its tables are of version %d; this program has %d", has, wants))
	case has > wants:
		found = append(found, warning("Upgrade this node's program soon: the one before the newest still works with the newest tables, older ones are not tested.", "its tables are of version %d; this program knows %d", has, wants))
	default:
		found = append(found, well("it answers, is %s, and its tables are of version %d", kind, has))
	}
	return found
}

func (d Database) embedded(ctx context.Context) []Finding {
	info, err := os.Stat(d.Address)
	if errors.Is(err, os.ErrNotExist) {
		return append(folder(filepath.Dir(d.Address)), warning("Nothing, on a first day: clave serve makes it. Otherwise look at [database] address, or restore a backup.", "%s is not there yet", d.Address))
	}
	if err != nil {
		return []Finding{wrong("Run the doctor as the user that clave serve runs as, and see who owns the folder.", "%s", brief(err))}
	}
	found := append(d.files(info), folder(filepath.Dir(d.Address))...)
	db, err := sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(d.Address)+"?_pragma=busy_timeout(5000)&_pragma=query_only(1)")
	if err != nil {
		return append(found, wrong("See that the file is a database of Clave.", "%s", brief(err)))
	}
	defer db.Close()
	found = append(found, d.common(ctx, db)...)
	if d.Thorough {
		found = append(found, integrity(ctx, db))
	}
	return found
}

// largeWAL is the size, in bytes, that the log of SQLite does not reach by itself: it is emptied at a few megabytes.
const largeWAL = 256 << 20

func (d Database) files(info os.FileInfo) (found []Finding) {
	if info.Mode().Perm()&0o077 != 0 {
		found = append(found, wrong("chmod 600 "+d.Address, "others may read %s", d.Address))
	}
	f, err := os.OpenFile(d.Address, os.O_RDWR, 0)
	if err != nil {
		found = append(found, wrong("Run the doctor as the user that clave serve runs as; if that is so, see who owns the file and whether the disk is mounted read-only.", "it cannot be written: %s", brief(err)))
	} else {
		f.Close()
	}
	if wal, err := os.Stat(d.Address + "-wal"); err == nil && wal.Size() > largeWAL {
		found = append(found, warning("Something reads for very long, a copy of the file perhaps: take backups with clave backup. It shrinks when that ends.", "its write-ahead log has %d MB", wal.Size()>>20))
	}
	return found
}

func integrity(ctx context.Context, db *sql.DB) Finding {
	var said string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&said); err != nil {
		return wrong("Stop the node, copy the file away, and restore a backup.", "it could not be read through: %s", brief(err))
	}
	if said != "ok" {
		return wrong("Stop the node, copy the file away, and restore the last backup (docs/operate/backup.md).", "the file is damaged")
	}
	return well("the whole file was read through and is sound")
}

func (d Database) postgres(ctx context.Context) []Finding {
	db, err := sql.Open("pgx", d.Address)
	if err != nil {
		return []Finding{wrong("Look at [database] address: postgres://user@host/name.", "the address cannot be read")} // it may hold a password
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	began := time.Now()
	if err := db.PingContext(ctx); err != nil {
		return []Finding{wrong("See that PostgreSQL runs, that this machine may connect (pg_hba.conf, firewall), and that user and password are right.", "it does not answer: %s", brief(err))}
	}
	took := time.Since(began)
	found := d.common(ctx, db)
	if took > 100*time.Millisecond {
		found = append(found, warning("Bring node and database nearer together: each page asks a few times.", "connecting took %s", took.Round(time.Millisecond)))
	}
	return append(found, d.promises(ctx, db)...)
}

// promises finds what PostgreSQL must keep (safety rule 22): it acknowledges nothing that it may lose.
func (d Database) promises(ctx context.Context, db *sql.DB) (found []Finding) {
	var recovering, mayWrite bool
	var fsync, commit, names string
	var standbys int
	err := db.QueryRowContext(ctx, `SELECT pg_is_in_recovery(), current_setting('fsync'), current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
		(SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')),
		COALESCE(has_table_privilege(to_regclass('audits'), 'INSERT'), TRUE)`).Scan(&recovering, &fsync, &commit, &names, &standbys, &mayWrite)
	if err != nil {
		return []Finding{wrong("See whether the user of the database may read its settings.", "it does not tell its settings: %s", brief(err))}
	}
	if recovering {
		found = append(found, wrong("Name all servers in the address, with target_session_attrs=read-write, or have it lead to the primary.", "this is a standby, which takes no changes"))
	}
	if fsync == "off" || commit == "off" {
		found = append(found, wrong("Set fsync and synchronous_commit to on.", "it acknowledges what it may lose: fsync = %s, synchronous_commit = %s", fsync, commit))
	}
	if !mayWrite {
		found = append(found, wrong("Connect as the user that owns the tables.", "this user may not write into its tables"))
	}
	switch {
	case d.SingleNode || recovering:
	case names == "":
		found = append(found, wrong("Set synchronous_standby_names (Patroni: synchronous_mode_strict), or single_node = true if you accept to lose what was acknowledged when this machine dies.", "no synchronous standby is configured"))
	case standbys == 0:
		found = append(found, wrong("Bring the standby back: until then every change waits, and nobody signs in.", "no synchronous standby is connected"))
	default:
		found = append(found, well("%d synchronous standby confirms each commit", standbys))
	}
	return found
}

// brief is an error without the address that was connected to, which may hold a password.
func brief(err error) string {
	text := err.Error()
	if i := strings.Index(text, "password="); i >= 0 {
		text = text[:i] + "…"
	}
	return strings.Join(strings.Fields(text), " ")
}

// inUse opens the database as a node does, once it is known to be ours and up to date, and looks at what needs the keys.
func (d Database) inUse(ctx context.Context, ring *keyring.Ring, now func() time.Time, look func(*store.Store) []Finding) []Finding {
	s, err := store.Open(ctx, d.Address, store.Options{Kind: d.Kind, Ring: ring, Now: now})
	if errors.Is(err, store.ErrRing) {
		return []Finding{wrong("Look at [keys] file: bring back the ring that this database was made with. Without it nobody of those who are registered can sign in.", "the key ring does not open what the database holds")}
	}
	if err != nil {
		return []Finding{wrong("See what is said of the database.", "%s", brief(err))}
	}
	found := look(s)
	if err := s.Close(context.WithoutCancel(ctx)); err != nil {
		found = append(found, warning("See what is said of the database.", "%s", brief(err)))
	}
	return found
}

// current tells whether opening the database would change nothing.
func (d Database) current(ctx context.Context) bool {
	driver, address := "sqlite", "file:"+d.Address+"?mode=ro"
	if strings.Contains(d.Address, "://") {
		driver, address = "pgx", d.Address
	} else if _, err := os.Stat(d.Address); err != nil {
		return false
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		return false
	}
	defer db.Close()
	var version int64
	err = db.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version`).Scan(&version)
	return err == nil && version == store.Schema()
}
