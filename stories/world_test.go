package stories_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/demo"
)

// world is a demonstration and its addresses. The stories reach it as people do: through its pages.
type world struct {
	clave, sede, hall string // hall is where the phones, the letterbox and the clock are
	transport         *http.Transport
	process           *process // of a world that is killed on the way
}

// newWorld starts a demonstration within the test or, for a story that kills it, in a process of its own.
func newWorld(t *testing.T, lines []line, database string) *world {
	w := &world{transport: http.DefaultTransport.(*http.Transport).Clone()}
	t.Cleanup(w.transport.CloseIdleConnections)
	for _, l := range lines {
		if strings.HasPrefix(l.text, "Clave is killed") {
			w.process = newProcess(t, w, database)
			return w
		}
	}
	d, err := demo.Start(t.Context(), demo.Options{Data: dataFolder(t), Database: database})
	check(t, err)
	t.Cleanup(func() { check(t, d.Close()) })
	w.clave, w.sede, w.hall = d.Clave, d.Sede, d.World
	return w
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
	for _, name := range []string{"keys.json", "sede.pem"} {
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
