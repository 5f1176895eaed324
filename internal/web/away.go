package web

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"clave/internal/crowd"
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
	again := button{Kind: "primary", Text: langOf(r).Text("problem.away.again"), URL: r.URL.RequestURI()}
	if d, ok := r.Context().Value(doorKey{}).(*atDoor); ok && r.Method == http.MethodPost {
		if p.kept = d.kept(); p.kept.Request != "" {
			p.action, again.URL = waitingPath, ""
			w.Header().Set("Content-Security-Policy", contentPolicy(d.leadsTo()))
		}
	}
	p.buttons = []button{again}
	w.Header().Set("Retry-After", strconv.Itoa(int(awayFor.Seconds())))
	s.problem(w, r, p)
}

// kept is the visitor's form, sealed, for the page to hold until it is sent again; none, if another site sent it.
func (d *atDoor) kept() sent {
	if !d.keeps() {
		return sent{}
	}
	d.ticket = crowd.Ticket{Arrived: crowd.Arrival(d.r.Context(), d.Now()), ID: newTicketID()}
	request, err := d.sealKept()
	if err != nil {
		return sent{}
	}
	return sent{d.sealTicket(d.ticket, forForm), request}
}
