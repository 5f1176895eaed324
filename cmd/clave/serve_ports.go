package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"

	"clave/internal/front"
)

// port is one address that is listened on.
type port struct {
	name     string // of its key in [listen]
	address  string
	listener net.Listener
	server   *http.Server
	tls      *tls.Config // nil: plain http
}

// listen takes the ports; those who come wait until they are served.
func (h *house) listen() error {
	var secure *tls.Config
	if h.TLS != nil {
		origin, err := url.Parse(h.Origin)
		if err != nil {
			return err
		}
		h.certificate, err = front.OpenCertificate(front.Files{Certificate: h.TLS.Certificate, Key: h.TLS.Key, Host: origin.Hostname()})
		if err != nil {
			return err
		}
		secure = h.certificate.TLS()
	}
	for _, p := range []*port{
		{name: "address", address: h.Listen.Address, tls: secure}, {name: "redirect", address: h.Listen.Redirect}, {name: "admin", address: h.Listen.Admin},
	} {
		if p.address == "" {
			continue
		}
		l, err := net.Listen("tcp", p.address)
		if err != nil {
			return fmt.Errorf("listen.%s: %w", p.name, err)
		}
		p.listener = l
		h.ports = append(h.ports, p)
	}
	return nil
}

// handle says what each port serves.
func (h *house) handle(receipts map[string]http.Handler) {
	for _, p := range h.ports {
		switch p.name {
		case "address":
			guard := front.Guard{Origin: h.Origin}
			if h.Proxy != nil {
				guard.Trusted, guard.Header = h.Proxy.Trusted, h.Proxy.Header
			}
			p.server = front.Server(guard.Handler(h.node.Handler()))
		case "redirect":
			p.server = front.Server(front.Redirect(h.Origin))
		case "admin":
			host, _, _ := net.SplitHostPort(p.address) // it is listened on
			p.server = front.Server(front.Own([]string{h.Node, host}, h.admin(receipts)))
		}
		p.server.TLSConfig = p.tls
	}
}

// addresses are those that were taken, for the log.
func (h *house) addresses() (list []any) {
	for _, p := range h.ports {
		list = append(list, p.name, p.listener.Addr().String())
	}
	return list
}

func (p *port) serve(fail func(error)) {
	serve := func() error { return p.server.Serve(p.listener) }
	if p.tls != nil {
		serve = func() error { return p.server.ServeTLS(p.listener, "", "") }
	}
	if err := serve(); !errors.Is(err, http.ErrServerClosed) {
		fail(fmt.Errorf("listen.%s: %w", p.name, err))
	}
}

// shutCitizens lets what citizens began end. The operator still sees why.
func (h *house) shutCitizens() {
	ctx, cancel := context.WithTimeout(context.Background(), h.Listen.Patience)
	defer cancel()
	for _, p := range h.ports[:len(h.ports)-1] {
		if err := p.server.Shutdown(ctx); err != nil {
			slog.Warn("some requests did not end in time", "port", p.name)
			_ = p.server.Close() // what it would tell is told already
		}
	}
}

// shut closes all ports.
func (h *house) shut() {
	for _, p := range h.ports {
		if p.server != nil {
			_ = p.server.Close()
		}
		_ = p.listener.Close() // which its server may have closed
	}
}

// receiptsPath is where an SMS carrier of type http sends its receipts: on the operator's port, which no citizen reaches.
const receiptsPath = "/sms/{carrier}/receipts"

// admin is the operator's port: the node's own pages, and the receipts.
func (h *house) admin(receipts map[string]http.Handler) http.Handler {
	pages := h.node.Admin()
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.HandleFunc(receiptsPath, func(w http.ResponseWriter, r *http.Request) {
		if handler, ok := receipts[r.PathValue("carrier")]; ok {
			handler.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if h.ending.Load() {
			http.Error(w, "not ready: ending", http.StatusServiceUnavailable)
			return
		}
		pages.ServeHTTP(w, r)
	})
	return mux
}

// tellSystem tells systemd, if it started us, how far we are (sd_notify of Type=notify).
func tellSystem(state string) {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return
	}
	conn, err := net.Dial("unixgram", address)
	if err != nil {
		slog.Warn("systemd is not told", "err", err)
		return
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(state)); err != nil {
		slog.Warn("systemd is not told", "err", err)
	}
}
