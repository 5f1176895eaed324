package smtp_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"clave/internal/courier"
	"clave/internal/courier/smtp"
)

// wire stands between a carrier and the server, and cuts a connection when told.
type wire struct {
	address string
	server  string
	count   atomic.Int32
	cut     func(n int32, said []byte) bool // by the client; nil: never
	deaf    bool                            // what is cut still reaches the server
}

func between(t *testing.T, server string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := &wire{address: l.Addr().String(), server: server}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(client, w.count.Add(1))
		}
	}()
	return w
}

func (w *wire) opened() int32 { return w.count.Load() }

func (w *wire) carry(client net.Conn, n int32) {
	defer client.Close()
	server, err := net.Dial("tcp", w.server)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		io.Copy(client, server)
		client.Close()
	}()
	var said []byte
	buffer := make([]byte, 64<<10)
	for {
		k, err := client.Read(buffer)
		said = append(said, buffer[:k]...)
		cut := w.cut != nil && w.cut(n, said)
		if cut {
			client.Close()
		}
		if !cut || w.deaf {
			server.Write(buffer[:k])
		}
		if cut && w.deaf {
			io.Copy(io.Discard, server) // it answers, and nobody hears it
		}
		if cut || err != nil {
			return
		}
	}
}

// plainConfig speaks without TLS, so that the wire sees what is said.
func (h *house) plainConfig(w *wire) smtp.Config {
	config := h.config()
	config.Address, config.Security, config.User = w.address, smtp.None, ""
	return config
}

// After the last dot nobody knows whether the server has it: the notice comes again, under the same name.
func TestACutAfterTheLastDot(t *testing.T) {
	h := startHouse(t)
	w := between(t, h.plain)
	w.deaf = true
	w.cut = func(n int32, said []byte) bool { return n == 1 && bytes.Contains(said, []byte("\r\n.\r\n")) }
	c, p := carrier(t, h.plainConfig(w)), parcel(ana)
	if _, err := c.Send(t.Context(), p); err == nil || errors.Is(err, courier.ErrBusy) || errors.Is(err, courier.ErrRefused) {
		t.Fatalf("it is sure: %v", err)
	}
	h.arrived(t, "ana", 1)
	if _, err := c.Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	for _, text := range h.arrived(t, "ana", 2) {
		if !strings.Contains(text, "Message-ID: <"+p.ID+"@clave.example>") {
			t.Errorf("it has another name: %s", text)
		}
	}
}

// Before the last dot it certainly did not go out.
func TestACutBeforeTheLastDot(t *testing.T) {
	h := startHouse(t)
	for _, at := range []string{"EHLO", "MAIL", "RCPT", "DATA\r\n"} {
		w := between(t, h.plain)
		w.cut = func(n int32, said []byte) bool { return bytes.Contains(said, []byte(at)) }
		_, err := carrier(t, h.plainConfig(w)).Send(t.Context(), parcel(ana))
		if !errors.Is(err, courier.ErrBusy) {
			t.Errorf("at %s: %v", at, err)
		}
	}
	if got := h.mailbox("ana"); len(got) > 0 {
		t.Errorf("it arrived: %q", got)
	}
}

// A server closes what is idle. The next e-mail goes over a new connection, and nobody notices.
func TestAnIdleConnectionThatWasClosed(t *testing.T) {
	h := startHouse(t)
	w := between(t, h.plain)
	w.cut = func(n int32, said []byte) bool { return n == 1 && bytes.Count(said, []byte("MAIL FROM")) == 2 }
	config := h.plainConfig(w)
	config.Connections = 1
	c := carrier(t, config)
	for range 2 {
		if _, err := c.Send(t.Context(), parcel(ana)); err != nil {
			t.Fatal(err)
		}
	}
	h.arrived(t, "ana", 2)
	if n := w.opened(); n != 2 {
		t.Errorf("%d connections", n)
	}
}
