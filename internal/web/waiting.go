package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"clave/internal/crowd"
)

// Where somebody who waits goes on: with what they sent, and to ask how far the line has come.
const (
	waitingPath = "/waiting"
	askingPath  = "/waiting/place"
)

// maxWaiting is the longest form of the waiting page: a form of maxBody, sealed and in base64.
const maxWaiting = maxBody*2 + 4<<10

// door lets requests in as the node can serve them. Static files need no place, since the waiting page is made of them.
func (s *Server) door(next http.Handler) http.Handler {
	if s.Door == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := &atDoor{Server: s, next: next, w: w, r: r, came: r}
		switch path := r.URL.Path; {
		case strings.HasPrefix(path, "/static/"):
			next.ServeHTTP(w, r)
		case path == waitingPath:
			d.again()
		case path == askingPath:
			d.place()
		case isNews(path):
			d.news()
		default:
			d.arrive()
		}
	})
}

// atDoor is one request at the door.
type atDoor struct {
	*Server
	next http.Handler
	w    http.ResponseWriter
	r    *http.Request
	came *http.Request // as it came: r may be the one that a waiting page held

	body   []byte       // of a post
	ticket crowd.Ticket // the zero one: none
	policy string       // where else a kept form's answer may lead, as a Content-Security-Policy lists it
	login  signIn       // the login that the request goes on with, if it does
}

// arrive lets the request in when there is a place, and otherwise has it wait in its browser, with what was sent.
func (d *atDoor) arrive() {
	release, ok := d.read()
	if !ok {
		return
	}
	defer release()
	rank := d.rank()
	if rank == crowd.Newcomer {
		d.ticket = d.cookieTicket()
	}
	d.admit(rank)
}

// admit goes by rank. Who is in the middle of something needs no turn, only a place.
func (d *atDoor) admit(rank crowd.Rank) {
	if rank == crowd.Newcomer {
		in, turn := d.turn()
		if !in {
			d.wait(turn)
			return
		}
		if d.ticket.ID != 0 {
			rank = crowd.Called
		}
	}
	ctx, leave, err := d.Door.Enter(d.r.Context(), rank)
	switch {
	case err == nil:
		defer leave()
		d.serve(ctx)
	case errors.Is(err, crowd.ErrFull):
		d.wait(d.turnAway(rank))
	}
}

// turn asks whether a newcomer may begin. A ticket that let somebody in before is none.
func (d *atDoor) turn() (bool, crowd.Turn) {
	if d.ticket.ID != 0 && !d.Door.Used(d.ticket) {
		return d.Door.Call(d.ticket)
	}
	in, ticket, turn := d.Door.Begin(newTicketID())
	d.ticket = ticket
	return in, turn
}

// turnAway keeps the turn of somebody for whom there was no place.
func (d *atDoor) turnAway(rank crowd.Rank) (turn crowd.Turn) {
	switch rank {
	case crowd.Called:
		return d.Door.Return(d.ticket)
	case crowd.Newcomer:
		d.ticket, turn = d.Door.Join(newTicketID())
	default: // no turn is needed: the line is not asked
		d.ticket, turn = crowd.Ticket{Arrived: d.Now(), ID: newTicketID()}, crowd.Soon
	}
	return turn
}

type doorKey struct{}

// serve has the request answered. What it waited for is judged as of when it came.
func (d *atDoor) serve(ctx context.Context) {
	if !d.ticket.Arrived.IsZero() {
		ctx = crowd.WithArrival(ctx, d.ticket.Arrived)
		d.passed()
	}
	inside := d.r.WithContext(context.WithValue(ctx, doorKey{}, d))
	defer func() { d.came.Pattern = inside.Pattern }() // for whoever counts requests outside
	d.next.ServeHTTP(d.w, inside)
}

// busy keeps a request that got in, and for which something behind the door had no room. It is false when nobody stands at the
// door for it.
func (s *Server) busy(w http.ResponseWriter, r *http.Request) bool {
	d, ok := r.Context().Value(doorKey{}).(*atDoor)
	if !ok {
		return false
	}
	slog.WarnContext(r.Context(), "busy", "path", r.Pattern)
	d.w = w
	d.ticket = crowd.Ticket{Arrived: crowd.Arrival(r.Context(), s.Now()), ID: newTicketID()}
	d.wait(crowd.Soon)
	return true
}

// read takes a post's body whole, before the request takes a place: whoever sends slowly keeps nobody waiting.
func (d *atDoor) read() (release func(), ok bool) {
	if d.r.Method != http.MethodPost {
		return func() {}, true
	}
	size := d.r.ContentLength
	if size < 0 || size > maxWaiting {
		size = maxWaiting
	}
	release, ok = d.Door.Hold(size)
	if !ok {
		d.plainly()
		return nil, false
	}
	body, err := io.ReadAll(d.r.Body)
	if err != nil {
		d.r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err})) // the page says what is wrong with it
	} else {
		d.body, d.r.Body = body, io.NopCloser(bytes.NewReader(body))
	}
	return release, true
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// isNews tells whether an open page asks how far a message has come. Thousands do while they wait for it.
func isNews(path string) bool {
	return strings.HasPrefix(path, "/login/") && strings.HasSuffix(path, "/status")
}

// news has a lane of its own, and takes nobody's place; a page that is not told asks again.
func (d *atDoor) news() {
	err := d.Live.Do(d.r.Context(), func() error {
		d.next.ServeHTTP(d.w, d.r)
		return nil
	})
	if errors.Is(err, crowd.ErrFull) {
		d.plainly()
	}
}
