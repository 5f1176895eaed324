package main

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
)

// front stands before the nodes of a trial, as a balancer does: each connection goes to the next node that lives. A node
// sees the address that the person came from.
type front struct {
	listener net.Listener

	mu      sync.Mutex
	alive   []string
	next    int
	changed chan struct{} // closed when a node comes back
}

func openFront() (*front, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &front{listener: listener, changed: make(chan struct{})}
	go f.serve()
	return f, nil
}

func (f *front) address() string { return f.listener.Addr().String() }

func (f *front) serve() {
	for {
		c, err := f.listener.Accept()
		if err != nil {
			return
		}
		go f.carry(c.(*net.TCPConn))
	}
}

func (f *front) carry(c *net.TCPConn) {
	defer c.Close()
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: c.RemoteAddr().(*net.TCPAddr).IP}}
	for _, address := range f.order() {
		there, err := from.Dial("tcp", address)
		if err != nil {
			continue
		}
		defer there.Close()
		go func() {
			_, _ = io.Copy(there, c)
			_ = there.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(c, there)
		return
	}
}

// order is the living nodes, another one first each time.
func (f *front) order() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.alive) == 0 {
		return nil
	}
	f.next++
	n := f.next % len(f.alive)
	return slices.Concat(f.alive[n:], f.alive[:n])
}

func (f *front) add(address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alive = append(f.alive, address)
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *front) remove(address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alive = slices.DeleteFunc(f.alive, func(a string) bool { return a == address })
}

// wait ends when a node lives.
func (f *front) wait(ctx context.Context) error {
	for {
		f.mu.Lock()
		alive, changed := len(f.alive) > 0, f.changed
		f.mu.Unlock()
		if alive {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
