package stories_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/demo"
	"clave/internal/telemetry/collector"
)

// world is a demonstration and its addresses. The stories reach it as people do: through its pages.
type world struct {
	clave, sede, tax, hall string // hall is where the phones, the letterbox and the clock are
	dir, database          string // where the world is kept
	transport              *http.Transport
	process                *process // of a world that is killed on the way
	private                *private // what its people typed and were sent
}

// newWorld starts a demonstration within the test or, for a story that kills it, in a process of its own.
func newWorld(t *testing.T, lines []line, database string) *world {
	w := &world{dir: dataFolder(t), database: database, transport: newTransport(t), private: &private{}}
	for _, l := range lines {
		if strings.HasPrefix(l.text, "Clave is killed") {
			keepsQuiet(t, w.private, nil)
			w.process = newProcess(t, w)
			return w
		}
	}
	traces := collector.New(t)
	said := keepsQuiet(t, w.private, traces)
	d, err := demo.Start(t.Context(), demo.Options{Data: w.dir, Database: database, Nodes: nodes(database), Traces: traces.URL, Requests: slog.Default()})
	check(t, err)
	t.Cleanup(func() {
		said(d)
		check(t, d.Close())
	})
	w.clave, w.sede, w.tax, w.hall = d.Clave, d.Sede, d.Tax, d.World
	return w
}

func newTransport(t *testing.T) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// nodes is how many servers a world has. Two would not do: where each form is followed by a page, all forms would meet one of
// them, and all pages the other.
func nodes(database string) int {
	if database == "" {
		return 1
	}
	return 3
}

// site is the address of a service, by what the stories call it.
func (w *world) site(name string) string {
	switch name {
	case "tax office":
		return w.tax
	case "health centre":
		return w.sede + "/salud"
	case "civil registry":
		return w.sede + "/registro"
	}
	return w.sede
}

// remove strikes a service off, as an operator does.
func (w *world) remove(party string) error {
	return w.operator("party", "remove", party, "--database", w.where(), "--keys", w.ring())
}

// move moves the clock, on the page where a person does it.
func (w *world) move(by time.Duration) error {
	resp, err := http.PostForm(w.hall+"/clock", url.Values{"by": {by.String()}})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the clock answered %s", resp.Status)
	}
	if w.process != nil {
		w.process.ahead.Add(int64(by))
	}
	return nil
}

func (w *world) restart() error {
	w.process.kill()
	return w.process.start()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keys makes the keys of a demonstration once: two RSA keys take longer than most stories.
var keys = sync.OnceValues(func() (map[string][]byte, error) {
	d, err := demo.Start(context.Background(), demo.Options{Data: scratch})
	if err != nil {
		return nil, err
	}
	if err := d.Close(); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range []string{"keys.json", "sede.pem", "hacienda.pem"} {
		if files[name], err = os.ReadFile(filepath.Join(scratch, name)); err != nil {
			return nil, err
		}
	}
	return files, nil
})

// dataFolder is a new world's folder, with keys.
func dataFolder(t *testing.T) string {
	t.Helper()
	files, err := keys()
	check(t, err)
	dir := t.TempDir()
	for name, content := range files {
		check(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	return dir
}
