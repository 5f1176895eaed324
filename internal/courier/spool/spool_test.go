package spool_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"clave/internal/courier"
	"clave/internal/courier/spool"
	"clave/internal/notify"
	"clave/internal/secret"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	if folder := os.Getenv(doomedFolder); folder != "" {
		doomed(folder)
		return
	}
	if folder := os.Getenv(crampedFolder); folder != "" {
		cramped(folder)
		return
	}
	os.Exit(m.Run())
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func carrier(t *testing.T, folder, node string, change func(*spool.Config)) *spool.Carrier {
	t.Helper()
	config := spool.Config{Folder: folder, Node: node, Every: time.Hour}
	if change != nil {
		change(&config)
	}
	c, err := spool.New(config)
	must(t, err)
	c.At(noon)
	return c
}

// letter is a real one, as it is written.
func letter(t testing.TB) courier.Parcel {
	t.Helper()
	p, err := courier.Write(notify.Message{ID: secret.ID(noon), Kind: notify.Invitation, Lang: "es", Created: noon, Values: map[string]string{
		"name": "Carmen Española", "address": "Calle Mayor, 1\n28013 Madrid", "csv": "KX7PQ2MN8RTW4ZJH", "reference": "REFERENC",
		"url": "https://clave.example.es", "expires": "2027-01-20"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func send(t *testing.T, c *spool.Carrier, p courier.Parcel, want notify.State) {
	t.Helper()
	taken, err := c.Send(t.Context(), p)
	if err != nil || taken.State != want || taken.Ref != "" {
		t.Errorf("got %v, %v, want %s", taken, err, want)
	}
}

func look(t *testing.T, c *spool.Carrier) (noted []courier.Receipt) {
	t.Helper()
	must(t, c.LookOnce(t.Context(), func(_ context.Context, list []courier.Receipt) error {
		noted = append(noted, list...)
		return nil
	}))
	return noted
}

// names lists what is in a part of a folder, with a pattern for what is within.
func names(t *testing.T, folder string, pattern ...string) (list []string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(append([]string{folder}, pattern...)...))
	must(t, err)
	for _, f := range found {
		list = append(list, filepath.Base(f))
	}
	return list
}

func count(t *testing.T, folder string, want int, pattern ...string) {
	t.Helper()
	if got := names(t, folder, pattern...); len(got) != want {
		t.Errorf("%s: %q, want %d", filepath.Join(pattern...), got, want)
	}
}

func printed(t *testing.T, folder string) {
	t.Helper()
	for _, batch := range names(t, folder, "ready", "*") {
		must(t, os.WriteFile(filepath.Join(folder, "done", batch), nil, 0o600))
	}
}

// A letter's way: open, ready with a manifest, printed. Wherever it is, it is not written again.
func TestALettersWay(t *testing.T) {
	folder := t.TempDir()
	c, p := carrier(t, folder, "a", nil), letter(t)
	for range 2 {
		send(t, c, p, notify.Accepted)
		count(t, folder, 1, "open", "*", p.ID+"*")
	}
	if noted := look(t, c); noted != nil {
		t.Errorf("noted %v", noted)
	}
	c.At(noon.Add(time.Hour))
	look(t, c)
	count(t, folder, 0, "open", "*")
	count(t, folder, 1, "ready", "*", "manifest.csv")
	send(t, c, p, notify.Accepted)

	printed(t, folder)
	want := courier.Receipt{Ref: "id:" + p.ID, State: notify.Delivered}
	if noted := look(t, c); len(noted) != 1 || noted[0] != want {
		t.Errorf("noted %v", noted)
	}
	count(t, folder, 0, "ready", "*")
	count(t, folder, 0, "done", "*")
	count(t, folder, 0, "*", "*", "*.pdf")
	send(t, c, p, notify.Delivered)
	send(t, carrier(t, folder, "b", nil), p, notify.Delivered)
	count(t, folder, 0, "new", "*")
	count(t, folder, 0, "open", "*", "*")

	c.At(noon.AddDate(0, 0, 91))
	look(t, c)
	count(t, folder, 0, "printed", "*")
}

// What the manifest says is what lies there.
func TestTheManifest(t *testing.T) {
	folder := t.TempDir()
	c := carrier(t, folder, "host-1.example.es", func(c *spool.Config) { c.Most = 3 })
	for range 4 {
		send(t, c, letter(t), notify.Accepted)
	}
	count(t, folder, 1, "ready", "20261121T120000Z_host-1.example.es_*")
	count(t, folder, 1, "open", "*", "*.pdf")
	batch := filepath.Join(folder, "ready", names(t, folder, "ready", "*")[0])
	text, err := os.ReadFile(filepath.Join(batch, "manifest.csv"))
	must(t, err)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	must(t, err)
	if len(rows) != 4 || strings.Join(rows[0], ",") != "id,file,pages,sha256" {
		t.Fatalf("%q", rows)
	}
	for _, row := range rows[1:] {
		pdf, err := os.ReadFile(filepath.Join(batch, row[1]))
		must(t, err)
		sum := sha256.Sum256(pdf)
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) || row[3] != hex.EncodeToString(sum[:]) || row[2] != "1" || !strings.HasPrefix(row[1], row[0]) {
			t.Errorf("%q", row)
		}
	}
}

// Letters lie sealed for the printer, and are erased when the printer says so; without a key, only we can read them.
func TestRule10LettersAreSealedAndErased(t *testing.T) {
	printer, err := age.GenerateX25519Identity()
	must(t, err)
	folder, p := t.TempDir(), letter(t)
	sealed := carrier(t, folder, "a", func(c *spool.Config) { c.Recipients, c.Most = []string{printer.Recipient().String()}, 1 })
	send(t, sealed, p, notify.Accepted)
	sealed.At(noon.Add(time.Hour))
	look(t, sealed)
	file := filepath.Join(folder, "ready", names(t, folder, "ready", "*")[0], names(t, folder, "ready", "*", p.ID+"*")[0])
	text, err := os.ReadFile(file)
	must(t, err)
	opened, err := age.Decrypt(bytes.NewReader(text), printer)
	must(t, err)
	if pdf, err := io.ReadAll(opened); err != nil || !bytes.Equal(pdf, p.PDF) || !strings.HasSuffix(file, ".pdf.age") {
		t.Errorf("%s: %v", file, err)
	}
	printed(t, folder)
	look(t, sealed)
	left := []string{}
	must(t, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left = append(left, d.Name())
		}
		return err
	}))
	if fmt.Sprint(left) != "[lock manifest.csv]" {
		t.Errorf("left: %q", left)
	}

	folder = t.TempDir()
	send(t, carrier(t, folder, "a", nil), p, notify.Accepted)
	for pattern, want := range map[string]os.FileMode{"open/*/*.pdf": 0o600, "open/*": 0o700, "ready": 0o700, "done": 0o700} {
		found, _ := filepath.Glob(filepath.Join(folder, pattern))
		if info, err := os.Stat(found[0]); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", pattern, info.Mode(), err)
		}
	}
}

