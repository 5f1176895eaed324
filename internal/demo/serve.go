package demo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// listen takes the ports on loopback. Clave is reached as localhost and the others as 127.0.0.1: different sites,
// so that cookies behave as they do in the world.
func (d *Demo) listen(o Options) ([]net.Listener, error) {
	var listeners []net.Listener
	scheme, p := "http://", o.Ports
	if o.TLS != nil {
		scheme = "https://"
	}
	for _, site := range []struct {
		port   int
		host   string
		origin *string
	}{{p.Clave, "localhost", &d.Clave}, {p.Sede, "127.0.0.1", &d.Sede}, {p.World, "127.0.0.1", &d.World}, {p.Tax, "127.0.0.1", &d.Tax}} {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(site.port)))
		if err != nil {
			for _, open := range listeners {
				_ = open.Close()
			}
			if errors.Is(err, syscall.EADDRINUSE) {
				err = fmt.Errorf("%w (is another demonstration running? choose other ports with -port)", err)
			}
			return nil, err
		}
		*site.origin = scheme + net.JoinHostPort(site.host, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
		if o.TLS != nil {
			l = tls.NewListener(l, o.TLS)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

func (d *Demo) serve(listeners []net.Listener, handlers []http.Handler) {
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	for _, n := range d.nodes {
		d.running.Go(func() { n.Run(ctx) })
	}
	for i, l := range listeners {
		server := &http.Server{
			Handler: onlyLoopback(handlers[i]), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
			MaxHeaderBytes: 64 << 10,
			BaseContext:    func(net.Listener) context.Context { return ctx },
		}
		d.servers = append(d.servers, server)
		d.running.Go(func() {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				d.failed <- err
			}
		})
	}
}

// onlyLoopback refuses what a page of another site could send here by a name of its own (DNS rebinding), and what a proxy
// sends: a demonstration is for the person at this machine.
func onlyLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if host != "localhost" && host != "127.0.0.1" {
			http.Error(w, "this is a demonstration: it answers to localhost and 127.0.0.1 only", http.StatusMisdirectedRequest)
			return
		}
		for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"} {
			if r.Header.Get(name) != "" {
				http.Error(w, "this is a demonstration: it stands behind no proxy", http.StatusBadRequest)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
