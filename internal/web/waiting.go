package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"clave/internal/crowd"
	"clave/internal/federation/oidc"
	"clave/internal/federation/saml"
	"clave/internal/throttle"
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
		if strings.HasPrefix(r.URL.Path, "/static/") {
			next.ServeHTTP(w, r)
			return
		}
		a := &reply{ResponseWriter: w, leave: func() {}}
		d := &atDoor{Server: s, next: next, answer: a, w: a, r: r, came: r}
		d.hold = s.Door.Hold(d.network())
		defer d.hold.Release()
		d.come()
		a.send()
	})
}

// atDoor is one request at the door.
type atDoor struct {
	*Server
	next   http.Handler
	answer *reply
	w      http.ResponseWriter // the answer, or what a handler made of it
	r      *http.Request
	came   *http.Request // as it came: r may be the one that a waiting page held

	hold   *crowd.Hold  // what the post costs, until its answer is sent
	body   []byte       // of a post
	pass   uint64       // the number of the pass that the request comes in with; 0: none
	ticket crowd.Ticket // the zero one: none
	policy string       // where else a kept form's answer may lead, as a Content-Security-Policy lists it
	login  signIn       // the login that the request goes on with, if it does
}

func (d *atDoor) come() {
	switch path := d.r.URL.Path; {
	case path == waitingPath:
		d.again()
	case path == askingPath:
		d.place()
	case isNews(path):
		d.aside(d.Live)
	case isPaper(d.r):
		d.aside(d.Papers)
	default:
		d.arrive()
	}
}

// arrive lets the request in when there is a place, and otherwise has it wait in its browser, with what was sent.
func (d *atDoor) arrive() {
	if !d.read() {
		return
	}
	rank := d.rank()
	if rank == crowd.Newcomer {
		d.ticket = d.cookieTicket()
	}
	d.admit(rank)
}

// admit goes by rank. Who is in the middle of something needs no turn, only a place.
func (d *atDoor) admit(rank crowd.Rank) {
	if rank == crowd.Called && d.ticket.ID != 0 && !d.Door.Spend(d.ticket) {
		rank = crowd.Newcomer // a copy of a form that went on already
	}
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
		d.answer.leave = leave
		d.serve(ctx)
	case errors.Is(err, crowd.ErrFull):
		d.wait(d.turnAway(rank))
	}
}

// network is whom the request counts for.
func (d *atDoor) network() string { return throttle.Network(from(d.r)) }

// turn asks whether a newcomer may begin. A ticket that let somebody in before is none.
func (d *atDoor) turn() (bool, crowd.Turn) {
	if d.ticket.ID != 0 && !d.Door.Used(d.ticket) {
		return d.Door.Call(d.ticket)
	}
	in, ticket, turn := d.Door.Begin(newTicketID(), d.network())
	d.ticket = ticket
	return in, turn
}

// turnAway keeps the turn of somebody for whom there was no place.
func (d *atDoor) turnAway(rank crowd.Rank) (turn crowd.Turn) {
	if rank == crowd.Called && d.pass != 0 {
		d.Door.PassBack(d.pass)
	}
	switch {
	case rank == crowd.Called && d.ticket.ID != 0:
		return d.Door.Return(d.ticket)
	case rank == crowd.Newcomer:
		d.ticket, turn = d.Door.Join(newTicketID(), d.network())
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
		if d.pass == 0 {
			d.passed()
		}
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

// isNews tells whether an open page asks how far a message has come. Thousands do while they wait for it.
func isNews(path string) bool {
	return strings.HasPrefix(path, "/login/") && strings.HasSuffix(path, "/status")
}

// isPaper tells whether an address has what we publish for programs: it costs little, and anybody can ask for it for ever.
func isPaper(r *http.Request) bool {
	path := r.URL.Path
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		(path == saml.MetadataPath || path == oidc.KeysPath || strings.HasPrefix(path, "/.well-known/") || strings.HasPrefix(path, "/party/"))
}

// aside is for what has a lane of its own, and takes nobody's place; who is not answered asks again.
func (d *atDoor) aside(lane *crowd.Lane) {
	err := lane.Do(d.r.Context(), func() error {
		d.next.ServeHTTP(d.w, d.r)
		return nil
	})
	if errors.Is(err, crowd.ErrFull) {
		d.plainly()
	}
}