// Nothing is erased before it is noted.
func TestWhatIsNotNotedStays(t *testing.T) {
	folder := t.TempDir()
	c := carrier(t, folder, "a", func(c *spool.Config) { c.Every = 1 })
	for range 3 {
		send(t, c, letter(t), notify.Accepted)
	}
	c.At(noon.Add(time.Minute))
	look(t, c)
	ready := len(names(t, folder, "ready", "*"))
	printed(t, folder)
	must(t, os.WriteFile(filepath.Join(folder, "done", "20261121T120000Z_a_ABCDEF"), nil, 0o600)) // names no batch of ours
	away := errors.New("the database is away")
	err := c.LookOnce(t.Context(), func(context.Context, []courier.Receipt) error { return away })
	if !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
	count(t, folder, ready, "ready", "*")
	count(t, folder, 3, "ready", "*", "*.pdf")
	if noted := look(t, c); len(noted) != 3 {
		t.Errorf("noted %v", noted)
	}
	count(t, folder, 1, "done", "*")
}

// Whoever may write answers names a batch that is still open: its letters are neither noted nor erased, not when it closes either. The printer's
// own answer counts.
func TestAnAnswerToAnOpenBatchMeansNothing(t *testing.T) {
	folder, p := t.TempDir(), letter(t)
	c := carrier(t, folder, "a", nil)
	send(t, c, p, notify.Accepted)
	answer := filepath.Join(folder, "done", names(t, folder, "open", "*")[0])
	must(t, os.WriteFile(answer, nil, 0o600))
	must(t, os.Chtimes(answer, time.Time{}, time.Now().Add(-time.Minute)))
	for _, now := range []time.Time{noon, noon.Add(time.Hour), noon.Add(2 * time.Hour)} {
		c.At(now)
		if noted := look(t, c); noted != nil {
			t.Errorf("noted %v", noted)
		}
		count(t, folder, 1, "*", "*", p.ID+"*.pdf")
		count(t, folder, 1, "done", "*")
	}
	count(t, folder, 1, "ready", "*", p.ID+"*.pdf")
	printed(t, folder)
	if noted := look(t, c); len(noted) != 1 {
		t.Errorf("noted %v", noted)
	}
	count(t, folder, 0, "*", "*", "*.pdf")
	count(t, folder, 0, "done", "*")
}

