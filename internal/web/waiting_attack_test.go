package web_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clave/internal/crowd"
)

// listening is the gate behind a real listener, with TLS and HTTP/2.
func (g *gate) listening() *httptest.Server {
	site := httptest.NewUnstartedServer(g.Handler)
	site.EnableHTTP2 = true
	site.StartTLS()
	g.t.Cleanup(site.Close)
	return site
}

func dial(t *testing.T, site *httptest.Server, protocol string) net.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", site.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}}) // our own, here
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute)) // against a test that hangs
	return c
}

// Frames of HTTP/2 (RFC 9113 §6), as many as a visitor needs who reads nothing.
const (
	headersFrame  = 1
	settingsFrame = 4
	endOfBoth     = 5 // of the stream and of its header
)

func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	f := append(binary.BigEndian.AppendUint32(nil, uint32(len(payload)))[1:], kind, flags)
	return append(binary.BigEndian.AppendUint32(f, stream), payload...)
}

// unread asks for a page on each of so many streams of one connection, and lets no byte of any answer come: the window is 0. It
// returns when each stream has the header of its answer.
func unread(t *testing.T, site *httptest.Server, path string, streams int) {
	t.Helper()
	c := dial(t, site, "h2")
	out := append([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(settingsFrame, 0, 0, []byte{0, 4, 0, 0, 0, 0})...)
	var header []byte
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "clave.test"}, {":path", path}} {
		header = append(append(header, 0, byte(len(f[0]))), f[0]...)
		header = append(append(header, byte(len(f[1]))), f[1]...)
	}
	for i := range streams {
		out = append(out, frame(headersFrame, endOfBoth, uint32(2*i+1), header)...)
	}
	if _, err := c.Write(out); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	for answered := 0; answered < streams; {
		var head [9]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			t.Fatalf("%d answers of %d: %v", answered, streams, err)
		}
		length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
		if _, err := in.Discard(length); err != nil {
			t.Fatal(err)
		}
		if head[3] == headersFrame {
			answered++
		}
	}
}

// One connection that takes nothing of what it asked for keeps nobody's place.
func TestUnreadAnswersKeepNoPlace(t *testing.T) {
	g := crowded(t, crowd.Limits{Work: 4, Newcomers: 100_000})
	g.Server.Live = crowd.NewLane("live", 1, time.Second)
	g.Handler = g.Server.Handler()
	site := g.listening()
	for _, path := range []string{"/", "/login/x/status"} {
		unread(t, site, path, 64)
		if inside, _, _ := g.Server.Live.State(); g.Door.State().Working != 0 || inside != 0 {
			t.Errorf("%s: %d places and %d of the lane are taken by answers that nobody reads", path, g.Door.State().Working, inside)
		}
		a, err := site.Client().Get(site.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if a.Body.Close(); a.StatusCode == http.StatusServiceUnavailable {
			t.Errorf("%s: somebody else: %s", path, a.Status)
		}
	}
}

// What is announced and not sent takes no room, and what is too long is refused before it is sent.
func TestAnnouncedFormsTakeNoRoom(t *testing.T) {
	g := crowded(t, crowd.Limits{Held: 4 << 20, Newcomers: 100_000})
	site := g.listening()
	announce := func(bytes int) string {
		c := dial(t, site, "http/1.1")
		fmt.Fprintf(c, "POST /x HTTP/1.1\r\nHost: clave.test\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", bytes)
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	for i := range 64 {
		if line := announce(200_000); !strings.Contains(line, "100 Continue") {
			t.Fatalf("number %d is told %s", i, line)
		}
	}
	if line := announce(999_999); !strings.Contains(line, "413") {
		t.Errorf("a form that is too long: %s", line)
	}
	a, err := site.Client().Post(site.URL+"/x", "application/x-www-form-urlencoded", strings.NewReader("a=b"))
	if err != nil {
		t.Fatal(err)
	}
	if a.Body.Close(); a.StatusCode == http.StatusServiceUnavailable {
		t.Errorf("somebody else: %s", a.Status)
	}
}
