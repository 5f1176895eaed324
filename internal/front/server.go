// Package front stands between the network and the pages: it ends TLS with certificates that are replaced while it runs,
// believes only those proxies that it was told of, answers to one host name, and waits for nobody for ever.
package front

import (
	"log/slog"
	"net/http"
	"time"
)

// What a visitor may take. Who sends a header byte by byte, or reads an answer so, holds a connection no longer than
// this (slowloris); a town hall on a slow line needs far less.
const (
	headerTime = 10 * time.Second
	readTime   = time.Minute
	writeTime  = 2 * time.Minute
	idleTime   = 2 * time.Minute
	headerSize = 64 << 10 // bytes: the cookies of six logins at once, and the address of a long request
)

// Server is an HTTP server with those limits. Nothing of a request is in what it logs of broken connections but the address,
// which is a person's: so it is not logged at all.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: headerSize, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
}