// Beyond a day's letters they wait, and none is lost; nodes that share a folder share its day.
func TestADaysLetters(t *testing.T) {
	folder := t.TempDir()
	few := func(c *spool.Config) { c.Day, c.Most = 3, 2 }
	nodes := []*spool.Carrier{carrier(t, folder, "a", few), carrier(t, folder, "b", few)}
	for n := range 3 {
		send(t, nodes[n%2], letter(t), notify.Accepted)
	}
	p := letter(t)
	for _, c := range nodes {
		if _, err := c.Send(t.Context(), p); !errors.Is(err, courier.ErrBusy) {
			t.Errorf("got %v", err)
		}
	}
	count(t, folder, 0, "new", "*")
	nodes[0].At(noon.AddDate(0, 0, 1))
	send(t, nodes[0], p, notify.Accepted)
	count(t, folder, 3, "ready", "*", "*.pdf")
	count(t, folder, 1, "open", "*", "*.pdf")
}

// Many at once, on two nodes, with the same letters: each once.
func TestNodesShareAFolder(t *testing.T) {
	folder := t.TempDir()
	nodes := []*spool.Carrier{carrier(t, folder, "a", nil), carrier(t, folder, "b", nil)}
	var all sync.WaitGroup
	written := letter(t)
	for range 20 {
		p := written
		p.ID = secret.ID(noon)
		for _, c := range nodes {
			all.Go(func() { send(t, c, p, notify.Accepted) })
		}
	}
	all.Wait()
	count(t, folder, 1, "open", "*")
	count(t, folder, 20, "open", "*", "*.pdf")
	count(t, folder, 0, "new", "*")
}

func TestANodeThatDiedLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	carrier(t, folder, "a", nil)
	for _, name := range []string{"a_X_1", "ab_X_1"} {
		must(t, os.WriteFile(filepath.Join(folder, "new", name), []byte("%PDF"), 0o600))
	}
	carrier(t, folder, "a", nil)
	if left := names(t, folder, "new", "*"); fmt.Sprint(left) != "[ab_X_1]" {
		t.Errorf("left: %q", left)
	}
}

func TestWhatIsNoLetter(t *testing.T) {
	folder := t.TempDir()
	c := carrier(t, folder, "a", nil)
	for name, spoil := range map[string]func(*courier.Parcel){
		"no PDF": func(p *courier.Parcel) { p.PDF = nil },
		"path":   func(p *courier.Parcel) { p.ID = "../../../../etc/cron.d/abc" },
	} {
		p := letter(t)
		spoil(&p)
		if _, err := c.Send(t.Context(), p); !errors.Is(err, courier.ErrValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, config := range map[string]spool.Config{
		"no node":      {Folder: folder},
		"node is path": {Folder: folder, Node: "../a"},
		"no key":       {Folder: folder, Node: "a", Recipients: []string{"age1"}},
		"below zero":   {Folder: folder, Node: "a", Most: -1},
	} {
		if _, err := spool.New(config); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add("id,file,pages,sha256\n01ARZ3NDEKTSV4RRFFQ69G5FAV,01ARZ3NDEKTSV4RRFFQ69G5FAV-1p.pdf.age,1,00\n")
	f.Add("id,file,pages,sha256\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		ids, err := spool.ParseManifest(strings.NewReader(text))
		for _, id := range ids {
			if err != nil || !secret.IsID(id) {
				t.Errorf("%q, %v", id, err)
			}
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
