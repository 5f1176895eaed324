package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is one node of a trial: the program as an operator runs it.
type process struct {
	name, program, config string
	address, admin        string // where it listens
	log                   *os.File
	running               *exec.Cmd
	ended                 chan struct{} // closed when the running one is gone
}

// configuration is what an operator would write; the trial's proxy ends no TLS, so the node listens on loopback alone.
const configuration = `kind = "live"
origin = "%s"
node = "%s"

[listen]
address = "%s"
admin = "%s"

[database]
address = "%s"
single_node = true

[keys]
file = "%s"

[census]
source = "database"

[[sms]]
name = "operator"
type = "http"
url = "%s"
token_file = "%s"

[help]
phone = "060"
address = "ayuda@clave.example"
`

// newProcess writes the node's configuration. It starts nothing.
func (t *trial) newProcess(name string) (*process, error) {
	ports, err := freeAddresses(2)
	if err != nil {
		return nil, err
	}
	p := &process{name: name, program: cmp.Or(t.previous, t.program), config: filepath.Join(t.dir, name+".toml"), address: ports[0], admin: ports[1]}
	token := filepath.Join(t.dir, "token")
	text := fmt.Sprintf(configuration, claveOrigin, name, p.address, p.admin, t.database, t.path("keys.json"), t.gateway.address, token)
	if err := errors.Join(os.WriteFile(token, []byte("secret"), 0o600), os.WriteFile(p.config, []byte(text), 0o600)); err != nil {
		return nil, err
	}
	p.log, err = os.Create(filepath.Join(t.dir, name+".log"))
	return p, err
}

func freeAddresses(n int) (list []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		list = append(list, l.Addr().String())
	}
	return list, nil
}

// start starts the node and returns when it is ready.
func (p *process) start(ctx context.Context) (took time.Duration, err error) {
	began := time.Now()
	p.running = exec.Command(p.program, "serve", "-config", p.config)
	p.running.Stdout, p.running.Stderr = p.log, p.log
	p.running.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.running.Start(); err != nil {
		return 0, err
	}
	ended, running := make(chan struct{}), p.running
	p.ended = ended
	go func() {
		_ = running.Wait() // what it said is in its log
		close(ended)
	}()
	return time.Since(began), p.ready(ctx, began.Add(30*time.Second))
}

func (p *process) ready(ctx context.Context, late time.Time) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if answer, err := http.Get("http://" + p.admin + "/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.ended:
			return fmt.Errorf("node %s ended:\n%s", p.name, p.said())
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		if time.Now().After(late) {
			return fmt.Errorf("node %s is not ready:\n%s", p.name, p.said())
		}
	}
}

// said is the end of its log.
func (p *process) said() string {
	text, _ := os.ReadFile(p.log.Name())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

// end stops the node with a signal, and waits until it is gone.
func (p *process) end(signal os.Signal) error {
	if p.running == nil {
		return nil
	}
	err := p.running.Process.Signal(signal)
	<-p.ended
	p.running = nil
	if errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("node %s had ended by itself:\n%s", p.name, p.said())
	}
	return err
}
