package storetest

import (
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

	"github.com/jackc/pgx/v5"

	"clave/internal/secret"
)

// Patroni is a PostgreSQL of several servers, on loopback and in a folder of its own. Patroni and etcd choose the primary
// among them, in strict synchronous mode: no commit is acknowledged before a standby has it, also when there is none.
type Patroni struct {
	dir, bin string
	host     string // an address of loopback that nobody else uses, so that ports stay free
	who      *syscall.SysProcAttr
	etcd     *exec.Cmd
	registry int // etcd's port
	members  []*member
}

// member is one server and the Patroni that minds it.
type member struct {
	name       string
	port, rest int // PostgreSQL's, and Patroni's
	process    *exec.Cmd
}

// StartPatroni starts a number of servers and waits until a primary has a synchronous standby. With two of them, nothing
// can be committed while one is dead; with three, something can.
func StartPatroni(ctx context.Context, servers int) (*Patroni, error) {
	p := &Patroni{host: net.IP(append([]byte{127}, secret.Bytes(3)...)).String()}
	err := p.start(ctx, servers)
	if err != nil {
		err = errors.Join(fmt.Errorf("storetest: Patroni: %w", err), p.logs())
		p.Stop()
		return nil, err
	}
	return p, nil
}

func (p *Patroni) start(ctx context.Context, servers int) (err error) {
	if p.bin, err = binaries(); err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp("", "clave-patroni-"); err != nil {
		return err
	}
	if p.who, err = owner(p.dir); err != nil {
		return err
	}
	p.who.Pdeathsig = syscall.SIGTERM // at which Patroni stops its server
	ports, err := freePorts(p.host, 2+2*servers)
	if err != nil {
		return err
	}
	if err := p.startEtcd(ports[0], ports[1]); err != nil {
		return err
	}
	for i := range servers {
		m := &member{name: fmt.Sprintf("pg%d", i), port: ports[2+2*i], rest: ports[3+2*i]}
		p.members = append(p.members, m)
		if err := p.Restart(m.name); err != nil {
			return err
		}
	}
	return p.WaitStandby(ctx)
}

// freePorts are ports of an address, all different.
func freePorts(host string, n int) (ports []int, err error) {
	for range n {
		free, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return nil, err
		}
		defer free.Close()
		ports = append(ports, free.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func (p *Patroni) startEtcd(client, peer int) (err error) {
	p.registry = client
	clients, peers := fmt.Sprintf("http://%s:%d", p.host, client), fmt.Sprintf("http://%s:%d", p.host, peer)
	p.etcd, err = p.launch("etcd", "etcd", "--name=etcd", "--data-dir="+filepath.Join(p.dir, "etcd"), "--log-level=warn",
		"--listen-client-urls="+clients, "--advertise-client-urls="+clients,
		"--listen-peer-urls="+peers, "--initial-advertise-peer-urls="+peers, "--initial-cluster=etcd="+peers)
	return err
}

// launch starts a program that writes to a log of its own, and dies with the thread that starts it, which is therefore kept.
func (p *Patroni) launch(name, program string, args ...string) (*exec.Cmd, error) {
	log, err := os.OpenFile(filepath.Join(p.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = p.who, p.dir, log, log
	return cmd, startKept(cmd)
}

// Address of the primary's database, whichever server that is.
func (p *Patroni) Address(database string) string {
	var hosts []string
	for _, m := range p.members {
		hosts = append(hosts, fmt.Sprintf("%s:%d", p.host, m.port))
	}
	return fmt.Sprintf("postgres://clave@%s/%s?sslmode=disable&target_session_attrs=read-write", strings.Join(hosts, ","), database)
}

// Create makes a new, empty database and returns its address.
func (p *Patroni) Create(ctx context.Context, database string) (string, error) {
	conn, err := pgx.Connect(ctx, p.Address("postgres"))
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+database)
	return p.Address(database), err
}

// Restart starts a server that is not running. It returns at once.
func (p *Patroni) Restart(name string) error {
	m, err := p.member(name)
	if err != nil {
		return err
	}
	file := filepath.Join(p.dir, name+".yml")
	if err := os.WriteFile(file, []byte(p.settings(m)), 0o644); err != nil {
		return err
	}
	m.process, err = p.launch(name, "patroni", file)
	return err
}

func (p *Patroni) member(name string) (*member, error) {
	for _, m := range p.members {
		if m.name == name {
			return m, nil
		}
	}
	return nil, fmt.Errorf("storetest: no server %q", name)
}

// Leader is the name of the primary, as Patroni knows it; empty while there is none.
func (p *Patroni) Leader(ctx context.Context) string {
	for _, m := range p.members {
		if p.says(ctx, m, "primary") {
			return m.name
		}
	}
	return ""
}

// says asks a Patroni whether its server is in a state: "primary" or "synchronous".
func (p *Patroni) says(ctx context.Context, m *member, state string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d/%s", p.host, m.rest, state), nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// WaitLeader waits for a primary that is not the server named.
func (p *Patroni) WaitLeader(ctx context.Context, not string) (name string, err error) {
	err = until(ctx, func() bool { name = p.Leader(ctx); return name != "" && name != not })
	return name, err
}

// WaitStandby waits until a standby is synchronous: before that nothing can be committed.
func (p *Patroni) WaitStandby(ctx context.Context) error {
	return until(ctx, func() bool {
		for _, m := range p.members {
			if p.says(ctx, m, "synchronous") {
				return true
			}
		}
		return false
	})
}

func until(ctx context.Context, is func() bool) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Kill ends a server and its Patroni as a power cut does.
func (p *Patroni) Kill(name string) error {
	m, err := p.member(name)
	if err != nil {
		return err
	}
	m.process.Process.Kill()
	err = killIn(filepath.Join(p.dir, name))
	m.process.Wait()
	return err
}

// KillLeader kills the primary and returns its name.
func (p *Patroni) KillLeader(ctx context.Context) (string, error) {
	name, err := p.WaitLeader(ctx, "")
	if err != nil {
		return "", err
	}
	return name, p.Kill(name)
}

// killIn kills every process that works in a folder.
func killIn(dir string) error {
	folders, err := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range folders {
		at, err := os.Readlink(link)
		var pid int
		if _, scanned := fmt.Sscanf(link, "/proc/%d/", &pid); err == nil && scanned == nil && at == dir {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	return err
}

// Stop ends everything and removes its folder.
func (p *Patroni) Stop() {
	for _, m := range p.members {
		if m.process != nil && m.process.Process != nil {
			p.Kill(m.name)
		}
	}
	if p.etcd != nil && p.etcd.Process != nil {
		p.etcd.Process.Kill()
		p.etcd.Wait()
	}
	if p.dir != "" {
		os.RemoveAll(p.dir)
	}
}

// logs is what the programs wrote last, as an error.
func (p *Patroni) logs() error {
	files, err := filepath.Glob(filepath.Join(p.dir, "*.log"))
	for _, file := range files {
		text, failed := os.ReadFile(file)
		err = errors.Join(err, failed, fmt.Errorf("%s:\n%s", filepath.Base(file), text[max(0, len(text)-2000):]))
	}
	return err
}
