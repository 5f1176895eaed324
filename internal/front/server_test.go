package front

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener of connections that are no sockets, so that time is the bubble's.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

// visit runs do with a connection to a server that reads the form whole.
func visit(t *testing.T, do func(conn net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		s := Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				w.WriteHeader(http.StatusRequestTimeout)
			}
		}))
		ours, theirs := net.Pipe()
		l := make(pipes, 1)
		l <- theirs
		go s.Serve(l)
		do(ours)
		ours.Close()
		close(l)
		s.Close()
		time.Sleep(time.Minute) // of the bubble: what the server still waits for
		synctest.Wait()
	})
}

// Who sends a request byte by byte holds a connection for the time of a header, or of a form, and no longer.
func TestSlowVisitorsAreCutOff(t *testing.T) {
	for _, tt := range []struct {
		name, begin, more string
		most              time.Duration
	}{
		{"a header", "GET / HTTP/1.1\r\nHost: clave.test\r\n", "X: y\r\n", headerTime},
		{"a form", "POST / HTTP/1.1\r\nHost: clave.test\r\nContent-Length: 100000\r\n\r\n", "x", readTime},
		{"nothing", "", "", headerTime},
	} {
		visit(t, func(conn net.Conn) {
			began, cut := time.Now(), make(chan time.Time, 1)
			go func() {
				_, _ = io.Copy(io.Discard, conn) // until it is cut off
				cut <- time.Now()
			}()
			for text := tt.begin; ; text = tt.more {
				if _, err := io.WriteString(conn, text); err != nil {
					break
				}
				time.Sleep(time.Second) // of the bubble
				if time.Since(began) > 2*tt.most {
					t.Errorf("%s: still there", tt.name)
					return
				}
			}
			if held := (<-cut).Sub(began); held > tt.most+time.Second {
				t.Errorf("%s: held for %v", tt.name, held)
			}
		})
	}
}

func TestLongHeaderIsRefused(t *testing.T) {
	visit(t, func(conn net.Conn) {
		go io.WriteString(conn, "GET / HTTP/1.1\r\nHost: clave.test\r\nX: "+strings.Repeat("x", 2*headerSize)+"\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%v, %v", answer, err)
		}
	})
}
