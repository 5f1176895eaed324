package stories_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// process is `clave demo` in a process of its own, which can be killed. The town hall stands on another machine and
// goes on while Clave is dead: the process has one too, but the story's people never reach it.
type process struct {
	args  []string
	cmd   *exec.Cmd
	t     *testing.T
	dir   string
	port  int
	ahead atomic.Int64 // how far the clock was moved
}

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) {
	file := filepath.Join(scratch, "clave")
	out, err := exec.Command("go", "build", "-o", file, "clave/cmd/clave").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return file, nil
})

func newProcess(t *testing.T, database string) *process {
	p := &process{t: t, dir: dataFolder(t)}
	file, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p.port = freePorts(t)
	p.args = []string{file, "demo", "--data", p.dir, "--port", strconv.Itoa(p.port)}
	if database != "" {
		p.args = append(p.args, "--database", database)
	}
	t.Cleanup(p.kill)
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// freePorts finds the first of three.
func freePorts(t *testing.T) int {
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		first := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if free(first+100) && free(first+200) {
			return first
		}
	}
	t.Fatal("no free ports")
	return 0
}

func free(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// start starts it, and waits until it says how to end it.
func (p *process) start() error {
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	p.cmd.Stderr = p.t.Output()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ctrl-C") {
			return nil
		}
	}
	return fmt.Errorf("clave demo did not start")
}

// kill is kill -9.
func (p *process) kill() {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // its error is that it was killed
	}
}

func (p *process) restart() error {
	p.kill()
	return p.start()
}

func (p *process) now() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())).UTC() }

// settle gives a world its addresses, with the town hall that outlives the process.
func (p *process) settle(w *world) {
	address := func(host string, offset int) string {
		return "http://" + net.JoinHostPort(host, strconv.Itoa(p.port+offset))
	}
	w.clave, w.sede, w.hall = address("localhost", 0), address("127.0.0.1", 100), address("127.0.0.1", 200)
	hall := httptest.NewServer(p.townHall(w))
	p.t.Cleanup(hall.Close)
	dial := w.transport.DialContext
	w.transport.DialContext = func(ctx context.Context, network, to string) (net.Conn, error) {
		if "http://"+to == w.sede {
			to = hall.Listener.Addr().String()
		}
		return dial(ctx, network, to)
	}
}
