package store_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/nif"
	"clave/internal/otp"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

// Another process writes all the while; what it was told to be kept before the copy began is in the copy.
func TestBackupWhileManyWrite(t *testing.T) {
	address, keys := sqlite(t), filepath.Join(t.TempDir(), "keys.json")
	_, err := keyring.Create(keys, keyring.Demo, options().Now())
	wants(t, err, nil)
	o, err := withRing(keys)
	wants(t, err, nil)
	s := open(t, address, o)
	execs(t, s, `CREATE TABLE kept (id TEXT NOT NULL PRIMARY KEY)`)
	node := exec.CommandContext(t.Context(), os.Args[0])
	node.Env = append(os.Environ(), doomedAddress+"="+address, doomedRing+"="+keys)
	out, err := node.StdoutPipe()
	wants(t, err, nil)
	wants(t, node.Start(), nil)
	lines := bufio.NewScanner(out)
	for round := range 3 {
		var said []string
		for lines.Scan() {
			if said = append(said, lines.Text()); len(said) == 300 {
				break
			}
		}
		to := filepath.Join(t.TempDir(), fmt.Sprint(round))
		wants(t, store.Backup(t.Context(), address, to, o), nil)
		copied := open(t, to, o)
		for _, id := range said {
			var n int
			if err := copied.Get(t.Context(), &n, `SELECT COUNT(*) FROM kept WHERE id = $1`, id); n != 1 || err != nil {
				t.Fatalf("%s was acknowledged before the copy began, and is not in it: %v", id, err)
			}
		}
	}
	node.Process.Kill()
	for lines.Scan() {
		if strings.Contains(lines.Text(), "store:") {
			t.Errorf("a backup disturbed the node: %s", lines.Text())
		}
	}
	node.Wait()
}

// lived is a database with somebody in it, who has a session, a code, and a code on its way.
func lived(t *testing.T) (address string, s *store.Store, x login.Session, challenge string) {
	address = sqlite(t)
	s = open(t, address, options())
	story(t, s)
	n, _ := nif.Parse(private["NIF"][0])
	c, found, err := s.CitizenByNIF(t.Context(), n)
	if !found || err != nil {
		t.Fatal(found, err)
	}
	now := s.Now()
	x = login.Session{ID: secret.ID(now), Citizen: c.ID, Token: secret.Hash(secret.ID(now)), Began: now, Seen: now, Until: now.Add(time.Hour)}
	do(t, s, func(ctx context.Context) error {
		ch, err := otp.Codes{Store: s, Ring: s.Ring}.Issue(ctx, otp.Order{Purpose: otp.SignIn, Flow: "flow-2", Browser: "nonce", Subject: secret.Hash("subject"),
			Budget: "budget", Citizen: c.ID, Code: secret.NewCode("123456"), Max: 3, Lifetime: time.Hour}, now)
		challenge = ch.ID
		return errors.Join(err, s.AddSession(ctx, x))
	})
	if _, lives, err := s.Session(t.Context(), x.ID); !lives || err != nil {
		t.Fatal("no session", err)
	}
	if _, lives, err := s.Challenge(t.Context(), challenge); !lives || err != nil {
		t.Fatal("no challenge", err)
	}
	return address, s, x, challenge
}

