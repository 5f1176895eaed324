package web

import (
	"net/http"
	"strings"
	"time"

	"clave/internal/enrolment"
	"clave/internal/nif"
	"clave/internal/secret"
)

// journey is one of the ways through the registration's pages. Its value is the address that all its pages begin with.
type journey string

// The journeys. A cookie of one is of no use in another.
const (
	asking    journey = "/register/letter"
	following journey = "/register/follow"
	opening   journey = enrolment.OpenPath
	freezing  journey = enrolment.FreezePath
)

// enrolling is what a browser carries through a journey, sealed. It is a convenience and proves nothing: what matters is
// looked up again when somebody registers, so that a copy of an older cookie skips no step.
type enrolling struct {
	Journey   journey
	Browser   string // the nonce that binds codes to this browser
	NIF       nif.NIF
	Kind      nif.DatumKind
	Datum     string // as nif.Datum.Reveal tells it
	Reference string // of a letter that was asked for or is followed
	CSV       string // of a letter, in groups of four
	Letter    string // the id of the letter that the CSV opened
	Phone     proving
	Email     proving
	Accepted  bool // the conditions
	TakePhone bool // the number may leave another registration
	Freeze    string
	Answer    answer
	Until     time.Time // when a limit that was reached lets the person go on
	Receipt   *receipt
}

// proving is a phone or an e-mail address on its way to being proven.
type proving struct {
	Value     string // as Reveal tells it
	Challenge string
	Expires   time.Time
	Sent      int // codes
	Proven    bool
}

// datum is what parseDatum made of the document's datum; the zero datum when it was not given yet.
func (e *enrolling) datum() nif.Datum {
	d, err := parseDatum(e.Kind, e.Datum)
	if err != nil {
		return nif.Datum{}
	}
	return d
}

// enrolmentStep is a page of a journey being asked for.
type enrolmentStep struct {
	id string
	*enrolling
}

// at is the address of a page of the journey.
func (e enrolmentStep) at(page string) string {
	return strings.TrimSuffix(string(e.Journey)+"/"+e.id+"/"+page, "/")
}

// due is the first page whose question has no answer yet; everything after it sends the person there.
func (e enrolmentStep) due() string {
	switch {
	case e.Receipt != nil:
		return "done"
	case e.NIF.IsZero():
		return ""
	case e.datum().IsZero(), e.Journey == opening && e.Letter == "":
		return "document"
	case e.Journey == asking && e.Reference != "":
		return "done"
	case e.Journey == opening && !e.Phone.Proven:
		return "phone"
	case e.Journey == opening && !e.Email.Proven:
		return "email"
	default:
		return "check"
	}
}

func (s *Server) registerRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /register", s.registerPage)
	s.askingRoutes(mux)
	s.openingRoutes(mux)
	s.followingRoutes(mux)
	s.freezingRoutes(mux)
}

// begin starts a journey. Nothing is kept before the person has typed something that can be used.
func (s *Server) begin(j journey) enrolmentStep {
	return enrolmentStep{secret.ID(s.Now()), &enrolling{Journey: j, Browser: secret.Token().Reveal()}}
}

// inJourney runs a page of a journey that has begun in this browser.
func (s *Server) inJourney(j journey, page func(http.ResponseWriter, *http.Request, enrolmentStep)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e := enrolmentStep{r.PathValue("id"), &enrolling{}}
		if err := s.openFlow(r, registerFlow, e.id, e.enrolling); err != nil || e.Journey != j {
			s.lostJourney(w, r, j)
			return
		}
		page(w, r, e)
	}
}

// onlyAt runs a page of a journey when everything before it is done, and otherwise leads to what is not.
func (s *Server) onlyAt(j journey, ready func(enrolmentStep) bool, page func(http.ResponseWriter, *http.Request, enrolmentStep)) http.HandlerFunc {
	return s.inJourney(j, func(w http.ResponseWriter, r *http.Request, e enrolmentStep) {
		if !ready(e) {
			http.Redirect(w, r, e.at(e.due()), http.StatusSeeOther)
			return
		}
		page(w, r, e)
	})
}

// goOn keeps what the person gave and leads to the next page. Each step has the whole time of a flow, so that a slow
// reader is never cut off for having been slow before (WCAG 2.2.1).
func (s *Server) goOn(w http.ResponseWriter, r *http.Request, e enrolmentStep, page string) {
	if err := s.saveFlow(w, r, registerFlow, e.id, s.Now(), e.enrolling); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, e.at(page), http.StatusSeeOther)
}

// formPage is a page with one question or a few that belong together.
type formPage struct {
	page
	Title, Lead string
	Text        []string
	Countdown   *countdown
	Action      string
	Fields      []field
	Help        *help
	Buttons     []button
	Script      string
}

func (s *Server) form(w http.ResponseWriter, r *http.Request, f formPage) {
	status := http.StatusOK
	if len(f.Errors.List) > 0 {
		status = http.StatusUnprocessableEntity
	}
	f.Action = r.URL.RequestURI()
	s.show(w, r, status, "register-form.html", f)
}
