package web

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// awayFor is how soon it is worth asking again while the database chooses another primary: about the time that it takes.
const awayFor = 5 * time.Second

// away says that nothing can be looked up or kept just now, which is not the visitor's fault and passes. What was sent may
// have been kept, when only the answer of the database was lost.
func (s *Server) away(w http.ResponseWriter, r *http.Request, err error) {
	p := problem{status: http.StatusServiceUnavailable, key: "away"}
	if r.Method == http.MethodPost {
		p.key = "away-sent"
	}
	p.reference = s.newReference(p.key)
	slog.WarnContext(r.Context(), "the database is away", "reference", p.reference, "path", r.Pattern, "err", err)
	p.buttons = []button{{Kind: "primary", Text: langOf(r).Text("problem.away.again"), URL: r.URL.RequestURI()}}
	w.Header().Set("Retry-After", strconv.Itoa(int(awayFor.Seconds())))
	s.problem(w, r, p)
}