func TestRule22WhatWasGivenBeforeARestoreIsVoid(t *testing.T) {
	address, _, x, challenge := lived(t)
	id, err := age.GenerateX25519Identity()
	wants(t, err, nil)
	for name, reader := range map[string][]age.Recipient{"plain": nil, "sealed": {id.Recipient()}} {
		copied, back := filepath.Join(t.TempDir(), name), sqlite(t)
		wants(t, store.Backup(t.Context(), address, copied, options(), reader...), nil)
		r, err := store.Restore(t.Context(), copied, back, options(), id)
		if err != nil || r.Epoch != 2 || r.To != r.From || r.Last.IsZero() || r.Rehash {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		only(t, filepath.Dir(back), filepath.Base(back), filepath.Base(back)+"-open")
		s := open(t, back, options())
		n, _ := nif.Parse(private["NIF"][0])
		if _, found, err := s.CitizenByNIF(t.Context(), n); !found || err != nil {
			t.Error("the citizen is lost", err)
		}
		if _, lives, err := s.Session(t.Context(), x.ID); lives || err != nil {
			t.Error("the session lives", err)
		}
		if ch, lives, err := s.Challenge(t.Context(), challenge); lives && ch.State == otp.Open || err != nil {
			t.Error("the code lives", err)
		}
		var waiting int
		if err := s.Get(t.Context(), &waiting, `SELECT COUNT(*) FROM messages WHERE kind = 'pin' AND state <> 'lost'`); waiting > 0 || err != nil {
			t.Errorf("%d codes wait to be sent, %v", waiting, err)
		}
	}
}

// only fails when something else lies in a folder, or somebody else may read it.
func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	wants(t, err, nil)
	for _, f := range list {
		if !strings.Contains("\n"+strings.Join(names, "\n")+"\n", "\n"+f.Name()+"\n") {
			t.Errorf("%s was left", f.Name())
		}
		if info, err := f.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

func TestRule21NoKeyIsInABackup(t *testing.T) {
	dir := t.TempDir()
	keys, address, to := filepath.Join(dir, "keys.json"), filepath.Join(dir, "clave.db"), filepath.Join(t.TempDir(), "copy")
	_, err := keyring.Create(keys, keyring.Demo, options().Now())
	wants(t, err, nil)
	o, err := withRing(keys)
	wants(t, err, nil)
	story(t, open(t, address, o))
	wants(t, store.Backup(t.Context(), address, to, o), nil)
	text, err := os.ReadFile(keys)
	wants(t, err, nil)
	copied, err := os.ReadFile(to)
	wants(t, err, nil)
	looked := 0
	for part := range strings.SplitSeq(string(text), `"`) {
		if len(part) < 40 { // no key is so short
			continue
		}
		looked++
		if bytes.Contains(copied, []byte(part)) {
			t.Errorf("%.8s… is in it", part)
		}
	}
	if looked == 0 {
		t.Error("no key was looked for")
	}
	only(t, filepath.Dir(to), "copy")
}

func TestBackupRefuses(t *testing.T) {
	address, _, _, _ := lived(t)
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	wants(t, os.WriteFile(taken, []byte("mine"), 0o600), nil)
	refused := func(what, address, to string, o store.Options, want error) {
		t.Helper()
		err := store.Backup(t.Context(), address, to, o)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
		only(t, dir, "taken")
	}
	to := filepath.Join(dir, "copy")
	refused("an existing file", address, taken, options(), fs.ErrExist)
	refused("no database", filepath.Join(dir, "absent"), to, options(), fs.ErrNotExist)
	refused("no folder", address, filepath.Join(dir, "absent", "copy"), options(), fs.ErrNotExist)
	refused("PostgreSQL", "postgres://localhost/clave", to, options(), store.ErrServer)
	refused("another ring", address, to, strangers(t), store.ErrRing)
	live := options()
	live.Kind = keyring.Live
	refused("another kind", address, to, live, store.ErrKind)
	if text, err := os.ReadFile(taken); string(text) != "mine" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// strangers are options with another installation's key ring.
func strangers(t *testing.T) store.Options {
	o := options()
	var err error
	o.Ring, err = keyring.Create(filepath.Join(t.TempDir(), "keys"), keyring.Demo, time.Now())
	wants(t, err, nil)
	return o
}

func TestRestoreRefuses(t *testing.T) {
	address, source, _, _ := lived(t)
	id, err := age.GenerateX25519Identity()
	wants(t, err, nil)
	in, dir := t.TempDir(), t.TempDir()
	whole, sealed := filepath.Join(in, "whole"), filepath.Join(in, "sealed")
	wants(t, store.Backup(t.Context(), address, whole, options()), nil)
	wants(t, store.Backup(t.Context(), address, sealed, options(), id.Recipient()), nil)
	back := filepath.Join(dir, "clave.db")
	refused := func(what, from, to string, o store.Options, want error, ids ...age.Identity) {
		t.Helper()
		_, err := store.Restore(t.Context(), from, to, o, ids...)
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
		only(t, dir, "clave.db-open", "clave.db-wal")
	}
	changed := func(name, of string, change func([]byte) []byte) string {
		text, err := os.ReadFile(of)
		wants(t, err, nil)
		path := filepath.Join(in, name)
		wants(t, os.WriteFile(path, change(text), 0o600), nil)
		return path
	}
	half := func(b []byte) []byte { return b[:len(b)/2] }
	hurt := func(b []byte) []byte { // every page but the first, where most is written
		for at := 4096; at < len(b); at += 4096 {
			copy(b[at:], bytes.Repeat([]byte{0xA5}, 64))
		}
		return b
	}
	live := options()
	live.Kind = keyring.Live
	refused("another ring", whole, back, strangers(t), store.ErrRing)
	refused("another kind", whole, back, live, store.ErrKind)
	refused("cut", changed("cut", whole, half), back, options(), store.ErrDamaged)
	refused("cut at a page", changed("page", whole, func(b []byte) []byte { return b[:len(b)/8192*4096] }), back, options(), store.ErrDamaged)
	refused("damaged", changed("hurt", whole, hurt), back, options(), store.ErrDamaged)
	refused("something else", changed("text", whole, func([]byte) []byte { return []byte("hello") }), back, options(), store.ErrDamaged)
	refused("nothing", changed("nothing", whole, func([]byte) []byte { return nil }), back, options(), store.ErrDamaged)
	refused("no backup", filepath.Join(in, "absent"), back, options(), fs.ErrNotExist)
	refused("sealed", sealed, back, options(), store.ErrSealed)
	other, err := age.GenerateX25519Identity()
	wants(t, err, nil)
	refused("sealed for another", sealed, back, options(), nil, other)
	refused("sealed and cut", changed("sealed-cut", sealed, half), back, options(), nil, id)
	refused("sealed and damaged", changed("sealed-hurt", sealed, hurt), back, options(), nil, id)
	refused("a database in use", address, back, options(), store.ErrDamaged)
	refused("PostgreSQL", whole, "postgres://localhost/clave", options(), store.ErrServer)
	wants(t, os.WriteFile(back+"-wal", nil, 0o600), nil)
	refused("the log of another", whole, back, options(), fs.ErrExist)
	_, err = store.Restore(t.Context(), whole, address, options())
	wants(t, err, fs.ErrExist)
	if _, err := source.Epoch(t.Context()); err != nil {
		t.Errorf("the database that was there: %v", err)
	}
}

// A node goes on writing a file that was moved away or deleted; what is put in its place would soon be another database.
func TestRestoreRefusesWhileANodeIsOpen(t *testing.T) {
	address, s, _, _ := lived(t)
	copied := filepath.Join(t.TempDir(), "copy")
	wants(t, store.Backup(t.Context(), address, copied, options()), nil)
	for _, part := range []string{"", "-wal", "-shm"} {
		wants(t, os.Rename(address+part, address+"-aside"+part), nil)
	}
	_, err := store.Restore(t.Context(), copied, address, options())
	wants(t, err, store.ErrOpen)
	if _, err := os.Stat(address); err == nil {
		t.Error("something was put there")
	}
	wants(t, s.Close(t.Context()), nil)
	_, err = store.Restore(t.Context(), copied, address, options())
	wants(t, err, nil)
}

// Tables of an earlier version are brought up to date before the database has its name.
func TestRestoreOfAnEarlierVersion(t *testing.T) {
	address, s, _, _ := lived(t)
	execs(t, s, `DELETE FROM goose_db_version WHERE version_id >= 12`)
	execs(t, s, `DROP TABLE jobs`)
	execs(t, s, `ALTER TABLE house DROP COLUMN requires`)
	copied, back := filepath.Join(t.TempDir(), "copy"), sqlite(t)
	wants(t, store.Backup(t.Context(), address, copied, options()), nil)
	r, err := store.Restore(t.Context(), copied, back, options())
	if err != nil || r.From != 11 || r.To < 12 {
		t.Errorf("%+v, %v", r, err)
	}
	wants(t, fit(t, open(t, back, options())), nil)
}

func TestBackupIsOfTheEmbeddedDatabase(t *testing.T) {
	address := storetest.Postgres(t)
	err := store.Backup(t.Context(), address, filepath.Join(t.TempDir(), "copy"), options())
	_, back := store.Restore(t.Context(), "any", address, options())
	for _, err := range []error{err, back} {
		if !errors.Is(err, store.ErrServer) || !strings.Contains(err.Error(), "pg_basebackup") || !strings.Contains(err.Error(), "clave epoch raise") {
			t.Error(err)
		}
	}
}

// A backup that is no longer wanted leaves nothing.
func TestBackupCancelled(t *testing.T) {
	address, _, _, _ := lived(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	wants(t, store.Backup(ctx, address, filepath.Join(dir, "copy"), options()), context.Canceled)
	only(t, dir)
}
