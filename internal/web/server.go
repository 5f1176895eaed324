// Package web is what a browser sees: pages and endpoints, templates, static files. It knows no rule; it reads what people
// typed, calls the package that decides, and shows the answer.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"clave/internal/account"
	"clave/internal/audit"
	"clave/internal/authn/pin"
	"clave/internal/confirm"
	"clave/internal/crowd"
	"clave/internal/enrolment"
	"clave/internal/federation/oidc"
	"clave/internal/federation/saml"
	"clave/internal/guide"
	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/notify"
	"clave/internal/relying"
	"clave/internal/secret"
	"clave/internal/telemetry"
	"clave/internal/throttle"
)

// Help is where people turn to.
type Help struct {
	Phone   string
	Address string // postal, or an e-mail address
	Mailbox string // the e-mail address that takes their questions; empty: they can only call
}

// Unit is one unit of work of the store.
type Unit interface {
	Do(ctx context.Context, unit func(ctx context.Context) error) error
}

// Records is what the record of a person tells themselves.
type Records interface {
	// LastAccess is the last time that a service was told of the person; the bool is false when it never was.
	LastAccess(ctx context.Context, subject secret.Hash) (audit.Entry, bool, error)
	// FailuresSince counts wrong codes after an entry; after none, all that are kept.
	FailuresSince(ctx context.Context, subject secret.Hash, after string) (int, error)
}

// Server serves the citizens' pages and the services' endpoints.
type Server struct {
	Origin    string // for example "https://clave.example", without a slash at the end
	Demo      bool   // every page says so
	Help      Help
	Store     Unit
	Ring      *keyring.Ring
	Parties   relying.Registry
	Broker    *login.Broker
	PIN       *pin.Service
	Enrolment *enrolment.Service
	Confirm   *confirm.Service
	Account   *account.Service
	SAML      *saml.Gateway
	OIDC      *oidc.Provider
	Records   Records
	Desk      *guide.Desk // where people's questions go; nil: they can only call
	Now       func() time.Time
	Slow      *Slow
	Late      func(notify.Channel) bool // so much waits to be sent that one message more would come too late; nil: never
	Away      func(error) bool          // tells that the database cannot work just now, and may in a moment; nil: it never says so
	Seen      *telemetry.Metrics        // nil: nobody counts

	Door      *crowd.Door // nil: everybody comes in
	Live      *crowd.Lane // for the news that open pages ask for
	Papers    *crowd.Lane // for what we publish for programs: metadata, keys, logos
	Documents *crowd.Lane // for making PDFs

	leaflets leaflets
	waiting  waitingPages
}

// Handler is all of it. The services' endpoints stand outside the protection against cross-origin posts, and read no
// cookie; everything else is inside.
func (s *Server) Handler() http.Handler {
	inside := http.NewServeMux()
	s.loginRoutes(inside)
	s.logoutRoutes(inside)
	s.registerRoutes(inside)
	s.confirmRoutes(inside)
	s.accountRoutes(inside)
	s.helpRoutes(inside)
	s.placeRoutes(inside)
	all := http.NewServeMux()
	all.HandleFunc("GET /static/{hash}/{name}", serveAsset)
	all.HandleFunc("GET /party/{id}/logo.png", s.logo)
	s.serviceRoutes(all)
	same := http.NewCrossOriginProtection()
	same.SetDenyHandler(http.HandlerFunc(s.crossOrigin))
	all.Handle("/", same.Handler(s.keepLang(inside)))
	return s.headers(s.door(telemetry.Routed(all)))
}

// contentPolicy is the Content-Security-Policy of every page; a page that posts itself to a service names that service's
// origin too.
func contentPolicy(formAction string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
		"frame-ancestors 'none'; form-action 'self'" + formAction
}

func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy(""))
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "strict-origin") // "no-referrer" would make posts say "Origin: null"
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), otp-credentials=(self)")
		if s.secure() {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		if r.URL.Path == waitingPath {
			r.Body = http.MaxBytesReader(w, r.Body, maxWaiting)
		} else {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		next.ServeHTTP(w, r)
	})
}

// maxBody is the longest form taken, in bytes: a SAML request of 128 KiB, in base64, escaped.
const maxBody = 256 << 10

// fail shows that something of ours went wrong: a reference number on the page, and the reason beside it in the log. A
// visitor who has gone is not our fault; and where there was only no room, what they sent waits.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	if errors.Is(err, crowd.ErrFull) && s.busy(w, r) {
		return
	}
	if s.Away != nil && s.Away(err) {
		s.away(w, r, err)
		return
	}
	reference := s.newReference("broken")
	slog.ErrorContext(r.Context(), "page failed", "reference", reference, "path", r.Pattern, "err", err)
	s.problem(w, r, problem{status: http.StatusInternalServerError, key: "broken", reference: reference})
}

// from is the visitor's address.
func from(r *http.Request) string { return throttle.Address(r.RemoteAddr) }
