package web

import (
	"net/http"
	"time"

	"clave/internal/telemetry"
)

// signing measures work with a key or a certificate until what it returns is called.
func (s *Server) signing(r *http.Request, what string) (done func()) {
	began := time.Now()
	_, span := telemetry.Span(r.Context(), what)
	return func() {
		span.End()
		s.Seen.Signing(what, began)
	}
}
