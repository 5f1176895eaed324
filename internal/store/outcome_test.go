package store_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"clave/internal/store"
	"clave/internal/store/storetest"
)

// cutter stands between a store and its server, and cuts the connection of the next commit once armed.
type cutter struct {
	server string
	before atomic.Bool // cut before the server sees the commit
	after  atomic.Bool // cut when it answers
	closed atomic.Bool // refuse everything

	mu   sync.Mutex
	open []net.Conn
}

// cut ends every connection that is open.
func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.open {
		conn.Close()
	}
	c.open = nil
}

// address of a cutter in front of the server of another address.
func (c *cutter) address(t *testing.T, server string) string {
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c.server, u.Host = u.Host, l.Addr().String()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.open = append(c.open, client)
			c.mu.Unlock()
			go c.carry(client)
		}
	}()
	return u.String()
}

func (c *cutter) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil || c.closed.Load() {
		return
	}
	defer server.Close()
	var cut atomic.Bool
	go func() {
		defer client.Close()
		for buf := make([]byte, 1<<16); ; {
			n, err := server.Read(buf)
			if err != nil || cut.Load() {
				return
			}
			client.Write(buf[:n])
		}
	}()
	for buf := make([]byte, 1<<16); ; {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], []byte("commit\x00")) {
			if c.before.CompareAndSwap(true, false) {
				return
			}
			cut.Store(c.after.CompareAndSwap(true, false))
		}
		if _, err := io.Copy(server, bytes.NewReader(buf[:n])); err != nil {
			return
		}
	}
}

func TestCommitCutOffIsLookedUp(t *testing.T) {
	var c cutter
	o := options()
	o.Run = 2 * time.Second
	s := open(t, c.address(t, storetest.Postgres(t)), o)
	for _, try := range []struct {
		name  string
		arm   func()
		want  error
		epoch int64
	}{
		{"not cut", func() {}, nil, 2},
		{"cut after", func() { c.after.Store(true) }, nil, 3},
		{"cut before", func() { c.before.Store(true) }, store.ErrCommit, 3},
		{"cut for long", func() { c.before.Store(true); c.closed.Store(true) }, store.ErrUnknownOutcome, 3},
	} {
		told := false
		err := s.Do(t.Context(), func(ctx context.Context) error {
			try.arm()
			s.After(ctx, func() { told = true })
			_, err := s.RaiseEpoch(ctx)
			return err
		})
		c.closed.Store(false)
		wants(t, err, try.want)
		if told != (try.want == nil) {
			t.Errorf("%s: told %v", try.name, told)
		}
		if epoch, err := s.Epoch(t.Context()); err != nil || epoch != try.epoch {
			t.Errorf("%s: epoch %d, %v; want %d", try.name, epoch, err, try.epoch)
		}
	}
}

// The standby does not exist, so that every commit waits for it until an operator cancels the wait.
func TestRule22CancelledWaitForTheStandby(t *testing.T) {
	address := storetest.Postgres(t)
	s := open(t, address, options())
	operator, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	standby := func(name string) {
		for _, text := range []string{`ALTER SYSTEM SET synchronous_standby_names = ` + name, `SELECT pg_reload_conf()`} {
			if _, err := operator.Exec(context.Background(), text); err != nil {
				t.Error(err)
			}
		}
	}
	waiting := func(not int) (pid int) {
		for pid == 0 && t.Context().Err() == nil {
			operator.QueryRow(t.Context(), `SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid <> $1`, not).Scan(&pid)
		}
		return pid
	}
	standby("''")
	if _, err := operator.Exec(t.Context(), `SET synchronous_commit = local`); err != nil {
		t.Fatal(err)
	}
	standby("ghost")
	defer standby("''")

	var cancelled atomic.Bool
	units, told := int64(0), make(chan error)
	go func() {
		var err error
		for err == nil && !cancelled.Load() {
			err = s.Do(context.Background(), func(ctx context.Context) error { _, err := s.RaiseEpoch(ctx); return err })
			units++
		}
		told <- err
	}()
	pid := waiting(0)
	cancelled.Store(true)
	if _, err := operator.Exec(t.Context(), `SELECT pg_cancel_backend($1)`, pid); err != nil {
		t.Fatal(err)
	}
	waiting(pid) // the look-up, which is not content with the primary either
	select {
	case err := <-told:
		t.Errorf("answered %v before the standby had it", err)
	default:
	}
	standby("''")
	wants(t, <-told, nil)
	if epoch, err := s.Epoch(t.Context()); err != nil || epoch != 1+units {
		t.Errorf("epoch %d, %v after %d units", epoch, err, units)
	}
}
