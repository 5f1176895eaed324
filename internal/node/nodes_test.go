package node_test

import (
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"clave/internal/keyring"
	"clave/internal/node"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// A node says that it is not fit to be asked while the database does not answer, and goes on by itself when it does.
func TestRule22NodeWhileTheDatabaseIsAway(t *testing.T) {
	line := newLine(t, storetest.Postgres(t))
	c := config(t, keyring.Demo)
	c.Database, c.Single = line.address, true
	n, err := node.Build(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close(t.Context())
	ready(t, n, nil)
	line.cut()
	ready(t, n, store.ErrAway)
	line.mend()
	ready(t, n, nil)
}

func ready(t *testing.T, n *node.Node, want error) {
	t.Helper()
	if err := n.Ready(t.Context()); !errors.Is(err, want) {
		t.Errorf("ready: %v, want %v", err, want)
	}
}

// line leads to a database, and can be cut and mended.
type line struct {
	address, server string

	mu   sync.Mutex
	dead bool
	open []net.Conn
}

func newLine(t *testing.T, address string) *line {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	l := &line{server: u.Host}
	u.Host = listener.Addr().String()
	l.address = u.String()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go l.carry(client)
		}
	}()
	return l
}

func (l *line) carry(client net.Conn) {
	defer client.Close()
	server, err := net.DialTimeout("tcp", l.server, time.Second)
	if err != nil || !l.keep(client) {
		return
	}
	defer server.Close()
	go io.Copy(server, client)
	io.Copy(client, server)
}

func (l *line) keep(client net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, client)
	return !l.dead
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
	for _, c := range l.open {
		c.Close()
	}
}

func (l *line) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = false
}
