package spool_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/courier"
	"clave/internal/courier/spool"
	"clave/internal/notify"
	"clave/internal/secret"
)

const doomedFolder = "CLAVE_SPOOL_TEST_DOOMED"

// doomed reads the ids of letters, sends each from many goroutines, and says which were accepted and which are noted as
// delivered, until it is killed.
func doomed(folder string) {
	c, err := spool.New(spool.Config{Folder: folder, Node: "a", Every: 20 * time.Millisecond, Most: 7, Look: time.Millisecond, Day: 1 << 30})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	var out sync.Mutex
	say := func(word, id string) {
		out.Lock()
		defer out.Unlock()
		fmt.Println(word, id)
	}
	go c.Report(context.Background(), func(_ context.Context, list []courier.Receipt) error {
		for _, r := range list {
			say("noted", strings.TrimPrefix(r.Ref, "id:"))
		}
		return nil
	})
	ids := make(chan string)
	for range 8 {
		go func() {
			for id := range ids {
				pdf := append([]byte("%PDF-1.7 <</Type /Page >>"), bytes.Repeat([]byte(id), 300)...)
				if _, err := c.Send(context.Background(), courier.Parcel{ID: id, Kind: notify.Invitation, PDF: pdf}); err == nil {
					say("sent", id)
				} else {
					say("failed", err.Error())
				}
			}
		}()
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		ids <- lines.Text()
	}
	select {}
}

// life is one run of the process. What it had not acknowledged is sent again in the next one, as the courier does.
type life struct {
	*testing.T
	folder string
	owed   []string        // not acknowledged
	sent   map[string]bool // acknowledged
	noted  map[string]bool
	seen   map[string]string // letters that the printer got → their batch
}

// run lets the process live until it said so many words, and kills it in the middle of the next.
func (l *life) run(words int) {
	child := exec.CommandContext(l.Context(), os.Args[0])
	child.Env = append(os.Environ(), doomedFolder+"="+l.folder)
	in, err := child.StdinPipe()
	must(l, err)
	out, err := child.StdoutPipe()
	must(l, err)
	must(l, child.Start())
	list := strings.Join(l.owed, "\n") + "\n"
	go io.WriteString(in, list)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word, id, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "sent":
			l.sent[id] = true
		case "noted":
			l.noted[id] = true
		default:
			l.Error(lines.Text())
		}
		if words--; words == 0 {
			child.Process.Kill()
		}
		if words%5 == 0 {
			l.print()
		}
	}
	child.Wait()
	if words > 0 {
		l.Fatal("it ended by itself")
	}
	var still []string
	for _, id := range l.owed {
		if !l.sent[id] {
			still = append(still, id)
		}
	}
	l.owed = still
}

// print is the printer: it prints what is ready, once, and says so.
func (l *life) print() {
	batches, err := os.ReadDir(filepath.Join(l.folder, "ready"))
	must(l, err)
	for _, b := range batches {
		done := filepath.Join(l.folder, "done", b.Name())
		if _, err := os.Stat(done); err == nil {
			continue
		}
		manifest, err := os.Open(filepath.Join(l.folder, "ready", b.Name(), "manifest.csv"))
		if os.IsNotExist(err) { // it was printed before, and is being moved
			continue
		}
		must(l, err)
		ids, err := spool.ParseManifest(manifest)
		manifest.Close()
		must(l, err)
		for _, id := range ids {
			if before := l.seen[id]; before != "" && before != b.Name() {
				l.Errorf("%s is in %s and in %s", id, before, b.Name())
			}
			l.seen[id] = b.Name()
		}
		must(l, os.WriteFile(done, nil, 0o600))
	}
}

// TestKilled: whatever is acknowledged is in exactly one batch, and what is erased was noted.
func TestKilled(t *testing.T) {
	l := &life{T: t, folder: t.TempDir(), sent: map[string]bool{}, noted: map[string]bool{}, seen: map[string]string{}}
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		for range 60 {
			l.owed = append(l.owed, secret.ID(time.Now()))
		}
		l.run(10 + int(secret.Bytes(1)[0])%60)
		l.check()
	}
	t.Logf("%d letters acknowledged, %d noted as posted, %d left", len(l.sent), len(l.noted), len(l.owed))
}

func (l *life) check() {
	l.Helper()
	where := map[string][]string{} // by id: the batches
	for _, part := range []string{"open", "ready", "printed"} {
		batches, err := os.ReadDir(filepath.Join(l.folder, part))
		must(l, err)
		for _, b := range batches {
			for id := range l.letters(part, b.Name()) {
				where[id] = append(where[id], part+"/"+b.Name())
			}
		}
	}
	for id := range l.sent {
		if len(where[id]) != 1 {
			l.Errorf("%s was acknowledged and is in %q", id, where[id])
		}
	}
	for id, batches := range where {
		if len(batches) > 1 {
			l.Errorf("%s is in %q", id, batches)
		}
		if strings.HasPrefix(batches[0], "printed/") && !l.noted[id] {
			l.Errorf("%s is erased and was not noted", id)
		}
		if before := l.seen[id]; before != "" && filepath.Base(batches[0]) != before {
			l.Errorf("%s was printed in %s and is in %s", id, before, batches[0])
		}
	}
}

// letters are those of a batch: of a closed one, what its manifest says, and their files must be whole as long as it is ready.
func (l *life) letters(part, batch string) map[string]bool {
	l.Helper()
	ids := map[string]bool{}
	folder := filepath.Join(l.folder, part, batch)
	if part == "open" {
		for _, name := range names(l.T, folder, "*.pdf") {
			ids[name[:26]] = true
		}
		return ids
	}
	manifest, err := os.Open(filepath.Join(folder, "manifest.csv"))
	must(l, err)
	defer manifest.Close()
	list, err := spool.ParseManifest(manifest)
	must(l, err)
	for _, id := range list {
		ids[id] = true
		if part == "ready" {
			if text, err := os.ReadFile(filepath.Join(folder, id+"-1p.pdf")); err != nil || bytes.Count(text, []byte(id)) != 300 {
				l.Errorf("%s is not whole: %v", id, err)
			}
		}
	}
	return ids
}
