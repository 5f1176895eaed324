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

// cluster is a PostgreSQL server of this test binary's own.
type cluster struct {
	dir       string
	port      int
	process   *exec.Cmd
	databases atomic.Int64
}

var (
	inMain bool
	shared *cluster
	start  = sync.OnceValues(startCluster)
)

// Main runs the tests of a package that calls Postgres, and stops the server:
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
func Main(m *testing.M) int {
	inMain = true
	defer func() {
		if shared != nil {
			shared.stop()
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
	address, err := c.create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// Server starts PostgreSQL for a program that is no test, and returns the address of a new database. stop ends it.
func Server(ctx context.Context) (address string, stop func(), err error) {
	c, err := startCluster()
	if err != nil {
		return "", nil, err
	}
	if address, err = c.create(ctx); err != nil {
		c.stop()
	}
	return address, c.stop, err
}

func startCluster() (_ *cluster, err error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "clave-postgres-")
	if err != nil {
		return nil, err
	}
	shared = &cluster{dir: dir}
	who, err := owner(dir)
	if err != nil {
		return nil, err
	}
	if err := initialise(bin, dir, who); err != nil {
		return nil, err
	}
	for range 3 { // another process may take the free port first
		if err = shared.serve(bin, who); err == nil {
			return shared, nil
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

// serve starts the server on a free port and waits until it is ready. It dies with the thread that started it, which is
// therefore kept.
func (c *cluster) serve(bin string, who *syscall.SysProcAttr) error {
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
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- c.process.Start()
		select {}
	}()
	if err := <-started; err != nil {
		return err
	}
	return ready(log)
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

func (c *cluster) create(ctx context.Context) (string, error) {
	conn, err := pgx.Connect(ctx, c.address("postgres"))
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	name := fmt.Sprintf("test_%d", c.databases.Add(1))
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	return c.address(name), err
}

func (c *cluster) address(database string) string {
	return fmt.Sprintf("postgres://clave@127.0.0.1:%d/%s?sslmode=disable", c.port, database)
}

func (c *cluster) stop() {
	if c.process != nil && c.process.Process != nil {
		c.process.Process.Signal(syscall.SIGQUIT)
		c.process.Wait()
	}
	os.RemoveAll(c.dir)
}
