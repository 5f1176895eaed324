package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Cluster is a PostgreSQL server of this program's own.
type Cluster struct {
	dir       string
	port      int
	process   *exec.Cmd
	databases atomic.Int64
}

var (
	inMain bool
	shared *Cluster
	start  = sync.OnceValues(startCluster)
)

// Main runs the tests of a package that calls Postgres, and stops the server:
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
func Main(m *testing.M) int {
	inMain = true
	defer func() {
		if shared != nil {
			shared.Stop()
		}
	}()
	return m.Run()
}

// Postgres returns the address of a new, empty PostgreSQL database. The server keeps its promises (fsync is on), sorts
// text as Spanish does, and ends with the test binary.
func Postgres(t testing.TB) string {
	t.Helper()
	if !inMain {
		t.Fatal("storetest: TestMain must call storetest.Main, which stops the server")
	}
	c, err := start()
	if err != nil {
		t.Fatal(err)
	}
	address, err := c.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func startCluster() (_ *Cluster, err error) {
	shared, err = Start()
	return shared, err
}

// Start starts a server for a program that is not a test. It keeps its promises, and dies with the program.
func Start() (_ *Cluster, err error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "clave-postgres-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir}
	defer func() {
		if err != nil {
			c.Stop()
		}
	}()
	who, err := owner(dir)
	if err != nil {
		return nil, err
	}
	if err := initialise(bin, dir, who); err != nil {
		return nil, err
	}
	for range 3 { // another process may take the free port first
		if err = c.serve(bin, who); err == nil {
			return c, nil
		}
	}
	return nil, err
}

func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", errors.Join(err, errors.New("storetest: PostgreSQL is needed: apt-get install postgresql-15"))
	}
	return filepath.Dir(slices.Max(found)), nil
}

// owner gives the directory to the user "postgres" when we are root, as whom PostgreSQL refuses to run.
func owner(dir string) (*syscall.SysProcAttr, error) {
	who := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return who, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("storetest: apt-get install postgresql-15: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	who.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return who, os.Chown(dir, uid, gid)
}

func initialise(bin, dir string, who *syscall.SysProcAttr) error {
	cmd := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "clave", "-A", "trust", "-E", "UTF8",
		"--no-sync", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=es-ES")
	cmd.SysProcAttr, cmd.Dir = who, dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("storetest: initdb: %w\n%s", err, out)
	}
	return nil
}

// serve starts the server on a free port and waits until it is ready.
func (c *Cluster) serve(bin string, who *syscall.SysProcAttr) error {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c.port = free.Addr().(*net.TCPAddr).Port
	free.Close()
	c.process = exec.Command(filepath.Join(bin, "postgres"), "-D", filepath.Join(c.dir, "data"), "-p", strconv.Itoa(c.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=400", "-c", "fsync=on",
		"-c", "deadlock_timeout=100ms")
	c.process.SysProcAttr, c.process.Dir = who, c.dir
	log, err := c.process.StderrPipe()
	if err != nil {
		return err
	}
	if err := startKept(c.process); err != nil {
		return err
	}
	return ready(log)
}

// startKept starts a process that dies with the thread that starts it, and keeps that thread.
func startKept(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		select {}
	}()
	return <-started
}

func ready(log io.Reader) error {
	var said strings.Builder
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		if strings.Contains(lines.Text(), "ready to accept connections") {
			go io.Copy(io.Discard, log)
			return nil
		}
	}
	return fmt.Errorf("storetest: PostgreSQL did not start:\n%s", said.String())
}

// Pid is the process that all others of the server are children of.
func (c *Cluster) Pid() int { return c.process.Process.Pid }

// Database makes a new, empty database, and returns its address.
func (c *Cluster) Database(ctx context.Context) (string, error) {
	conn, err := pgx.Connect(ctx, c.address("postgres"))
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	name := fmt.Sprintf("test_%d", c.databases.Add(1))
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	return c.address(name), err
}

func (c *Cluster) address(database string) string {
	return fmt.Sprintf("postgres://clave@127.0.0.1:%d/%s?sslmode=disable", c.port, database)
}

// Stop ends the server and deletes what it kept.
func (c *Cluster) Stop() {
	if c.process != nil && c.process.Process != nil {
		c.process.Process.Signal(syscall.SIGQUIT)
		c.process.Wait()
	}
	os.RemoveAll(c.dir)
}
